import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { isFailure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Lease } from '../resources.ts'
import { held, holderOf, released, type Holder, type Place } from './record.ts'

/** What came of one attempt to have the Lease. `until` is how long it is ours, by our own clock. */
export type Outcome =
  | { readonly mine: true; readonly until: number }
  | { readonly mine: false; readonly by: Holder | undefined }

export interface Candidate {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly place: Place
  readonly me: Holder
  /** ms for which the Lease counts after a renewal. */
  readonly duration: number
}

/** One candidate's view of a Lease, and its writes to it. */
export interface Claim {
  /** The holder seen last; undefined where there was none. */
  readonly holder: Holder | undefined
  /** Takes or renews the Lease if nobody else has it. Throws where the cluster fails. */
  attempt(signal: AbortSignal): Promise<Outcome>
  /** Only looks who has the Lease. Throws where the cluster fails. */
  watch(signal: AbortSignal): Promise<Outcome>
  /** Gives the Lease back, if it is still ours. */
  release(signal: AbortSignal): Promise<void>
}

/**
 * Clocks of machines differ, so the times in a Lease are never compared with ours: another's Lease is over when we have seen no change
 * of it for as long as it says that it lasts. (client-go's leader election does the same.)
 */
export function claim({ cluster, clock, place, me, duration }: Candidate): Claim {
  let seen: { readonly lease: Lease; readonly at: number } | undefined

  const see = (lease: Lease): void => {
    if (seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return
    const at = seen && sameTerm(seen.lease, lease) ? seen.at : clock.now()
    seen = { lease, at }
  }

  const taken = (): boolean => {
    const holder = holderOf(seen?.lease)
    if (seen === undefined || holder === undefined || holder.identity === me.identity) return false
    return clock.now() < seen.at + (seen.lease.spec?.leaseDurationSeconds ?? 0) * 1000
  }

  const isMine = (): boolean => holderOf(seen?.lease)?.identity === me.identity

  const write = async (signal: AbortSignal): Promise<Outcome> => {
    const started = clock.now()
    const lease = held(seen?.lease, place, me, duration, started)
    see(
      await (seen
        ? cluster.replace(kinds.lease, lease, signal)
        : cluster.create(kinds.lease, lease, signal)),
    )
    return { mine: true, until: started + duration }
  }

  /** As its holder we know the Lease and write at once; as anyone else we look first. */
  const look = async (signal: AbortSignal): Promise<void> => {
    const lease = await cluster.get(kinds.lease, place, signal)
    if (lease === undefined) seen = undefined
    else see(lease)
  }

  return {
    get holder() {
      return holderOf(seen?.lease)
    },
    async attempt(signal) {
      if (!isMine()) await look(signal)
      for (let again = true; ; again = false) {
        if (taken()) return { mine: false, by: holderOf(seen?.lease) }
        try {
          return await write(signal)
        } catch (error) {
          // Someone else wrote to the Lease, or removed or made it: what they wrote decides.
          const raced = isFailure(error, 'CLUSTER_CONFLICT', 'CLUSTER_EXISTS', 'CLUSTER_NOT_FOUND')
          if (!raced || !again) throw error
          await look(signal)
        }
      }
    },
    async watch(signal) {
      await look(signal)
      return { mine: false, by: holderOf(seen?.lease) }
    },
    async release(signal) {
      if (!seen || !isMine()) return
      see(await cluster.replace(kinds.lease, released(seen.lease, clock.now()), signal))
    },
  }
}

function sameTerm(a: Lease, b: Lease): boolean {
  return (
    a.spec?.holderIdentity === b.spec?.holderIdentity && a.spec?.renewTime === b.spec?.renewTime
  )
}
