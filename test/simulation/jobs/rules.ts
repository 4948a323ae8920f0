import type { ScaledJob, TriggerSpec } from '../../../src/resources.ts'
import type { Heard } from '../knowledge.ts'
import { parametersOf } from '../scenario.ts'

/**
 * How many Jobs may be created, from what KEDA documents of ScaledJobs (strategies, several triggers, min and max) and from
 * what a process was told. Written without a look at how Ebb decides.
 */
export interface Crowd {
  /** Jobs that have not ended. */
  readonly running: number
  /** Those of them whose pods do not work yet. */
  readonly pending: number
}

/** What one trigger asks for, by its newest answer. */
type Ask =
  | { readonly kind: 'unread' | 'failing' | 'idle' }
  | { readonly kind: 'active'; readonly queue: number; readonly jobs: number }

/** min Jobs at all times, and `extra` besides. */
export function boundsOf({ spec }: ScaledJob): { readonly min: number; readonly extra: number } {
  const { minReplicaCount: min = 0, maxReplicaCount: max } = spec
  if (max === undefined) return { min, extra: 100 }
  return { min: Math.min(min, max), extra: min > max ? max : max - min }
}

export const isJobPaused = ({ metadata }: ScaledJob): boolean =>
  metadata.annotations?.['autoscaling.keda.sh/paused'] !== undefined

export const isBounded = ({ spec }: ScaledJob): boolean =>
  spec.scalingStrategy?.strategy !== 'custom' ||
  !Number.isFinite(Number(spec.scalingStrategy.customScalingRunningJobPercentage))

function askOf(trigger: TriggerSpec, heard: Heard | undefined): Ask {
  const { target, activation, ignoreEmpty } = parametersOf(trigger)
  if (!heard) return { kind: 'unread' }
  const { told } = heard
  if (told.kind === 'error' || (told.kind === 'void' && !ignoreEmpty)) return { kind: 'failing' }
  const value = told.kind === 'value' ? told.value : 0
  if (value <= activation) return { kind: 'idle' }
  return { kind: 'active', queue: value, jobs: value / target }
}

/**
 * How many Jobs all triggers together ask for, by these answers; or why they say nothing. Of triggers with equal queues KEDA
 * does not say which decides: `ties` is the one that asks for most of them, or for least.
 */
export function askedFor(
  object: ScaledJob,
  answers: readonly (Heard | undefined)[],
  ties: 'most' | 'least' = 'most',
): number | string {
  const { extra } = boundsOf(object)
  const asks = object.spec.triggers.map((trigger, index) => askOf(trigger, answers[index]))
  if (asks.some(({ kind }) => kind === 'unread')) return 'not every trigger was read'
  const by = object.spec.scalingStrategy?.multipleScalersCalculation ?? 'max'
  const blind = asks.some(({ kind }) => kind === 'failing')
  if (blind && (by === 'min' || by === 'avg'))
    return `a trigger cannot be read, and ${by} needs all`
  const active = asks.flatMap((ask) => (ask.kind === 'active' ? [ask] : []))
  if (active.length === 0) return 'no trigger asks for a Job'
  const capped = active.map((ask) => ({ ...ask, jobs: Math.min(ask.jobs, extra) }))
  return Math.ceil(Math.min(extra, combine(capped, by, ties)))
}

function combine(
  asks: readonly { readonly queue: number; readonly jobs: number }[],
  by: string,
  ties: 'most' | 'least',
): number {
  const sum = asks.reduce((all, { jobs }) => all + jobs, 0)
  if (by === 'sum') return sum
  if (by === 'avg') return sum / asks.length
  const sorted = asks.toSorted((a, b) => a.queue - b.queue)
  const queue = (by === 'min' ? sorted[0] : sorted.at(-1))?.queue
  const equal = asks.filter((ask) => ask.queue === queue).map(({ jobs }) => jobs)
  return ties === 'most' ? Math.max(...equal) : Math.min(...equal)
}

/** How many Jobs may be created where so many are asked for and so many are there. */
export function mayCreate(object: ScaledJob, asked: number, { running, pending }: Crowd): number {
  const { min, extra } = boundsOf(object)
  const besides = running - min
  const {
    strategy,
    customScalingQueueLengthDeduction: deduction = 0,
    ...more
  } = object.spec.scalingStrategy ?? {}
  const share = Number(more.customScalingRunningJobPercentage ?? Number.NaN)
  if (strategy === 'accurate')
    return asked + besides - pending > extra ? extra - besides : asked - pending
  if (strategy === 'eager') return Math.min(extra - besides - pending, asked)
  if (strategy === 'custom' && Number.isFinite(share))
    return Math.min(asked - deduction - Math.trunc(besides * share), extra)
  return asked - besides
}

/** Whether a change of the ScaledJob deletes the Jobs of versions before. */
export const rollsOut = ({ spec }: ScaledJob): boolean =>
  (spec.rolloutStrategy ?? spec.rollout?.strategy) !== 'gradual'
