import type { Clock } from '../clock.ts'
import type { Whose } from '../control/meter.ts'
import { type MetricName, metricTable } from './metric-table.ts'

/** The figures of one metric of one trigger. Fields are written on every sample and read when Prometheus asks. */
export interface TriggerSeries {
  value: number | undefined
  /** Seconds. */
  latency: number
  active: boolean | undefined
  errors: number
  /** When it was written last (epoch ms). */
  at: number
  /** Not shown any more; to write on, ask for the series anew. */
  dropped: boolean
}

interface Entry extends TriggerSeries {
  readonly labels: string
  /** Written after its workload was resolved for the last time; else it may belong to a trigger that is gone. */
  fresh: boolean
}

interface Owner {
  readonly kind: Whose['kind']
  readonly labels: string
  readonly triggers: Map<string, Entry>
  errors: number
}

/** A series that was not written for this long (ms) since its workload was resolved anew is dropped: its trigger is gone. */
const forgotten = 10 * 60_000
/** How many lines are put together at a stretch; between stretches polls go on. */
const stretch = 2_000

export interface ObjectSeries {
  /** The series of a metric; made when new. `labels` are those of KEDA without namespace and name. */
  trigger(
    whose: Whose,
    metric: string,
    labels: { readonly scaler: string; readonly triggerIndex: number },
  ): TriggerSeries
  /** A sample of this workload failed. */
  failed(whose: Whose): void
  /** The workload was resolved anew: what is not written any more is dropped after a while. */
  resolved(whose: Whose): void
  forget(whose: Whose): void
  text(paused: Iterable<Paused>): Promise<string>
}

export interface Paused {
  readonly namespace: string
  readonly name: string
  readonly paused: boolean
}

/**
 * The series that exist once per trigger or ScaledObject. They are kept here and not in prom-client, which takes a quarter
 * of a second without a pause to print those of ten thousand triggers; polls would be late by that.
 */
export function objectSeries(clock: Clock): ObjectSeries {
  const owners = new Map<string, Owner>()

  const ownerOf = (whose: Whose): Owner => {
    const key = keyOf(whose)
    const known = owners.get(key)
    if (known) return known
    const made: Owner = {
      kind: whose.kind,
      labels: objectLabels(whose),
      triggers: new Map(),
      errors: 0,
    }
    owners.set(key, made)
    return made
  }

  const drop = (triggers: Map<string, Entry>, metric: string, entry: Entry): void => {
    entry.dropped = true
    triggers.delete(metric)
  }

  const sweep = (): void => {
    const limit = clock.now() - forgotten
    for (const { triggers } of owners.values())
      for (const [metric, entry] of triggers)
        if (!entry.fresh && entry.at < limit) drop(triggers, metric, entry)
  }

  return {
    trigger(whose, metric, { scaler, triggerIndex }) {
      const { kind, namespace, name } = whose
      const { triggers } = ownerOf(whose)
      const labels = `{namespace="${escape(namespace)}",metric="${escape(metric)}",scaledObject="${escape(name)}",scaler="${escape(scaler)}",triggerIndex="${triggerIndex}",type="${kind.toLowerCase()}"}`
      const known = triggers.get(metric)
      if (known?.labels === labels) {
        known.fresh = true
        return known
      }
      const at = clock.now()
      const made: Entry = {
        labels,
        at,
        fresh: true,
        value: undefined,
        latency: 0,
        active: undefined,
        errors: 0,
        dropped: false,
      }
      triggers.set(metric, made)
      return made
    },
    failed(whose) {
      ownerOf(whose).errors++
    },
    resolved(whose) {
      for (const entry of ownerOf(whose).triggers.values()) entry.fresh = false
    },
    forget(whose) {
      const key = keyOf(whose)
      for (const entry of owners.get(key)?.triggers.values() ?? []) entry.dropped = true
      owners.delete(key)
    },
    async text(paused) {
      sweep()
      const entries = [...owners.values()].flatMap(({ triggers }) => [...triggers.values()])
      const families: string[] = []
      for (const [name, read] of perTrigger) families.push(await family(name, entries, read))
      for (const [kind, metric] of errorsOf) {
        const errors = [...owners.values()].filter((o) => o.kind === kind)
        families.push(await family(metric, errors, (o) => o.errors))
      }
      const pauses = Array.from(paused, (p) => ({
        ...p,
        labels: objectLabels({ ...p, kind: 'ScaledObject' }),
      }))
      families.push(await family('keda_scaled_object_paused', pauses, (p) => Number(p.paused)))
      return families.join('')
    },
  }
}

const perTrigger: readonly [MetricName, (e: Entry) => number | undefined][] = [
  ['keda_scaler_metrics_value', (e) => e.value],
  ['keda_scaler_metrics_latency_seconds', (e) => e.latency],
  ['keda_scaler_active', (e) => (e.active === undefined ? undefined : Number(e.active))],
  ['keda_scaler_detail_errors_total', (e) => e.errors],
]

async function family<T extends { readonly labels: string }>(
  name: MetricName,
  entries: readonly T[],
  read: (entry: T) => number | undefined,
): Promise<string> {
  const { help, type } = metricTable[name]
  const parts = [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`]
  for (let i = 0; i < entries.length; i += stretch) {
    if (i > 0) await new Promise<void>((resolve) => setImmediate(resolve))
    parts.push(lines(name, entries.slice(i, i + stretch), read))
  }
  return parts.join('')
}

function lines<T extends { readonly labels: string }>(
  name: string,
  entries: readonly T[],
  read: (entry: T) => number | undefined,
): string {
  let text = ''
  for (const entry of entries) {
    const value = read(entry)
    if (value !== undefined) text += `${name}${entry.labels} ${number(value)}\n`
  }
  return text
}

const errorsOf = [
  ['ScaledObject', 'keda_scaled_object_errors_total'],
  ['ScaledJob', 'keda_scaled_job_errors_total'],
] as const

const keyOf = ({ kind, namespace, name }: Whose): string => `${kind}/${namespace}/${name}`

const objectLabels = ({ kind, namespace, name }: Whose): string =>
  `{namespace="${escape(namespace)}",${kind === 'ScaledJob' ? 'scaledJob' : 'scaledObject'}="${escape(name)}"}`

/** Prometheus writes infinities its own way. */
const number = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : `${value}`

const escape = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
