import { completeBehavior, type Behavior } from './behavior.ts'
import { propose, type HpaReading } from './proposal.ts'
import { defaultFlags, hpaStep, rescaled, type HpaState, type HpaStep } from './replicas.ts'
import type { Recommendation } from './stabilize.ts'

/** What scaling without an HPA depends on, besides the situation: plain data, bounded. */
export interface DirectFacts {
  readonly behavior: Behavior | undefined
  /** It wakes straight to the count that is asked for; with an HPA that is to follow it wakes to 1 or min. */
  readonly straight: boolean
  /** In the order of the triggers. */
  readonly readings: readonly HpaReading[]
  /** status.replicas of the target. */
  readonly status: number
  /** Its pods, and those that run and are ready. Undefined where nothing depends on them, or they cannot be counted. */
  readonly pods: { readonly all: number; readonly ready: number } | undefined
  /** What the algorithm remembers. */
  readonly state: HpaState
}

/** The part of a situation that the algorithm looks at. */
interface Bounds {
  readonly now: number
  readonly replicas: number
  readonly min: number
  readonly max: number
}

/** What the HPA's algorithm would do now with 1..max replicas. */
export const directStep = (s: Bounds, d: DirectFacts): HpaStep => hpaStep(inputOf(s, d), d.state)

/**
 * The last instant at which a window or a policy still holds the count that `step` stays at, all else equal. Undefined where
 * time alone changes nothing.
 */
export const directUntil = (s: Bounds, d: DirectFacts, step: HpaStep): number | undefined =>
  step.why === 'stabilized' ? windowEnd(s, d, step) : periodEnd(s, { ...d, state: step.state })

/** A window holds the count as long as it has been asked for as much, or as little, inside it. */
function windowEnd(
  { replicas }: Bounds,
  { behavior }: DirectFacts,
  { proposals, state }: HpaStep,
): number | undefined {
  const { scaleUp, scaleDown } = completeBehavior(behavior ?? {})
  const rises = proposals.some((p) => p.kind === 'replicas' && p.replicas > replicas)
  const rules = rises ? scaleUp : scaleDown
  const window = rules.stabilizationWindowSeconds ?? defaultFlags.downscaleStabilization
  let last: number | undefined
  for (const r of state.recommendations)
    if (rises ? r.replicas <= replicas : r.replicas >= replicas) last = Math.max(r.at, last ?? r.at)
  // without a behavior the edge of the window is in it
  return last === undefined ? undefined : last + window * 1000 - (behavior === undefined ? 0 : 1)
}

/** A policy holds it until one of the changes that it counts is a period ago. */
function periodEnd(s: Bounds, d: DirectFacts): number | undefined {
  const { scaleUp, scaleDown } = completeBehavior(d.behavior ?? {})
  const periods = [scaleUp, scaleDown].flatMap(({ policies = [] }) => policies)
  const ends = [...d.state.ups, ...d.state.downs]
    .flatMap(({ at }) => periods.map(({ periodSeconds }) => at + periodSeconds * 1000 - 1))
    .filter((end) => end >= s.now)
    .sort((a, b) => a - b)
  return ends.find((end) => directStep({ ...s, now: end + 1 }, d).desired !== s.replicas)
}

const inputOf = (s: Bounds, d: DirectFacts) => ({
  now: s.now,
  min: Math.min(Math.max(s.min, 1), Math.max(s.max, 1)),
  max: Math.max(s.max, 1),
  behavior: d.behavior,
  flags: defaultFlags,
  scaled: { spec: s.replicas, status: d.status, pods: d.pods?.all ?? 0, ready: d.pods?.ready ?? 0 },
  metrics: countable(d),
})

/** The readings that a count can follow from, and why it cannot from the others. */
export const countable = ({ pods, readings }: DirectFacts): readonly HpaReading[] =>
  pods === undefined ? readings.map(uncounted) : readings

/** A Value target is a share of the pods that are ready. */
const uncounted = (reading: HpaReading): HpaReading =>
  reading.target.type === 'Value' && reading.read.kind === 'value'
    ? { ...reading, read: podsUnknown }
    : reading

const podsUnknown = {
  kind: 'missing',
  reason: 'FailedGetExternalMetric',
  message: 'the pods of the target cannot be counted',
} as const

const asleep = { spec: 0, status: 0, pods: 0, ready: 0 }
const exact = { down: 0, up: 0 }

/** The count that the metrics ask for of a workload at zero: it goes there in one step, policies apply from one up. */
export function directWake({ min, max }: Bounds, { readings }: DirectFacts): number {
  const counts = readings
    // where no pod runs none is measured
    .filter(({ target }) => target.type !== 'Usage')
    .map((reading) => propose(reading, asleep, exact))
  const wanted = counts.map((p) => (p.kind === 'replicas' ? p.replicas : 0))
  return Math.min(Math.max(1, min, ...wanted), max)
}

/**
 * What the algorithm remembers after a decision. `written` is the count that reached the target, where one did. A workload that
 * wakes, or was found resting, starts anew: its window begins with the count it then has.
 */
export function directAfter(s: Bounds, d: DirectFacts, written: number | undefined): HpaState {
  if (s.replicas === 0 || written === 0) {
    const replicas = written ?? s.replicas
    return { recommendations: [{ at: s.now, replicas }], ups: [], downs: [] }
  }
  const step = directStep(s, d)
  const done =
    written === undefined || written === s.replicas
      ? step
      : rescaled({ ...step, desired: written }, inputOf(s, d), s.replicas)
  return { ...done.state, recommendations: compact(done.state.recommendations, s.now) }
}

/** The longest window of an HPA (ms). */
const longest = 3_600_000

/** Windows look for the highest and the lowest: of each count the newest mention is enough, so the list stays short. */
function compact(list: readonly Recommendation[], now: number): readonly Recommendation[] {
  const newest = new Map<number, Recommendation>()
  for (const one of list) {
    const known = newest.get(one.replicas)
    if (one.at >= now - longest && (known === undefined || known.at < one.at))
      newest.set(one.replicas, one)
  }
  return [...newest.values()]
}
