import type { TriggerFacts } from './decide.ts'
import { gapPeriods } from './gap.ts'
import {
  combined,
  jobDemand,
  jobsToCreate,
  type Combination,
  type JobBounds,
  type JobDemand,
  type Strategy,
} from './jobs.ts'

/** One metric of one trigger of a ScaledJob. */
export interface JobTriggerFacts extends TriggerFacts {
  /** The trigger's place in the spec: one trigger may have several metrics. */
  readonly index: number
  /** When the newest good sample was asked for (epoch ms). */
  readonly asked: number | undefined
}

/** Everything that decides how many Jobs of a ScaledJob are created now, as plain data that can be stored and decided again. */
export interface JobSituation {
  readonly now: number
  /** Jobs that have not ended. */
  readonly replicas: number
  /** Those of them that do not work yet, by pods and pendingPodConditions. */
  readonly pending: number
  readonly min: number
  /** minReplicaCount and what may run besides. */
  readonly max: number
  readonly bounds: JobBounds
  readonly strategy: Strategy
  readonly combination: Combination
  readonly triggers: readonly JobTriggerFacts[]
  /** The Jobs are known well enough to add to them: from a list made since the start, and from what was created since. */
  readonly listed: boolean
  /** When Jobs were last created, or tried to be; undefined where none were since the start. */
  readonly batch: { readonly began: number; readonly ended: number } | undefined
  /** The polling interval (ms). */
  readonly period: number
  readonly paused: boolean
}

export type JobScaleReason = 'queued' | 'below-min'
export type JobStayReason =
  | 'paused'
  | 'warming-up'
  | 'awaiting-poll'
  | 'awaiting-list'
  | 'failing-blind'
  | 'quiet'
  | 'enough'
export type JobBecause = JobScaleReason | JobStayReason

/** `scaleTo` is how many Jobs run once the new ones are created. */
export type JobDecision =
  | { readonly scaleTo: number; readonly because: JobScaleReason }
  | { readonly stay: true; readonly because: JobStayReason; readonly until: number | undefined }

/** Jobs of one ScaledJob created by one decision; the rest come with the next polls. */
const mostAtOnce = 1_000
/** Polls of one period come a little early or late; so much of it (a part) must have passed since the last creation. */
const paced = 0.9

/** No gap is shorter (ms), as slow sources answer late. */
const shortestGap = 60_000

/**
 * Decides how many Jobs to create by KEDA's rules (keda-behaviour.md 5). Total; Jobs are never taken away here.
 * Departures: what a trigger said counts for one creation only, as in KEDA, where a poll asks all of them at once; with min and
 * avg nothing is created while a trigger cannot be read, because then they may say too much; with max and sum what is read
 * is the least there is.
 */
export function decideJobs(s: JobSituation): JobDecision {
  if (s.paused) return stay('paused')
  if (s.replicas < s.bounds.min) return create(s, s.bounds.min - s.replicas, 'below-min')
  if (s.triggers.length === 0) return stay('quiet')
  if (s.triggers.some((t) => t.state === 'unread')) return stay('warming-up')
  const blind = failingJobs(s).length
  if (blind === s.triggers.length || (blind > 0 && needsAll(s))) return stay('failing-blind')
  const demand = demandOfJobs(s)
  const { bounds, strategy, replicas: running, pending } = s
  const { create: count } = jobsToCreate({ demand, bounds, strategy, running, pending })
  if (count > 0) return create(s, count, 'queued')
  if (blind > 0) return stay('failing-blind')
  return stay(demand.active && demand.queue > 0 ? 'enough' : 'quiet')
}

function create(s: JobSituation, count: number, because: JobScaleReason): JobDecision {
  const next = s.batch === undefined ? s.now : s.batch.began + s.period * paced
  if (s.now < next) return stay('awaiting-poll', next)
  if (because === 'queued' && isUsed(s)) return stay('awaiting-poll')
  if (because === 'queued' && unreadJobs(s).length > 0) return stay('warming-up')
  if (!s.listed) return stay('awaiting-list')
  return { scaleTo: s.replicas + Math.min(count, mostAtOnce), because }
}

/** Triggers that were not read yet, or not since a gap, as after the process was suspended: others may have done that work since. */
export const unreadJobs = ({ now, period, triggers }: JobSituation): readonly JobTriggerFacts[] =>
  triggers.filter(
    ({ state, at = now }) =>
      state === 'unread' ||
      (state !== 'failing' && at < now - Math.max(gapPeriods * period, shortestGap)),
  )

/** Triggers that cannot be read. */
export const failingJobs = (s: Pick<JobSituation, 'triggers'>): readonly JobTriggerFacts[] =>
  s.triggers.filter((t) => t.state === 'failing')

/** Whether the ScaledJob counts as active: KEDA's word for having something to do, or a minimum. */
export const isActiveJob = (s: JobSituation): boolean => demandOfJobs(s).active

const needsAll = ({ combination }: JobSituation): boolean =>
  combination === 'min' || combination === 'avg'

/** What all triggers that can be read ask for (5.2, 5.3). */
export function demandOfJobs(s: JobSituation): JobDemand {
  const readable = s.triggers.filter((t) => t.state !== 'failing' && t.state !== 'unread')
  const places = [...new Set(readable.map((t) => t.index))]
  const demands = places.map((index) => {
    const metrics = readable.filter((t) => t.index === index)
    // the queue is the trigger's first metric; a first one that fails leaves none
    const first = s.triggers.find((t) => t.index === index)
    const values = metrics.filter((t) => t === first).flatMap((t) => t.value ?? [])
    const targets = s.triggers.filter((t) => t.index === index).map((t) => t.target)
    return jobDemand(
      values,
      targets,
      metrics.some((t) => t.state === 'active'),
      s.bounds,
    )
  })
  return combined(demands, s.combination, s.bounds)
}

/** Whether a trigger's word was asked for before the last creation was over, so that it may count what those Jobs work on. */
const isUsed = ({ triggers, batch }: JobSituation): boolean =>
  batch !== undefined &&
  triggers.some((t) => t.state !== 'failing' && (t.asked ?? 0) <= batch.ended)

const stay = (because: JobStayReason, until?: number): JobDecision => ({
  stay: true,
  because,
  until,
})
