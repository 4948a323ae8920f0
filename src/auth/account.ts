import type { Clock } from '../clock.ts'
import type { Cluster, Ref } from '../cluster.ts'
import { isFailure } from '../errors.ts'
import { passingOf, refused } from './objects.ts'
import { clusterLane, type Item, renewAfter } from './store.ts'

/** A token of a service account by the TokenRequest API, good for `life` ms and had anew in time. Under the key `token`. */
export const accountItem = (cluster: Cluster, clock: Clock, ref: Ref, life: number): Item => ({
  key: `ServiceAccount/${ref.namespace}/${ref.name}`,
  lane: clusterLane,
  async read(signal) {
    const what = `ServiceAccount ${ref.namespace}/${ref.name}`
    try {
      const now = clock.now()
      const { token, expires } = await cluster.issueToken(ref, { audiences: [], life }, signal)
      return { data: { token }, renewAt: now + Math.max(0, expires - now) * renewAfter }
    } catch (error) {
      if (isFailure(error, 'CLUSTER_NOT_FOUND'))
        return { problem: `${what} does not exist`, missing: true }
      return { problem: `no token of ${what}: ${refused(error)}`, ...passingOf(error) }
    }
  },
})
