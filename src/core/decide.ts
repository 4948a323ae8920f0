import { directStep, directUntil, directWake, type DirectFacts } from './direct.ts'
import type { Contest } from './foreign.ts'
import { isResourceTrigger } from './names.ts'
import type { HpaStep } from './replicas.ts'

/**
 * What is known of one trigger: `active` and `idle` come from a good sample, `failing` from an error, `unread` is a
 * trigger not sampled yet, `fallback` one that failed so often that the spec's stand-in took over, and `resource` is cpu
 * or memory, which is measured of the pods there are and says nothing of activity.
 */
export type TriggerState = 'active' | 'idle' | 'failing' | 'unread' | 'fallback' | 'resource'

/** One trigger's part of the situation. */
export interface TriggerFacts {
  /** Metric name as the HPA asks for it, `s0-azure-queue-orders`. */
  readonly metric: string
  readonly type: string
  readonly state: TriggerState
  /** Raw value of the newest good sample. */
  readonly value: number | undefined
  readonly target: number
  /** When the newest good sample arrived (epoch ms). */
  readonly at: number | undefined
  /** Why it is failing; catalogue text, no secret. */
  readonly error: string | undefined
}

/**
 * Everything the decision depends on, as plain data that can be stored and decided again. Times are epoch milliseconds,
 * and every number is finite, so that JSON keeps it. No key is optional, so a caller that forgets one does not compile.
 */
export interface Situation {
  readonly now: number
  readonly created: number
  readonly lastActive: number | undefined
  /** Whether a trigger itself, or force, has made it active since it was created; else the initial cooldown goes on. */
  readonly everActive: boolean
  /** spec.replicas of the target. */
  readonly replicas: number
  readonly min: number
  readonly max: number
  readonly idle: number | undefined
  /** ms */
  readonly cooldown: { readonly initial: number; readonly period: number }
  readonly triggers: readonly TriggerFacts[]
  /** The one value that scalingModifiers make of all triggers; where set, it alone says whether the workload is active. */
  readonly composite: TriggerFacts | undefined
  /** Good samples older than this lower nothing and wake nothing: the start, or the end of the last gap. */
  readonly freshSince: number
  readonly forced: boolean
  readonly paused: 'no' | 'in' | 'out' | 'both'
  /** `--hold`: no scale-in anywhere. */
  readonly hold: boolean
  /** Metrics whose triggers can keep replicas and never add any (`ebb.dev/hold-on`). */
  readonly holdOn: readonly string[]
  /** Where Ebb scales by itself, without an HPA, or shows what an HPA would do. */
  readonly direct: DirectFacts | undefined
  /** Somebody else who keeps writing the replicas that Ebb scales by itself. */
  readonly contested: Contest | undefined
  /** The count that the spec's fallback asks for by its behavior; undefined without a valid fallback. */
  readonly fallbackReplicas: number | undefined
}

export type ScaleReason =
  | 'triggered'
  | 'forced'
  | 'quiet'
  | 'below-min'
  | 'above-max'
  | 'demand-rose'
  | 'demand-fell'
export type StayReason =
  | 'paused'
  | 'contested'
  | 'held'
  | 'hpa-in-charge'
  | 'partly-failing'
  | 'failing-blind'
  | 'awaiting-fallback'
  | 'warming-up'
  | 'cooling-down'
  | 'settled'
  | 'on-target'
  | 'stabilizing'
  | 'rate-limited'
  | 'unmeasured'
export type Because = ScaleReason | StayReason

/** `until` is the last instant (epoch ms) at which the answer still holds, all else equal; undefined where time alone changes nothing. */
export type Decision =
  | { readonly scaleTo: number; readonly because: ScaleReason }
  | { readonly stay: true; readonly because: StayReason; readonly until: number | undefined }

/**
 * Decides the 0 <-> 1 edge of one ScaledObject by KEDA's executor rules; the HPA owns everything above it.
 * Total; a count it gives is new, whole and within 0..max. Departures: no count is lowered on an unread, failing or stale
 * trigger, whatever fallback is yet to come; min is restored while sources fail and while triggers are active; an engaged
 * fallback of 0 lets the workload rest instead of waking it.
 */
