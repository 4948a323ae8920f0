import type { TriggerFacts } from './decide.ts'
import type { Fallback } from './fallback.ts'

/** What is remembered of one metric between its periods. */
export interface MetricHealth {
  /** Periods in a row whose newest sample was an error. */
  readonly failures: number
  /** When the last of them was counted (epoch ms), or the start where it was before; undefined before the first. */
  readonly countedAt: number | undefined
  /** The fallback stands in for it. */
  readonly engaged: boolean
}

/** By metric name. Without a fallback nothing is remembered. */
export type Health = ReadonlyMap<string, MetricHealth>

/** One metric of the workload now. */
export interface Observed {
  readonly metric: string
  /** The workload's own period in force, ms. */
  readonly period: number
  /**
   * Its newest sample, or why there can be none: an ask withheld by breaker, budget or Retry-After, a source that cannot
   * be connected to, a spec it does not give are all errors. `unread` only while the first answer is waited for.
   */
  readonly newest: 'good' | 'error' | 'unread'
}

/** What became of a metric. Each of these, and nothing else, is worth a write of status.health. */
export interface Turn {
  readonly metric: string
  readonly turned: 'failing' | 'engaged' | 'recovered'
}

export interface Checkup {
  /** The same map where nothing changed. */
  readonly health: Health
  readonly turns: readonly Turn[]
}

export const noHealth: Health = new Map()

/** What a metric that is well is. */
const well: MetricHealth = { failures: 0, countedAt: undefined, engaged: false }

/**
 * Counts, for each metric, one failure per own effective period whose newest sample is an error: the first at once, the
 * others on a grid of periods from there, however often and by whomever it is called. A single good sample forgets them.
 * Engaged means more failures than the threshold (strictly, as in KEDA). After a gap of periods one is counted, not all.
 * Metrics that are not observed any more are forgotten.
 */
export function checkup(
  before: Health,
  observed: readonly Observed[],
  fallback: Fallback | undefined,
  now: number,
): Checkup {
  if (fallback === undefined) return { health: noHealth, turns: [] }
  const turns: Turn[] = []
  const health = new Map<string, MetricHealth>()
  for (const o of observed) {
    const then = before.get(o.metric)
    const next = examined(then ?? well, o, fallback.threshold, now)
    health.set(o.metric, next)
    const turned = turn(then ?? well, next)
    if (turned !== undefined) turns.push({ metric: o.metric, turned })
  }
  const same = health.size === before.size && [...health].every(([k, v]) => before.get(k) === v)
  return { health: same ? before : health, turns }
}

function examined(h: MetricHealth, o: Observed, threshold: number, now: number): MetricHealth {
  if (o.newest === 'good') return h.failures === 0 && !h.engaged ? h : well
  const failures = o.newest === 'error' && isDue(h, o.period, now) ? h.failures + 1 : h.failures
  const engaged = failures > threshold
  if (failures === h.failures && engaged === h.engaged) return h
  const countedAt = failures === h.failures ? h.countedAt : onGrid(h.countedAt, o.period, now)
  return { failures, countedAt, engaged }
}

/** A clock that was set back does not make it wait. */
const isDue = ({ countedAt }: MetricHealth, period: number, now: number): boolean =>
  countedAt === undefined || now >= countedAt + period || now < countedAt

/** Where the count belongs: a period after the last one, so that late calls do not stretch the periods. */
function onGrid(last: number | undefined, period: number, now: number): number {
  const place = last === undefined ? now : last + period
  return place <= now && now < place + period ? place : now
}

function turn(before: MetricHealth, after: MetricHealth): Turn['turned'] | undefined {
  if (after.engaged !== before.engaged)
    return after.engaged ? 'engaged' : after.failures > 0 ? 'failing' : 'recovered'
  if (after.failures > 0 && before.failures === 0) return 'failing'
  return after.failures === 0 && before.failures > 0 ? 'recovered' : undefined
}

/** The trigger as it counts for the decision: in fallback while that stands in for it, also before the first answer of all. */
export const withFallback = (t: TriggerFacts, h: MetricHealth | undefined): TriggerFacts =>
  h?.engaged === true && (t.state === 'failing' || t.state === 'unread')
    ? { ...t, state: 'fallback' }
    : t

/** When the next failure counts, if the metric's sample is an error still: the workload must look again then. */
export const nextCheckup = (h: MetricHealth | undefined, period: number): number | undefined =>
  h?.countedAt === undefined ? undefined : h.countedAt + period

/** `status.health`, of the metrics there are. */
export type StoredHealth = Readonly<
  Record<
    string,
    {
      readonly numberOfFailures?: number | undefined
      readonly status?: string | undefined
    }
  >
>

/** What to store. Failures counted since the last turn are in it, but are no reason to write. */
export const storedHealth = (
  health: Health,
): Record<string, { numberOfFailures: number; status: 'Happy' | 'Failing' }> =>
  Object.fromEntries(
    [...health].map(([metric, { failures }]) => [
      metric,
      { numberOfFailures: failures, status: failures > 0 ? 'Failing' : 'Happy' },
    ]),
  )

/**
 * What was stored, after a start. `engaged` is whether Fallback=True was stored: then what was failing restarts as
 * engaged, although its count may not have been written since, and only a good sample ends it. The next failure counts a period
 * after the start: when the last one was counted is not stored, and a restart must not hasten a fallback.
 */
export function restoredHealth(
  stored: StoredHealth | undefined,
  engaged: boolean,
  fallback: Fallback | undefined,
  now: number,
): Health {
  if (fallback === undefined) return noHealth
  const failing = Object.entries(stored ?? {}).flatMap(([metric, { status, numberOfFailures }]) =>
    status === 'Failing' ? [[metric, failuresOf(numberOfFailures)] as const] : [],
  )
  const none = failing.every(([, failures]) => failures <= fallback.threshold)
  const least = engaged && none ? fallback.threshold + 1 : 1
  return new Map(
    failing.map(([metric, count]) => {
      const failures = Math.max(count, least)
      return [metric, { failures, countedAt: now, engaged: failures > fallback.threshold }]
    }),
  )
}

const failuresOf = (stored: number | undefined): number =>
  stored !== undefined && Number.isSafeInteger(stored) && stored > 0 ? stored : 0
