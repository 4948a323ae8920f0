import { parseTime, rfc3339 } from '../../clock.ts'
import type { Activity } from '../../core/activity.ts'
import { find } from '../../core/conditions.ts'
import { isActiveJob, type JobDecision, type JobSituation } from '../../core/decide-jobs.ts'
import {
  jobCheckFailed,
  jobConditionsAfter,
  jobPaused,
  jobUnpaused,
  type JobTrouble,
} from '../../core/job-conditions.ts'
import { explainJobs } from '../../core/job-reasons.ts'
import { kinds } from '../../kinds.ts'
import type { Condition, ScaledJob } from '../../resources.ts'
import type { Happening } from '../events.ts'
import { newTroubles, strangeKeys } from '../happenings.ts'
import type { Write } from '../insight.ts'
import { distinct } from '../settings.ts'
import type { Shared } from '../shared.ts'
import { same, type Fields } from '../status.ts'
import { conditionsOf, createTelling, type Telling } from '../telling.ts'
import type { Plan } from '../triggers.ts'

/** How a ScaledJob stands, for those who look at it: told by status, events and log. Writes only what changed. */
export interface JobStanding extends Pick<Telling<ScaledJob>, 'emit'> {
  conditions(): readonly Condition[]
  /** The mirror, or a write, has this version of the object. */
  observe(object: ScaledJob): void
  /** The spec can be followed; `before` are the plans until now. */
  prepared(plans: readonly Plan[], generation: number, before: readonly Plan[]): void
  refused(problem: string): void
  /** Nothing is asked any more. */
  stopped(): void
  paused(): void
  decided(situation: JobSituation, decision: JobDecision): void
  /** Jobs were created, or some could not be. */
  wrote(situation: JobSituation, decision: JobDecision, write: Write): void
  /** Why Jobs cannot be created or deleted; undefined once they can. */
  troubled(doing: keyof JobTrouble, why: string | undefined): void
  triggerTurned(type: string, metric: string, error: string | undefined): void
  deleted(): void
  close(): Promise<void>
}

