import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import type { Config } from '../config.ts'
import { findAuthenticationIn, type Mirrors } from '../control/controller.ts'
import { failure, isFailure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Log } from '../log.ts'
import { mirrorAll, type Mirror } from '../mirror.ts'
import type { LimitRange } from '../resources.ts'
import { describe, describedTypes } from '../registry.ts'
import type { FactSource } from '../serve/admission/facts.ts'
import { createNeighbourhood } from '../serve/admission/neighbourhood.ts'
import { spreadToWebhooks } from '../serve/webhooks.ts'

interface Parts {
  readonly config: Pick<Config, 'watchNamespaces'>
  readonly cluster: Cluster
  readonly clock: Clock
  readonly random: () => number
  readonly mirrors: Mirrors
}

/**
 * What admission looks at beside the mirrors of the loops: LimitRanges. Readiness does not wait for them: a rule whose facts
 * are not there refuses nothing.
 */
export function openFacts(parts: Parts, signal: AbortSignal): FactSource {
  const { config, cluster, clock, random, mirrors } = parts
  const scope = { namespaces: config.watchNamespaces }
  const limitRanges: Mirror<LimitRange> = mirrorAll(
    cluster,
    clock,
    kinds.limitRange,
    scope,
    ({ metadata, spec }) => ({ metadata, ...(spec && { spec }) }),
    { random },
    signal,
  )
  const { scaledObjects, hpas, foreignHpas, deployments, statefulSets } = mirrors
  const find = findAuthenticationIn(mirrors)
  return {
    cluster: bounded(cluster),
    clock,
    types: describedTypes,
    load: describe,
    deployments,
    statefulSets,
    limitRanges,
    neighbours: createNeighbourhood({ scaledObjects, hpas: [hpas, foreignHpas] }, signal),
    authentication: find,
  }
}

/** So many questions to the API server at once; what would be asked beyond that is not known. */
const lookups = 16

/** Anybody in the cluster may have an object judged, and must not ask the API server through Ebb as fast as he likes. */
function bounded(cluster: Cluster): FactSource['cluster'] {
  let asking = 0
  const within = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (asking >= lookups) throw failure('CHECKS_BUSY', { width: lookups })
    asking += 1
    try {
      return await ask()
    } finally {
      asking -= 1
    }
  }
  return {
    get: (kind, ref, signal) => within(() => cluster.get(kind, ref, signal)),
    resolve: (version, kind, signal) => within(() => cluster.resolve(version, kind, signal)),
  }
}

/**
 * Keeps the caBundle of the webhooks valid. Where the account may not, as before the roles of this version were applied, it
 * says so once, and certificates are renewed all the same.
 */
export function webhookSpreader(o: {
  readonly cluster: Cluster
  readonly namespace: string
  readonly service: string
  /** False in shadow mode, which registers nothing, and with a certificate of somebody else's. */
  readonly active: () => boolean
  readonly log: Log
}): (bundle: string, signal: AbortSignal) => Promise<void> {
  let forbidden = false
  return async (bundle, signal) => {
    if (!o.active()) return
    try {
      await spreadToWebhooks(o.cluster, bundle, o, signal)
      forbidden = false
    } catch (error) {
      if (!isFailure(error, 'CLUSTER_FORBIDDEN')) throw error
      if (!forbidden)
        o.log.warn({ why: error.message }, 'the webhooks cannot be kept; apply manifests/rbac')
      forbidden = true
    }
  }
}
