import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type MetricName, metricTable } from './metric-table.ts'

/** What prom-client is told of a row of the table. */
export const described = (name: MetricName, registry: Registry) => {
  const { help, labels } = metricTable[name]
  return { name, help, labelNames: [...labels], registers: [registry] }
}
/** A counter, gauge or histogram of the table, kept by the registry. */
export const counter = (name: MetricName, registry: Registry): Counter =>
  new Counter(described(name, registry))
/** See `counter`. */
export const gauge = (name: MetricName, registry: Registry): Gauge =>
  new Gauge(described(name, registry))

type HistogramName = {
  [N in MetricName]: (typeof metricTable)[N] extends { readonly type: 'histogram' } ? N : never
}[MetricName]
/** See `counter`; the buckets are the table's. */
export const histogram = (name: HistogramName, registry: Registry): Histogram =>
  new Histogram({ ...described(name, registry), buckets: [...metricTable[name].buckets] })