export function decide(s: Situation): Decision {
  if (s.paused === 'both') return stay('paused')
  if (s.contested !== undefined && s.now <= s.contested.until)
    return stay('contested', s.contested.until)
  const edge = isWanted(s) ? wake(s) : rest(s)
  return s.direct === undefined ? edge : alone(s, s.direct, edge)
}

/** Without an HPA: the edge as ever, and between 1 and max the HPA's own algorithm, at every poll. */
function alone(s: Situation, d: DirectFacts, edge: Decision): Decision {
  if (isResting(s)) {
    const wakes = 'scaleTo' in edge && edge.because !== 'quiet' && edge.because !== 'below-min'
    return wakes && d.straight ? { ...edge, scaleTo: within(s, directWake(s, d)) } : edge
  }
  if ('scaleTo' in edge) return edge
  const step = directStep(s, d)
  const { desired, why } = step
  const count = within(s, desired)
  if (count > s.replicas)
    return s.paused === 'out' ? stay('paused') : { scaleTo: count, because: 'demand-rose' }
  if (count < s.replicas) return lower(s, count, why === 'above-max')
  if (edge.because !== 'settled' && edge.because !== 'hpa-in-charge') return edge
  return awake(s, d, step)
}

/** Why the count stays between 1 and max. */
function awake(s: Situation, d: DirectFacts, step: HpaStep): Decision {
  const { why } = step
  if (why === 'metrics-missing') return stay('unmeasured')
  if (why === 'stabilized') return stay('stabilizing', directUntil(s, d, step))
  return why === 'rate-limited' ? stay(why, directUntil(s, d, step)) : stay('on-target')
}

/** At zero, or at the idle count: nothing between 1 and max is decided then. */
export const isResting = (s: Situation): boolean =>
  s.replicas === 0 || (s.idle !== undefined && s.replicas < Math.max(s.min, 1))

/** What is above max goes at once, as with an HPA: that is the spec's word, not a trigger's. */
function lower(s: Situation, count: number, aboveMax: boolean): Decision {
  const blind = aboveMax ? undefined : ignorance(s)
  if (blind !== undefined) return stay(blind)
  if (s.paused === 'in') return stay('paused')
  if (s.hold) return stay('held')
  return { scaleTo: count, because: aboveMax ? 'above-max' : 'demand-fell' }
}

/** Whether anything asks for the workload to run: KEDA's `isActive` or the force-activation annotation. */
export function isWanted(s: Situation): boolean {
  if (s.forced) return true
  if (s.composite !== undefined) return isActive(s.composite, s)
  if (s.triggers.some((t) => isActive(t, s))) return true
  // cpu and memory need a running pod to be measured, so alone they keep the workload up
  return s.triggers.length > 0 && s.triggers.every((t) => isResourceTrigger(t.type))
}

/** Whether a trigger asks for replicas: its own word, or that of the fallback that stands in for it. */
export const isActive = (t: TriggerFacts, s: Situation): boolean =>
  (t.state === 'active' || (t.state === 'fallback' && s.fallbackReplicas !== 0)) &&
  !(s.holdOn.length > 0 && s.holdOn.includes(t.metric) && isResting(s))

function wake(s: Situation): Decision {
  const up = within(s, Math.max(s.min, 1))
  if (!(s.replicas < up)) return stay(anyFailing(s) ? 'partly-failing' : 'hpa-in-charge')
  // awake below min: what the HPA would do at its next sync; and no pause of scale-out keeps anything below it
  const short = s.replicas > 0 || (s.paused === 'out' && s.min > 0)
  if (short && s.idle === undefined) return { scaleTo: up, because: 'below-min' }
  if (s.paused === 'out') return stay('paused')
  if (!isAskedNow(s)) return stay('warming-up')
  return { scaleTo: up, because: s.forced ? 'forced' : 'triggered' }
}

