import { decimal } from './modifiers.ts'
import { toMilli } from './quantity.ts'

/** How many Jobs of a ScaledJob may be there. */
export interface JobBounds {
  /** As many run at all times. */
  readonly min: number
  /** KEDA's maxReplicaCount(): how many may run besides those. */
  readonly extra: number
}

/** The bounds of a spec (1.11). Without a maxReplicaCount min is not taken from the default of 100, as in KEDA (A13). */
export function jobBounds({
  minReplicaCount: min = 0,
  maxReplicaCount: max,
}: {
  readonly minReplicaCount?: number | undefined
  readonly maxReplicaCount?: number | undefined
}): JobBounds {
  if (max === undefined) return { min, extra: 100 }
  return min > max ? { min: max, extra: max } : { min, extra: max - min }
}

/** What one trigger asks for. */
export interface JobDemand {
  /** Its backlog. */
  readonly queue: number
  /** The Jobs it takes, by its target, at most the bounds'. */
  readonly most: number
  readonly active: boolean
}

/**
 * A trigger's demand (5.2). `values` are those of the metric of its first spec, as read; `targets` are the averageValues
 * of all its specs, 0 where one has none.
 */
export function jobDemand(
  values: readonly number[],
  targets: readonly number[],
  active: boolean,
  { extra }: JobBounds,
): JobDemand {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)
  const queue = sum(values.map((value) => Number(toMilli(value)) / 1000))
  const target = targets.length === 0 ? 0 : sum(targets) / targets.length
  return { queue, most: target === 0 ? 0 : Math.min(queue / target, extra), active }
}

export type Combination = 'min' | 'avg' | 'sum' | 'max'

/** multipleScalersCalculation; anything unknown is max. */
export const combinationOf = (text: string | undefined): Combination =>
  text === 'min' || text === 'avg' || text === 'sum' ? text : 'max'

/**
 * The demand of all triggers (5.3), in whole Jobs. Only active ones take part. By `max` an active trigger with an empty
 * queue is not active (A14), by `min` it counts as not chosen yet.
 */
export function combined(
  demands: readonly JobDemand[],
  by: Combination,
  { min, extra }: JobBounds,
): JobDemand {
  const { queue, most, active } = combinations[by](demands.filter((d) => d.active))
  return {
    queue: Math.ceil(queue),
    most: Math.ceil(Math.min(most, extra)),
    active: active || min > 0,
  }
}

const nothing: JobDemand = { queue: 0, most: 0, active: false }

const total = (demands: readonly JobDemand[]): JobDemand =>
  demands.reduce(
    (all, d) => ({ queue: all.queue + d.queue, most: all.most + d.most, active: true }),
    nothing,
  )

const combinations: Readonly<Record<Combination, (demands: readonly JobDemand[]) => JobDemand>> = {
  max: (demands) => demands.reduce((chosen, d) => (d.queue > chosen.queue ? d : chosen), nothing),
  min: (demands) =>
    demands.reduce(
      (chosen, d) => (chosen.queue === 0 || d.queue < chosen.queue ? d : chosen),
      nothing,
    ),
  sum: total,
  avg(demands) {
    const { queue, most, active } = total(demands)
    const count = Math.max(demands.length, 1)
    return { queue: queue / count, most: most / count, active }
  },
}

/** How the Jobs that run already are taken into account. */
export type Strategy =
  | { readonly kind: 'default' | 'accurate' | 'eager' }
  | { readonly kind: 'custom'; readonly deduction: number; readonly share: number }

/** scalingStrategy; anything unknown, and a custom one whose percentage is no number, is the default. */
export function strategyOf(
  spec:
    | {
        readonly strategy?: string | undefined
        readonly customScalingQueueLengthDeduction?: number | undefined
        readonly customScalingRunningJobPercentage?: string | undefined
      }
    | undefined,
): Strategy {
  const kind = spec?.strategy
  if (kind === 'accurate' || kind === 'eager') return { kind }
  const share = decimal(spec?.customScalingRunningJobPercentage)
  if (kind !== 'custom' || share === undefined) return { kind: 'default' }
  return { kind, deduction: spec?.customScalingQueueLengthDeduction ?? 0, share }
}

/** Everything that decides how many Jobs are created now. */
export interface JobFigures {
  /** From `combined`. */
  readonly demand: JobDemand
  readonly bounds: JobBounds
  readonly strategy: Strategy
  /** From `countJobs`. */
  readonly running: number
  readonly pending: number
}

/** Why so many: the queue, the minimum, nothing to do, or as many as there may be are there already. */
export type JobReason = 'queued' | 'below-min' | 'quiet' | 'enough'

export interface JobCount {
  readonly create: number
  readonly because: JobReason
}

/** How many Jobs to create (5.4). Total; never negative. */
export function jobsToCreate(s: JobFigures): JobCount {
  const { demand, bounds, running } = s
  if (!demand.active) return { create: 0, because: 'quiet' }
  if (running < bounds.min) return { create: bounds.min - running, because: 'below-min' }
  const wanted = s.strategy.kind === 'eager' ? bounds.extra : demand.queue
  const create = Math.max(0, Math.min(wanted, allowed(s)))
  if (create > 0) return { create, because: 'queued' }
  return { create: 0, because: wanted > 0 && demand.queue > 0 ? 'enough' : 'quiet' }
}

/** effectiveMaxScale: how many Jobs the strategy lets be created, negative where there are too many. */
function allowed({ demand, bounds, strategy, running, pending }: JobFigures): number {
  const { most } = demand
  const { extra } = bounds
  const busy = running - bounds.min
  if (strategy.kind === 'custom')
    return Math.min(most - strategy.deduction - Math.trunc(busy * strategy.share), extra)
  if (strategy.kind === 'accurate')
    return most + busy - pending > extra ? extra - busy : most - pending
  return strategy.kind === 'eager' ? Math.min(extra - busy - pending, most) : most - busy
}
