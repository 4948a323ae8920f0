import { parseTime, type Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Log } from '../log.ts'

/** The APIService through which HPAs read external metrics; a cluster has one. */
export const metricsApiService = 'v1beta1.external.metrics.k8s.io'

/** Whether Ebb may act, and whether HPAs read it. */
export interface Coexistence {
  /** False in shadow mode: Ebb decides and records but writes nothing. */
  readonly writes: () => boolean
  /** Who serves the external metrics API in Ebb's place, `Service NAMESPACE/NAME`; undefined where nobody else does. */
  readonly metricsOwner: () => string | undefined
  /** Looks again; call it every minute. */
  check(signal: AbortSignal): Promise<void>
}

export interface CoexistenceOptions {
  /** As asked for; undefined means active, unless KEDA is at work or somebody else serves the metrics API. */
  readonly mode: 'active' | 'shadow' | undefined
  /** False with --no-apiservice: nobody's APIService is looked at. */
  readonly apiService: boolean
  /** Ebb's own Service. */
  readonly service: { readonly namespace: string; readonly name: string }
  readonly log: Log
}

/** KEDA's leader renews its Lease every two seconds; one that has not for a minute is gone. */
const kedaSilence = 60_000

/**
 * Decides whether Ebb acts beside what else is in the cluster. Without a mode asked for, what makes it a shadow once keeps it
 * one until it is told `--mode active`: two controllers must never take turns by accident.
 */
export function createCoexistence(
  cluster: Cluster,
  clock: Clock,
  { mode, apiService, service, log }: CoexistenceOptions,
): Coexistence {
  let owner: string | undefined
  let shadow = mode === 'shadow'

  const step = (why: string): void => {
    if (mode !== undefined || shadow) return
    shadow = true
    log.warn(
      { because: why },
      'runs as shadow: decides and records, writes nothing; --mode active makes it act',
    )
  }

  const kedaAtWork = async (signal: AbortSignal): Promise<boolean> => {
    const where = { fieldSelector: 'metadata.name=operator.keda.sh' }
    const { items } = await cluster.list(kinds.lease, where, signal)
    return items.some((lease) => {
      const renewed = parseTime(lease.spec?.renewTime)
      return renewed !== undefined && clock.now() - renewed < kedaSilence
    })
  }

  const findOwner = async (signal: AbortSignal): Promise<string | undefined> => {
    const found = await cluster.get(
      kinds.apiService,
      { namespace: '', name: metricsApiService },
      signal,
    )
    const named = found?.spec?.service
    if (!named || (named.namespace === service.namespace && named.name === service.name))
      return undefined
    return `Service ${named.namespace ?? ''}/${named.name ?? ''}`
  }

  return {
    writes: () => !shadow,
    metricsOwner: () => owner,
    async check(signal) {
      try {
        if (await kedaAtWork(signal)) step('KEDA renews its Lease operator.keda.sh')
        if (!apiService) return
        owner = await findOwner(signal)
        if (owner !== undefined) step(`the external metrics API is served by ${owner}`)
      } catch (error) {
        signal.throwIfAborted()
        log.warn(
          { error: reasonOf(error) },
          'cannot see whether KEDA or another metrics API is at work',
        )
      }
    },
  }
}
