import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { ControlMeter } from '../control/meter.ts'
import type { Trigger } from '../control/triggers.ts'
import { EbbError } from '../errors.ts'
import type { EngineMeter, SourceFacts } from '../poll/port.ts'
import type { MetricsApiMeter } from './external-metrics.ts'
import { type MetricName, metricTable } from './metric-table.ts'
import {
  type ObjectSeries,
  objectSeries,
  type Paused,
  type TriggerSeries,
} from './object-series.ts'

export interface ClusterMeter {
  /** A request to the API server ended; `ms` is undefined for watches. */
  requested(verb: string, resource: string, code: string, ms: number | undefined): void
}

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
    observe(more) {
      observed = { ...observed, ...more }
    },
    contentType: registry.contentType,
    text: async () =>
      `${await registry.metrics()}${await series.text(observed.inventory?.().paused ?? [])}`,
  }
}

const described = (name: MetricName, registry: Registry) => {
  const { help, labels } = metricTable[name]
  return { name, help, labelNames: [...labels], registers: [registry] }
}
const counter = (name: MetricName, registry: Registry): Counter =>
  new Counter(described(name, registry))
const gauge = (name: MetricName, registry: Registry): Gauge => new Gauge(described(name, registry))

type HistogramName = {
  [N in MetricName]: (typeof metricTable)[N] extends { readonly type: 'histogram' } ? N : never
}[MetricName]
const histogram = (name: HistogramName, registry: Registry): Histogram =>
  new Histogram({ ...described(name, registry), buckets: [...metricTable[name].buckets] })

/** Looks a label's recorders up once. Labels come from closed sets; should one not, what is beyond 200 is kept together. */
function held<T>(make: (label: string) => T): (label: string) => T {
  const known = new Map<string, T>()
  return (label) => {
    const found = known.get(label)
    if (found !== undefined) return found
    const made = make(known.size < 200 ? label : 'other')
    if (known.size < 200) known.set(label, made)
    return made
  }
}

function engineMeter(registry: Registry): EngineMeter {
  const lateness = histogram('ebb_poll_lateness_seconds', registry)
  const duration = histogram('ebb_ask_duration_seconds', registry)
  const asks = counter('ebb_asks_total', registry)
  const queries = counter('ebb_queries_total', registry)
  const flying = gauge('ebb_asks_in_flight', registry)
  const outcome = (scaler: string, o: string) => ({
    duration: duration.labels(scaler, o),
    asks: asks.labels(scaler, o),
  })
  const of = held((scaler) => ({
    late: lateness.labels(scaler),
    queries: queries.labels(scaler),
    flying: flying.labels(scaler),
    ok: outcome(scaler, 'ok'),
    error: outcome(scaler, 'error'),
  }))
  return {
    late: (scaler, ms) => of(scaler).late.observe(ms / 1000),
    asked(scaler, count, ms, result) {
      const recorders = of(scaler)
      recorders[result].duration.observe(ms / 1000)
      recorders[result].asks.inc()
      recorders.queries.inc(count)
    },
    inFlight: (scaler, change) => of(scaler).flying.inc(change),
  }
}

function controlMeter(registry: Registry, series: ObjectSeries, clock: Clock): ControlMeter {
  const decisions = counter('ebb_decisions_total', registry)
  const writes = counter('ebb_scale_writes_total', registry)
  const resolving = histogram('ebb_reconcile_duration_seconds', registry)
  const decided = held((because) => decisions.labels(because))
  const known = new WeakMap<Trigger, TriggerSeries>()
  return {
    sampled(whose, trigger, tookMs) {
      const { conclusion } = trigger
      let figures = known.get(trigger)
      if (!figures || figures.dropped) {
        const { index, scaler, trigger: spec } = trigger.plan
        const called = spec.name === undefined || spec.name === '' ? scaler.label : spec.name
        figures = series.trigger(whose.namespace, whose.name, trigger.metric, {
          scaler: called,
          triggerIndex: index,
        })
        known.set(trigger, figures)
      }
      figures.at = clock.now()
      figures.latency = tookMs / 1000
      if (conclusion === undefined) return
      if (conclusion instanceof EbbError) {
        figures.errors++
        series.failed(whose.namespace, whose.name)
      } else {
        figures.value = conclusion.value
        figures.active = conclusion.active
      }
    },
    decided: (because) => decided(because).inc(),
    scaled: (_whose, outcome) => writes.labels(outcome).inc(),
    reconciled(whose, outcome, ms) {
      resolving.labels(outcome).observe(ms / 1000)
      if (outcome === 'ok') series.resolved(whose.namespace, whose.name)
    },
    forget: (whose) => series.forget(whose.namespace, whose.name),
  }
}

function apiMeter(registry: Registry): MetricsApiMeter {
  const requests = counter('ebb_metrics_api_requests_total', registry)
  const duration = histogram('ebb_metrics_api_request_duration_seconds', registry)
  const coded = held((code) => requests.labels(code))
  return {
    served(code, ms) {
      coded(`${code}`).inc()
      duration.observe(ms / 1000)
    },
  }
}

function clusterMeter(registry: Registry): ClusterMeter {
  const requests = counter('ebb_apiserver_requests_total', registry)
  const duration = histogram('ebb_apiserver_request_duration_seconds', registry)
  return {
    requested(verb, resource, code, ms) {
      requests.labels(verb, resource, code).inc()
      if (ms !== undefined) duration.labels(verb).observe(ms / 1000)
    },
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
