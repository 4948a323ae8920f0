import { completeBehavior, type Behavior, type Rules } from './behavior.ts'
import {
  canReadScale,
  computed,
  disabledAtZero,
  heldBack,
  inRange,
  limitedBy,
  noMetrics,
  notWritten,
  ready,
  unreadable,
  written,
  type HpaCondition,
} from './hpa-conditions.ts'
import { downLimit, recordChange, upLimit, type ScaleEvents } from './pace.ts'
import {
  propose,
  type HpaReading,
  type Proposal,
  type Scaled,
  type Tolerances,
} from './proposal.ts'
import { parseQuantity } from './quantity.ts'
import { stabilize, stabilizeDown, type Recommendation, type Stabilized } from './stabilize.ts'

/** Flags of the kube-controller-manager that the algorithm depends on. */
export interface HpaFlags {
  /** --horizontal-pod-autoscaler-tolerance */
  readonly tolerance: number
  /** --horizontal-pod-autoscaler-downscale-stabilization, in seconds */
  readonly downscaleStabilization: number
}

export const defaultFlags: HpaFlags = { tolerance: 0.1, downscaleStabilization: 300 }

/** All that one sync of an HPA looks at, besides what it remembers. */
export interface HpaInput {
  /** Epoch ms. */
  readonly now: number
  readonly min: number
  readonly max: number
  readonly behavior: Behavior | undefined
  readonly flags: HpaFlags
  readonly scaled: Scaled
  /** In the order of the HPA's spec. */
  readonly metrics: readonly HpaReading[]
}

/** What an HPA remembers from one sync to the next; lost with the process that holds it. */
export interface HpaState extends ScaleEvents {
  readonly recommendations: readonly Recommendation[]
}

export const noHpaState: HpaState = { recommendations: [], ups: [], downs: [] }

/** Why the HPA came to its count. */
export type HpaWhy =
  /** The target is at 0, and the HPA's min is not. */
  | 'scaling-disabled'
  | 'above-max'
  | 'below-min'
  /** No metric could be read, or one of several could not and the others ask for less. */
  | 'metrics-missing'
  /** Nothing asks for another count; the tolerance may have hidden it. */
  | 'on-target'
  | 'above-target'
  | 'below-target'
  /** A stabilization window holds the count, wholly or in part. */
  | 'stabilized'
  /** A scaling policy, or the default pace, allows less of a change. */
  | 'rate-limited'
  | 'at-max'
  | 'at-min'

export interface HpaStep {
  /** The count to have now; the current one where nothing is to be written. */
  readonly desired: number
  readonly why: HpaWhy
  /** The metric that asked for the most, where one was heard. */
  readonly metric: string | undefined
  /** What each metric asked for, in order; empty where none was looked at. */
  readonly proposals: readonly Proposal[]
  /** To be laid over the HPA's conditions; types left out keep what they have. */
  readonly conditions: readonly HpaCondition[]
  /** To be remembered. Once `desired` is written, `rescaled` adds that change. */
  readonly state: HpaState
}

/**
 * One sync of the HPA controller, kubernetes 1.35 (pkg/controller/podautoscaler/horizontal.go), for autoscaling/v2 with
 * per-direction tolerance. Selectors, reading and writing of the scale are the caller's; so is the count of cpu and memory.
 */
export function hpaStep(input: HpaInput, before: HpaState): HpaStep {
  const { scaled, min, max } = input
  const state = remembered(input, before)
  const plain = (desired: number, why: HpaWhy, more: readonly HpaCondition[] = []): HpaStep => ({
    desired,
    why,
    metric: undefined,
    proposals: [],
    conditions: [canReadScale, ...more],
    state,
  })
  if (scaled.spec === 0 && min !== 0) return plain(0, 'scaling-disabled', [disabledAtZero])
  if (scaled.spec > max) return plain(max, 'above-max')
  if (scaled.spec < min) return plain(min, 'below-min')
  return byMetrics(input, state)
}

/** The very first recommendation is the count found, so that a restarted controller does not scale down at once. */
function remembered({ now, scaled }: HpaInput, before: HpaState): HpaState {
  if (before.recommendations.length > 0) return before
  return { ...before, recommendations: [{ at: now, replicas: scaled.spec }] }
}

/** What is remembered and said once the scale was written; `from` is the count that was there. */
export function rescaled(
  step: HpaStep,
  input: Pick<HpaInput, 'now' | 'behavior'>,
  from: number,
): Pick<HpaStep, 'state' | 'conditions'> {
  const { desired, state, conditions } = step
  const events =
    input.behavior === undefined
      ? state
      : recordChange(input.now, from, desired, completeBehavior(input.behavior), state)
  return { state: { ...state, ...events }, conditions: withAbility(conditions, written(desired)) }
}

/** What is said when the scale could not be written. */
export const notRescaled = (step: HpaStep, error: string): readonly HpaCondition[] =>
  withAbility(step.conditions, notWritten(error))

