import { find, steady, type Condition } from './conditions.ts'
import { failingJobs, isActiveJob, type JobDecision, type JobSituation } from './decide-jobs.ts'
import { list } from './words.ts'

/** Why Jobs cannot be created (or listed before), and why some cannot be deleted. */
export interface JobTrouble {
  readonly create: string | undefined
  readonly remove: string | undefined
}

/**
 * Ready, Active and Paused of a ScaledJob after a decision, in KEDA's words (keda-behaviour.md 5.4); a type that is left out keeps
 * what it has. `trouble` says why Jobs could not be created, listed or deleted. Messages hold no value, so that rest writes nothing.
 */
export const jobConditionsAfter = (
  s: JobSituation,
  d: JobDecision,
  trouble: JobTrouble,
  before: readonly Condition[],
): readonly Condition[] =>
  s.paused
    ? jobPaused
    : [steady(notReady(trouble) ?? ready(s), before), ...active(s, d), ...jobUnpaused(before)]

const condition = (
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
): Condition => ({ type, status, reason, message })

/** KEDA has no word of its own for Jobs that cannot be deleted; its reconciler says that the check failed. */
function notReady({ create, remove }: JobTrouble): Condition | undefined {
  if (create !== undefined) return condition('Ready', 'False', 'KEDAJobCreateFailed', create)
  return remove === undefined
    ? undefined
    : condition('Ready', 'False', 'ScaledJobCheckFailed', remove)
}

/** Ready of a ScaledJob whose spec can be followed. */
export const jobReady = condition(
  'Ready',
  'True',
  'ScaledJobReady',
  'defined correctly and ready to scale',
)

function ready(s: JobSituation): Condition {
  const blind = failingJobs(s)
  if (blind.length === 0) return jobReady
  const causes = list(blind.map((t) => `${t.metric}: ${t.error ?? 'no reason given'}`))
  return isActiveJob(s)
    ? condition(
        'Ready',
        'Unknown',
        'PartialTriggerError',
        `some triggers cannot be read, the others decide; ${causes}`,
      )
    : condition(
        'Ready',
        'False',
        'TriggerError',
        `no Job is created until the triggers can be read; ${causes}`,
      )
}

function active(s: JobSituation, d: JobDecision): readonly Condition[] {
  if (d.because === 'warming-up') return []
  return isActiveJob(s)
    ? [condition('Active', 'True', 'ScalerActive', 'triggers are active')]
    : [condition('Active', 'False', 'ScalerNotActive', 'no trigger is active')]
}

/** Ready and Paused of a ScaledJob that is paused. Active keeps what it has. */
export const jobPaused: readonly Condition[] = [
  condition('Ready', 'True', 'ScaledJobReady', 'paused by annotation'),
  condition('Paused', 'True', 'ScaledJobPaused', 'no Jobs are created: paused by annotation'),
]

/** Paused of one that is not; none where it never was. */
export const jobUnpaused = (before: readonly Condition[]): readonly Condition[] =>
  find(before, 'Paused')?.status === 'True'
    ? [condition('Paused', 'False', 'ScaledJobUnpaused', 'no longer paused')]
    : []

/** Ready and Active after a spec that cannot be followed; `problem` says what to correct. */
export const jobCheckFailed = (problem: string): readonly Condition[] => [
  condition('Ready', 'False', 'ScaledJobCheckFailed', problem),
  condition('Active', 'Unknown', 'UnknownState', 'unknown while the ScaledJob is not ready'),
]
