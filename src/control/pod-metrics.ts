import type { Cluster } from '../cluster.ts'
import { parseTime } from '../clock.ts'
import type { PodMeasure } from '../core/usage.ts'
import { failure, isFailure, reasonOf, type EbbError } from '../errors.ts'
import { kinds } from '../kinds.ts'
import { goDuration } from '../metadata/go.ts'
import { amountsOf } from '../pod-background.ts'
import type { PodMetrics } from '../resources.ts'
import { defineScaler, error, value, type AnyScaler, type Answer } from '../scaler.ts'

/** By the pods' names. */
export type Measures = ReadonlyMap<string, PodMeasure>

/** What is asked of it: the pods of one target. */
export interface PodMetricsQuery extends Readonly<Record<string, string>> {
  readonly namespace: string
  readonly selector: string
}

const api = 'metrics.k8s.io'

/**
 * The metrics API as a source of the poll engine, so that it is asked like any other: once for all who want the same pods, once
 * per period, with deadline and breaker. No trigger type of a manifest has this name.
 */
export const podMetrics = (cluster: Pick<Cluster, 'list'>): AnyScaler =>
  defineScaler({
    type: api,
    label: api,
    doc: 'cpu and memory of pods.',
    fields: {},
    specs: () => [],
    open: () => ({ address: api, close() {} }),
    query: (): PodMetricsQuery => ({ namespace: '', selector: '' }),
    batch: false,
    ask: (_, queries, signal) => Promise.all(queries.map((query) => list(cluster, query, signal))),
    conclude: (measures: Measures) => ({ value: measures.size, active: false }),
  })

async function list(
  cluster: Pick<Cluster, 'list'>,
  { namespace, selector }: PodMetricsQuery,
  signal: AbortSignal,
): Promise<Answer<Measures>> {
  try {
    const where = { namespace, labelSelector: selector }
    const { items } = await cluster.list(kinds.podMetrics, where, signal)
    return value(new Map(items.map((item) => [item.metadata.name, measureOf(item)])))
  } catch (e) {
    if (signal.aborted) throw e
    return error(told(e, namespace))
  }
}

/** One that does not say when it was measured counts as old, so that it is not trusted of a pod that has just become ready. */
const measureOf = ({ timestamp, window, containers }: PodMetrics): PodMeasure => ({
  at: parseTime(timestamp) ?? 0,
  window: goDuration(window ?? '') ?? 0,
  // an empty Go slice may be written as null
  containers: (containers ?? []).map(({ name, usage }) => ({ name, ...amountsOf(usage) })),
})

/** In the words of sources, so that the breaker knows an outage from a refusal. */
function told(e: unknown, namespace: string): EbbError {
  if (isFailure(e, 'CLUSTER_NOT_FOUND')) return failure('USAGE_NOT_SERVED', undefined, e)
  if (isFailure(e, 'CLUSTER_FORBIDDEN')) return failure('USAGE_FORBIDDEN', { namespace }, e)
  const why = reasonOf(e)
  if (isFailure(e, 'CLUSTER_THROTTLED'))
    return failure('SOURCE_THROTTLED', { address: api, why }, e)
  if (isFailure(e, 'CLUSTER_UNREACHABLE'))
    return failure('SOURCE_UNREACHABLE', { address: api, why }, e)
  return failure('SOURCE_REFUSED', { address: api, why }, e)
}