const withAbility = (
  conditions: readonly HpaCondition[],
  ability: HpaCondition,
): readonly HpaCondition[] => [ability, ...conditions.filter((c) => c.type !== ability.type)]

function byMetrics(input: HpaInput, state: HpaState): HpaStep {
  const { scaled, metrics } = input
  const tolerances = tolerancesOf(input)
  const proposals = metrics.map((m) => propose(m, scaled, tolerances))
  const { most, metric, missing } = highest(metrics, proposals)
  // one metric that cannot be read may be the one that needs the replicas, so then nothing goes down
  if (missing !== undefined && (metric === undefined || most < scaled.spec))
    return {
      desired: scaled.spec,
      why: 'metrics-missing',
      metric: undefined,
      proposals,
      conditions: [canReadScale, missing],
      state,
    }
  return limited(input, state, Math.max(most, 0), metric, proposals)
}

/** The largest proposal wins; the condition is that of the first metric that could not be read. */
function highest(
  metrics: readonly HpaReading[],
  proposals: readonly Proposal[],
): { most: number; metric: string | undefined; missing: HpaCondition | undefined } {
  let most = 0
  let metric: string | undefined
  let missing = metrics.length === 0 ? noMetrics : undefined
  for (const [i, p] of proposals.entries()) {
    if (p.kind === 'missing') missing ??= unreadable(p.reason, p.message)
    else if (most === 0 || p.replicas > most) {
      most = p.replicas
      metric = metrics[i]?.name
    }
  }
  return { most, metric, missing }
}

function limited(
  input: HpaInput,
  state: HpaState,
  wanted: number,
  metric: string | undefined,
  proposals: readonly Proposal[],
): HpaStep {
  const rules = input.behavior === undefined ? undefined : completeBehavior(input.behavior)
  const { replicas: stable, recommendations } = stabilized(input, state, wanted, rules)
  const limit = limitOf(input, state, stable, rules)
  const desired = limit?.replicas ?? stable
  const current = input.scaled.spec
  return {
    desired,
    why: limit?.why ?? (stable === wanted ? direction(wanted, current) : 'stabilized'),
    metric,
    proposals,
    conditions: [
      stable === wanted ? ready : heldBack(wanted, current, rules !== undefined),
      computed(metric),
      limit === undefined ? inRange : limitedBy[limit.reason],
    ],
    state: { ...state, recommendations },
  }
}

const direction = (wanted: number, current: number): HpaWhy =>
  wanted > current ? 'above-target' : wanted < current ? 'below-target' : 'on-target'

interface Completed {
  readonly scaleUp: Rules
  readonly scaleDown: Rules
}

function stabilized(
  { now, scaled, flags }: HpaInput,
  { recommendations }: HpaState,
  wanted: number,
  rules: Completed | undefined,
): Stabilized {
  const flag = flags.downscaleStabilization
  if (rules === undefined) return stabilizeDown(now, wanted, flag * 1000, recommendations)
  const windows = {
    up: (rules.scaleUp.stabilizationWindowSeconds ?? 0) * 1000,
    down: (rules.scaleDown.stabilizationWindowSeconds ?? Math.trunc(flag)) * 1000,
  }
  return stabilize(now, scaled.spec, wanted, windows, recommendations)
}

type LimitReason = keyof typeof limitedBy
interface Limit {
  readonly replicas: number
  readonly reason: LimitReason
  readonly why: HpaWhy
}

/** The bound that cuts the count, if one does. */
function limitOf(
  input: HpaInput,
  state: HpaState,
  wanted: number,
  rules: Completed | undefined,
): Limit | undefined {
  const { min, max, now } = input
  const current = input.scaled.spec
  const top = rules ? upLimit(now, current, rules.scaleUp, state) : Math.max(2 * current, 4)
  const bottom = rules ? downLimit(now, current, rules.scaleDown, state) : min
  const up: Limit =
    max > top
      ? { replicas: top, reason: 'ScaleUpLimit', why: 'rate-limited' }
      : { replicas: max, reason: 'TooManyReplicas', why: 'at-max' }
  const down: Limit =
    min < bottom
      ? { replicas: bottom, reason: 'ScaleDownLimit', why: 'rate-limited' }
      : { replicas: min, reason: 'TooFewReplicas', why: 'at-min' }
  // both bounds allow at least the current count, which is within min..max here, so neither turns a move around
  if (wanted < down.replicas) return down
  if (wanted > up.replicas) return up
  return undefined
}

function tolerancesOf({ behavior, flags }: HpaInput): Tolerances {
  const read = (own: string | number | undefined): number =>
    own === undefined ? flags.tolerance : (parseQuantity(String(own)) ?? flags.tolerance)
  return { down: read(behavior?.scaleDown?.tolerance), up: read(behavior?.scaleUp?.tolerance) }
}
