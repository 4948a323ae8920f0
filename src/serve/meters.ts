import type { Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { ControlMeter } from '../control/meter.ts'
import type { Trigger } from '../control/triggers.ts'
import { EbbError } from '../errors.ts'
import type { EngineMeter } from '../poll/port.ts'
import type { AdmissionMeter } from './admission/routes.ts'
import type { MetricsApiMeter } from './external-metrics.ts'
import type { ObjectSeries, TriggerSeries } from './object-series.ts'
import { counter, gauge, histogram } from './prom.ts'

export interface ClusterMeter {
  /** A request to the API server ended; `ms` is undefined for watches. */
  requested(verb: string, resource: string, code: string, ms: number | undefined): void
}

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

/** Records what the poll engine tells. */
export function engineMeter(registry: Registry): EngineMeter {
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

/** Records what the control loops tell. */
export function controlMeter(registry: Registry, series: ObjectSeries, clock: Clock): ControlMeter {
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
        figures = series.trigger(whose, trigger.metric, {
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
        series.failed(whose)
      } else {
        figures.value = conclusion.value
        figures.active = conclusion.active
      }
    },
    decided: (because) => decided(because).inc(),
    scaled: (_whose, outcome) => writes.labels(outcome).inc(),
    reconciled(whose, outcome, ms) {
      resolving.labels(outcome).observe(ms / 1000)
      if (outcome === 'ok') series.resolved(whose)
    },
    forget: (whose) => series.forget(whose),
  }
}

/** Records the reads of the metrics API. */
export function apiMeter(registry: Registry): MetricsApiMeter {
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

/** Records the requests to the API server. */
export function clusterMeter(registry: Registry): ClusterMeter {
  const requests = counter('ebb_apiserver_requests_total', registry)
  const duration = histogram('ebb_apiserver_request_duration_seconds', registry)
  return {
    requested(verb, resource, code, ms) {
      requests.labels(verb, resource, code).inc()
      if (ms !== undefined) duration.labels(verb).observe(ms / 1000)
    },
  }
}

/** So many namespaces are told apart: who calls the webhook may name any. */
const mostNamespaces = 2_000

/** Records what the webhook tells of ScaledObjects and ScaledJobs; KEDA counts no others. */
export function admissionMeter(registry: Registry): AdmissionMeter {
  const validations = counter('keda_webhook_scaled_object_validations_total', registry)
  const errors = counter('keda_webhook_scaled_object_validation_errors_total', registry)
  const known = new Set<string>()
  const labelOf = (namespace: string): string => {
    if (known.size < mostNamespaces) known.add(namespace)
    return known.has(namespace) ? namespace : 'other'
  }
  return {
    validated(kind, namespace, action, reasons) {
      if (kind !== 'ScaledObject' && kind !== 'ScaledJob') return
      const label = labelOf(namespace)
      validations.labels(label, action).inc()
      for (const reason of reasons) errors.labels(label, action, reason).inc()
    },
  }
}
