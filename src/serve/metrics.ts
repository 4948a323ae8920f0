import { Counter, Gauge, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { ControlMeter } from '../control/meter.ts'
import type { EngineMeter, SourceFacts } from '../poll/port.ts'
import type { MetricsApiMeter } from './external-metrics.ts'
import type { MetricName } from './metric-table.ts'
import type { AdmissionMeter } from './admission/routes.ts'
import {
  admissionMeter,
  apiMeter,
  type ClusterMeter,
  clusterMeter,
  controlMeter,
  engineMeter,
} from './meters.ts'
import { objectSeries, type Paused } from './object-series.ts'
import { described, gauge } from './prom.ts'

/** What is read when Prometheus asks, because it is known elsewhere. */
export interface Observed {
  readonly leads: () => boolean
  /** When the serving certificate ends (epoch ms). */
  readonly certificateExpires: () => number | undefined
  readonly sources: () => readonly SourceFacts[]
  readonly mirrors: () => Iterable<{ readonly kind: string; readonly size: number }>
  readonly inventory: () => Inventory
}

/** How many objects there are, counted from the mirrors. */
export interface Inventory {
  /** By trigger type. */
  readonly triggers: ReadonlyMap<string, number>
  readonly resources: Iterable<{
    readonly type: string
    readonly namespace: string
    readonly count: number
  }>
  readonly paused: Iterable<Paused>
}

export interface Metrics {
  readonly engine: EngineMeter
  readonly control: ControlMeter
  readonly api: MetricsApiMeter
  readonly cluster: ClusterMeter
  readonly admission: AdmissionMeter
  /** Adds places to read from; may be called several times as the parts come to life. */
  observe(more: Partial<Observed>): void
  readonly contentType: string
  /** Everything in Prometheus' text format. */
  text(): Promise<string>
}

/** Every metric of metric-table.ts on prom-client, with recorders cheap enough for the poll loop. */
export function createMetrics(o: {
  readonly clock: Clock
  readonly build: { readonly version: string; readonly commit: string }
}): Metrics {
  const registry = new Registry()
  const series = objectSeries(o.clock)
  let observed: Partial<Observed> = {}
  buildInfo(registry, o.build)
  processGauges(registry, o.clock)
  pulled(registry, () => observed)
  return {
    engine: engineMeter(registry),
    control: controlMeter(registry, series, o.clock),
    api: apiMeter(registry),
    cluster: clusterMeter(registry),
    admission: admissionMeter(registry),
    observe(more) {
      observed = { ...observed, ...more }
    },
    contentType: registry.contentType,
    text: async () =>
      `${await registry.metrics()}${await series.text(observed.inventory?.().paused ?? [])}`,
  }
}

function buildInfo(
  registry: Registry,
  build: { readonly version: string; readonly commit: string },
): void {
  const { platform, arch, version } = process
  gauge('keda_build_info', registry)
    .labels(build.version, build.commit, `node ${version}`, platform, arch)
    .set(1)
}

function processGauges(registry: Registry, clock: Clock): void {
  const started = (clock.now() - process.uptime() * 1000) / 1000
  gauge('process_start_time_seconds', registry).set(started)
  let counted = 0
  // collect() is how prom-client lets a metric be read when it is asked for.
  const cpu = new Counter({
    ...described('process_cpu_seconds_total', registry),
    collect() {
      const { user, system } = process.cpuUsage()
      const seconds = (user + system) / 1e6
      this.inc(Math.max(0, seconds - counted))
      counted = seconds
    },
  })
  registry.registerMetric(cpu)
  onRead('process_resident_memory_bytes', registry, (g) => g.set(process.memoryUsage.rss()))
  onRead('nodejs_heap_size_used_bytes', registry, (g) => g.set(process.memoryUsage().heapUsed))
}

/** A gauge that is filled anew each time it is read. */
function onRead(name: MetricName, registry: Registry, fill: (g: Gauge) => void): void {
  const made = new Gauge({
    ...described(name, registry),
    collect() {
      this.reset()
      fill(this)
    },
  })
  registry.registerMetric(made)
}

function pulled(registry: Registry, observed: () => Partial<Observed>): void {
  const read = (name: MetricName, fill: (g: Gauge, from: Partial<Observed>) => void): void =>
    onRead(name, registry, (g) => fill(g, observed()))
  read('ebb_leader', (g, { leads }) => g.set(leads?.() === true ? 1 : 0))
  read('ebb_certificate_expiry_timestamp_seconds', (g, { certificateExpires }) => {
    const at = certificateExpires?.()
    if (at !== undefined) g.set(at / 1000)
  })
  read('ebb_sources', (g, { sources }) => {
    for (const source of sources?.() ?? []) g.labels(source.scaler, source.breaker).inc()
  })
  read('ebb_mirror_objects', (g, { mirrors }) => {
    for (const { kind, size } of mirrors?.() ?? []) g.labels(kind).set(size)
  })
  read('keda_trigger_registered_total', (g, { inventory }) => {
    for (const [type, count] of inventory?.().triggers ?? []) g.labels(type).set(count)
  })
  read('keda_resource_registered_total', (g, { inventory }) => {
    for (const { type, namespace, count } of inventory?.().resources ?? [])
      g.labels(type, namespace).set(count)
  })
}