export function createJobStanding(
  first: ScaledJob,
  shared: Shared,
  signal: AbortSignal,
): JobStanding {
  const { log, clock } = shared
  const id = `${first.metadata.namespace ?? ''}/${first.metadata.name}`
  let object = first
  let activity: Activity = first.status?.triggersActivity ?? {}
  let metrics = first.status?.externalMetricNames
  let storedLastActive = parseTime(first.status?.lastActiveTime)
  let trouble: JobTrouble = { create: undefined, remove: undefined }
  let refused = false
  let advisedOn =
    find(conditionsOf(first), 'Ready')?.status === 'True' ? first.metadata.generation : undefined

  const telling: Telling<ScaledJob> = createTelling(
    {
      shared,
      kind: kinds.scaledJob,
      first,
      conditions: conditionsOf(first),
      want: () => wanted(),
      turned: (before, now) => tell(before, now),
    },
    signal,
  )
  const { publisher } = telling
  const emit = (what: Happening): void => telling.emit(what)

  const wanted = (): Fields => ({
    conditions: telling.conditions,
    triggersActivity: activity,
    externalMetricNames: metrics,
    triggersTypes: distinct(object.spec.triggers.map((t) => t.type)) || undefined,
    authenticationsTypes:
      distinct(object.spec.triggers.map((t) => t.authenticationRef?.name)) || undefined,
    ...(storedLastActive !== undefined && { lastActiveTime: rfc3339(storedLastActive) }),
  })

  function tell(before: Condition | undefined, now: Condition): void {
    const note = now.message ?? ''
    if (now.type === 'Ready') {
      if (now.reason === 'ScaledJobCheckFailed') {
        log.warn({ object: id, error: note }, 'not ready')
        emit({ type: 'Warning', reason: 'ScaledJobCheckFailed', note })
      } else if (now.status === 'True' && before?.status !== 'True')
        emit({ type: 'Normal', reason: 'ScaledJobReady', note: 'ScaledJob is ready for scaling' })
      return
    }
    if (before?.status === now.status) return
    const reason = turns[`${now.type} ${now.status}`]
    if (reason !== undefined) emit({ type: 'Normal', reason, note })
  }

  /** Kept in memory, written when activity begins and ends. */
  const noteActivity = (s: JobSituation): void => {
    const wasActive = find(telling.conditions, 'Active')?.status === 'True'
    if (wasActive !== isActiveJob(s)) storedLastActive = clock.now()
    const next = Object.fromEntries(
      s.triggers.flatMap((t) => {
        const isActive =
          t.state === 'unread' ? (activity[t.metric]?.isActive ?? false) : t.state === 'active'
        return [[t.metric, { isActive }]]
      }),
    )
    if (same(next, activity)) return
    activity = next
    publisher.poke()
  }

  return {
    conditions: () => telling.conditions,
    emit,
    observe(next) {
      object = next
      telling.observe(next)
    },
    prepared(plans, generation, before) {
      refused = false
      metrics = plans.flatMap((plan) => plan.metrics)
      const isOn = (type: string): boolean => find(telling.conditions, type)?.status === 'True'
      if (before.length === 0 && (!isOn('Ready') || isOn('Paused')))
        emit({ type: 'Normal', reason: 'KEDAScalersStarted', note: 'Started scalers watch' })
      const advice = generation === advisedOn ? [] : strangeKeys(plans)
      advisedOn = generation
      for (const note of [...advice, ...newTroubles(plans, before)]) {
        log.warn({ object: id }, note)
        emit({ type: 'Warning', reason: 'KEDAScalerInfo', note })
      }
      publisher.poke()
    },
    refused(problem) {
      refused = true
      telling.take([...jobCheckFailed(problem), ...jobUnpaused(telling.conditions)])
    },
    stopped: () =>
      emit({ type: 'Normal', reason: 'KEDAScalersStopped', note: 'Stopped scalers watch' }),
    paused() {
      telling.take(jobPaused)
      publisher.poke()
    },
    decided(situation, decision) {
      if (refused) return
      if (decision.because === 'quiet' || decision.because === 'enough')
        trouble = { ...trouble, create: undefined }
      if (!situation.paused && decision.because !== 'warming-up') noteActivity(situation)
      telling.take(jobConditionsAfter(situation, decision, trouble, telling.conditions))
    },
    wrote(situation, decision, write) {
      if (write.kind !== 'scaled' && write.kind !== 'failed') return
      const why = explainJobs(situation, decision)
      if (write.kind === 'failed') {
        log.warn({ object: id, because: decision.because, error: write.error }, 'Jobs not created')
        emit({ type: 'Warning', reason: 'KEDAJobCreateFailed', note: write.error })
        return
      }
      const { from, to } = write
      log.info({ object: id, because: decision.because, from, to }, why)
      emit({ type: 'Normal', reason: 'KEDAJobsCreated', note: `Created ${to - from} jobs: ${why}` })
    },
    troubled(doing, why) {
      trouble = { ...trouble, [doing]: why }
    },
    triggerTurned(type, metric, error) {
      if (error === undefined) return log.info({ object: id, metric }, 'trigger recovered')
      log.warn({ object: id, metric, error }, 'trigger fails')
      emit({ type: 'Warning', reason: 'KEDAScalerFailed', note: `${type} ${metric}: ${error}` })
    },
    deleted: () =>
      emit({ type: 'Warning', reason: 'ScaledJobDeleted', note: 'ScaledJob was deleted' }),
    close: () => publisher.idle(),
  }
}

/** The event that a change of a condition is told by, in KEDA's words. */
const turns: Readonly<Record<string, string>> = {
  'Active True': 'ScaledJobActive',
  'Active False': 'ScaledJobInactive',
  'Paused True': 'ScaledJobPaused',
  'Paused False': 'ScaledJobUnpaused',
}