/** Whether what asks was said since the last gap: a process that was suspended must not wake a workload for what may be long over. */
const isAskedNow = (s: Situation): boolean =>
  s.forced ||
  s.triggers.some(
    (t) =>
      (s.composite !== undefined || isResourceTrigger(t.type) || isActive(t, s)) &&
      (t.state === 'fallback' || isFresh(t, s.freshSince)),
  )

function rest(s: Situation): Decision {
  const min = within(s, s.min)
  if (s.idle === undefined && s.replicas < min) return { scaleTo: min, because: 'below-min' }
  const blind = ignorance(s)
  if (blind !== undefined) return stay(blind)
  const floor = restingCount(s)
  if (!(s.replicas > floor)) return stay('settled')
  if (s.paused === 'in') return stay('paused')
  if (s.hold) return stay('held')
  return s.now > coolAt(s) ? { scaleTo: floor, because: 'quiet' } : stay('cooling-down', coolAt(s))
}

/** Why the triggers' silence cannot be trusted: an unread queue is not an empty queue. */
function ignorance(s: Situation): StayReason | undefined {
  if (anyFailing(s)) return awaitsFallback(s) ? 'awaiting-fallback' : 'failing-blind'
  const known = s.triggers.length > 0 && s.triggers.every((t) => isFresh(t, s.freshSince))
  return known && s.composite?.state !== 'unread' ? undefined : 'warming-up'
}

/** No fallback ever stands in for cpu or memory. */
const awaitsFallback = (s: Situation): boolean =>
  s.fallbackReplicas !== undefined && failing(s).some((t) => !isResourceTrigger(t.type))

const anyFailing = (s: Situation): boolean =>
  s.composite?.state === 'failing' || s.triggers.some((t) => t.state === 'failing')

/** What cannot be read: triggers first, then the formula over them. */
export const failing = (s: Situation): readonly TriggerFacts[] =>
  [...s.triggers, ...(s.composite === undefined ? [] : [s.composite])].filter(
    (t) => t.state === 'failing',
  )

/** Whether a trigger's silence is known rather than assumed. */
export function isFresh(t: TriggerFacts, since: number): boolean {
  if (isResourceTrigger(t.type)) return true
  // one that goes on from before a start has not been tried by this process until it has failed here too
  if (t.state === 'fallback') return t.error !== undefined
  return t.state !== 'unread' && t.at !== undefined && t.at >= since
}

/** Where a quiet workload rests. With min > 0 and no idle count the HPA holds min, so nothing is Ebb's to lower. */
function restingCount(s: Situation): number {
  if (s.idle !== undefined) return within(s, s.idle)
  return s.min <= 0 ? 0 : Number.POSITIVE_INFINITY
}

/** The last instant of the cooldown: after the last activity; until a trigger itself was active, also of the initial one after creation. */
export function coolAt({ created, lastActive, everActive, cooldown }: Situation): number {
  const cool = lastActive === undefined ? 0 : lastActive + cooldown.period
  return everActive ? cool : Math.max(cool, created + cooldown.initial)
}

/** The count inside 0..max; what is no count at all changes nothing. */
function within(s: Situation, count: number): number {
  const bounded = Math.max(0, Math.min(count, s.max))
  return Number.isInteger(bounded) ? bounded : s.replicas
}

const stay = (because: StayReason, until?: number): Decision =>
  until === undefined ? stays[because] : { stay: true, because, until }

const without = (because: StayReason): Decision => ({ stay: true, because, until: undefined })

/** Made once: a workload at rest is decided on at every poll, and nothing of it should be left over. */
const stays: Readonly<Record<StayReason, Decision>> = {
  paused: without('paused'),
  contested: without('contested'),
  held: without('held'),
  'hpa-in-charge': without('hpa-in-charge'),
  'partly-failing': without('partly-failing'),
  'failing-blind': without('failing-blind'),
  'awaiting-fallback': without('awaiting-fallback'),
  'warming-up': without('warming-up'),
  'cooling-down': without('cooling-down'),
  settled: without('settled'),
  'on-target': without('on-target'),
  stabilizing: without('stabilizing'),
  'rate-limited': without('rate-limited'),
  unmeasured: without('unmeasured'),
}
