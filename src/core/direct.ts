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
  /** status.replicas of the target, and its pods that are ready. */
  readonly status: number
  readonly ready: number
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
 * The last instant at which the algorithm still asks for what it asks for now, all else equal: after it the end of a window
 * or of a policy's period lets the count go further. Undefined where time alone changes nothing.
 */
export function directUntil(s: Bounds, d: DirectFacts): number | undefined {
  const { desired, state } = directStep(s, d)
  const later = { ...d, state }
  const ends = [...new Set(endsOf(later))].filter((end) => end >= s.now).sort((a, b) => a - b)
  return ends.find((end) => directStep({ ...s, now: end + 1 }, later).desired !== desired)
}

/** The last instants of all windows and periods that what is remembered is in. */
function endsOf({ behavior, state }: DirectFacts): readonly number[] {
  const { scaleUp, scaleDown } = completeBehavior(behavior ?? {})
  const both = [scaleUp, scaleDown]
  const window = defaultFlags.downscaleStabilization
  // without a behavior the edge of the window is in it
  const inside = behavior === undefined ? 0 : 1
  const windows = both.map((rules) => rules.stabilizationWindowSeconds ?? window)
  const periods = both.flatMap(({ policies = [] }) => policies.map((p) => p.periodSeconds))
  return [
    ...state.recommendations.flatMap(({ at }) => windows.map((w) => at + w * 1000 - inside)),
    ...[...state.ups, ...state.downs].flatMap(({ at }) => periods.map((p) => at + p * 1000 - 1)),
  ]
}

const inputOf = (s: Bounds, d: DirectFacts) => ({
  now: s.now,
  min: Math.min(Math.max(s.min, 1), Math.max(s.max, 1)),
  max: Math.max(s.max, 1),
  behavior: d.behavior,
  flags: defaultFlags,
  scaled: { spec: s.replicas, status: d.status, pods: d.status, ready: d.ready },
  metrics: d.readings,
})

const asleep = { spec: 0, status: 0, pods: 0, ready: 0 }
const exact = { down: 0, up: 0 }

/** The count that the metrics ask for of a workload at zero: it goes there in one step, policies apply from one up. */
export function directWake({ min, max }: Bounds, { readings }: DirectFacts): number {
  const counts = readings.map((reading) => propose(reading, asleep, exact))
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
