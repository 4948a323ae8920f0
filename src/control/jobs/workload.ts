import { parseTime } from '../../clock.ts'
import type { JobSituation, JobTriggerFacts } from '../../core/decide-jobs.ts'
import { countJobs, type JobFacts, type JobPod } from '../../core/job-list.ts'
import { jobNameLabel, labelOfJobs } from '../../core/job-object.ts'
import { isShadow } from '../../core/mode.ts'
import { isJobPaused } from '../../core/pause.ts'
import { explain } from '../../core/reasons.ts'
import { failure, isFailure, reasonOf } from '../../errors.ts'
import { kinds } from '../../kinds.ts'
import type { ScaledJob } from '../../resources.ts'
import type { PodView } from '../../scaler.ts'
import { createAsking, reconciling } from '../asking.ts'
import { claim, release } from '../claim.ts'
import { concerns } from '../concerns.ts'
import type { WorkloadView } from '../insight.ts'
import { retried } from '../retry.ts'
import { passing, withheldAs, type Shared } from '../shared.ts'
import type { Trigger } from '../triggers.ts'
import { viewOf } from '../view.ts'
import { createJobBook } from './book.ts'
import { createJobDecider } from './decider.ts'
import type { JobsByOwner } from './kept.ts'
import { makeJobs, refusal } from './make.ts'
import { checkJob, jobSettingsOf, needsPods, planJob, type ResolvedJob } from './resolve.ts'
import { createJobStanding } from './standing.ts'
import { createTidier } from './tidy.ts'

/** What the loops of ScaledJobs have beside the others. */
export interface JobShared extends Shared {
  readonly jobs: JobsByOwner
}

/** One ScaledJob with its loop: resolve -> subscribe -> decide -> create and tidy. */
export interface JobWorkload {
  object(): ScaledJob
  /** The mirror has another version of the object. */
  update(object: ScaledJob): void
  /** Something the spec is resolved from has changed. */
  resolve(): void
  /** A Job of its has come, changed or gone: those that ended may be too many. */
  jobChanged(job: string): void
  view(): WorkloadView
  /** Ends the loop; nothing is written after it has resolved. */
  close(): Promise<void>
}

export function createJobWorkload(first: ScaledJob, all: JobShared): JobWorkload {
  let object = first
  /** In shadow, by the process or by its annotation, nothing at all is written for it. */
  const shared: JobShared = {
    ...all,
    writes: () => all.writes() && !isShadow(object.metadata.annotations),
    standsBy: () => all.standsBy() && !isShadow(object.metadata.annotations),
  }
  const { cluster, clock, log, meter } = shared
  const { namespace = '', name } = first.metadata
  const whose = { kind: 'ScaledJob', namespace, name } as const
  const id = `${namespace}/${name}`
  const stop = new AbortController()
  const { signal } = stop

  let resolved: ResolvedJob | undefined
  let pods: PodView | undefined
  let cancelAlarm: (() => void) | undefined
  const asked = new Map<string, number>()

  const standing = createJobStanding(first, shared, signal)
  const created = parseTime(first.metadata.creationTimestamp) ?? clock.now()
  const past = { created, madeBefore: mayHaveMade(first) }
  const book = createJobBook({ ...whose, ...past }, shared.jobs, cluster, clock)
  const asking = createAsking(
    {
      shared,
      whose,
      start: clock.now(),
      current: () => resolved,
      known: (index) => resolved?.plans.find((p) => p.index === index)?.specs ?? [],
      async plan(from, wait) {
        const at = resolved?.object ?? object
        return { ...(await planJob(at, from, wait)), period: jobSettingsOf(at).period }
      },
      turned: (...what) => standing.triggerTurned(...what),
      sampled(trigger, sample) {
        if (sample.answer.kind !== 'error') asked.set(trigger.metric, sample.at - sample.took)
        look()
      },
      changed: () => reconciler.poke(),
    },
    signal,
  )
  const { sampling, held } = asking

  const tidier = createTidier(
    {
      ...shared,
      scaledJob: () =>
        shared.writes() && resolved?.broken === false ? resolved.object : undefined,
      jobs: () => book.all(),
      emit: standing.emit,
      troubled: (why) => standing.troubled('remove', why),
    },
    signal,
  )

  const lister = retried(
    async () => {
      try {
        await shared.limited(() => book.list(signal))
        standing.troubled('create', undefined)
      } catch (error) {
        if (signal.aborted) return 'done'
        if (!isFailure(error, ...passing)) {
          const { message } = refusal('listing Jobs, without which none is created,', error)
          standing.troubled('create', message)
        }
        log.warn({ object: id, error: reasonOf(error) }, 'Jobs not listed')
        return 'again'
      }
      decider.evaluate()
      return 'done'
    },
    clock,
    shared.random,
  )

  const decider = createJobDecider(
    {
      clock,
      situation: () => (resolved && !isGoing() ? situationOf(resolved) : undefined),
      writes: shared.writes,
      standsBy: shared.standsBy,
      list: () => lister.poke(),
      async make(count) {
        const at = resolved
        if (!at) return { made: 0, problem: undefined }
        const goesOn = (): boolean =>
          resolved?.object.metadata.generation === at.object.metadata.generation &&
          shared.writes() &&
          !isPaused() &&
          !isGoing()
        const { limited, version } = shared
        const parts = { cluster, book, limited, version, goesOn }
        const outcome = await makeJobs(at.object, count, parts, signal)
        standing.troubled('create', outcome.problem?.message)
        return outcome
      },
      decided(situation, decision, changed) {
        meter.decided(decision.because)
        if (changed && log.isLevelEnabled('debug'))
          log.debug({ object: id, because: decision.because }, explain(situation, decision))
        standing.decided(situation, decision)
      },
      wrote(situation, decision, write) {
        if (write.kind !== 'none') meter.scaled(whose, write.kind)
        standing.wrote(situation, decision, write)
        if (write.kind === 'failed') standing.decided(situation, decision)
      },
    },
    signal,
  )

  const isGoing = (): boolean => object.metadata.deletionTimestamp !== undefined

  const isPaused = (): boolean => isJobPaused(object.metadata.annotations)

  const factsOf = (trigger: Trigger): JobTriggerFacts => ({
    ...trigger.facts(),
    index: trigger.plan.index,
    asked: asked.get(trigger.metric),
  })

  function situationOf({ object: { spec }, settings }: ResolvedJob): JobSituation {
    const { bounds, strategy, combination, period } = settings
    const { running, pending } = count(settings.pendingPodConditions)
    return {
      now: clock.now(),
      replicas: running,
      pending,
      min: spec.minReplicaCount ?? 0,
      max: bounds.min + bounds.extra,
      bounds,
      strategy,
      combination,
      triggers: sampling.triggers.map(factsOf),
      listed: book.listed,
      batch: decider.batch,
      period,
      paused: isPaused(),
    }
  }

  /** Where the pods are not known, every Job counts as pending. */
  function count(conditions: readonly string[]): ReturnType<typeof countJobs> {
    const byJob = new Map<string, JobPod[]>()
    for (const pod of pods && !pods.stale ? pods.list() : [])
      if (pod.job !== undefined) byJob.set(pod.job, [...(byJob.get(pod.job) ?? []), pod])
    const jobs: JobFacts[] = []
    for (const job of book.all())
      if (job.finished === undefined) jobs.push({ ...job, pods: byJob.get(job.name) ?? [] })
    return countJobs(jobs, conditions)
  }

  /** Without triggers to be asked, a minimum is looked at by an alarm. */
  function look(): void {
    cancelAlarm?.()
    cancelAlarm = undefined
    if (signal.aborted) return
    // such a Job would take the place of a new one for ever
    if (book.doubtful) lister.poke()
    decider.evaluate()
    if (resolved && sampling.triggers.length === 0 && resolved.settings.bounds.min > 0)
      cancelAlarm = clock.after(resolved.settings.period, look)
  }

  async function prepare(): Promise<'done' | 'again'> {
    const claimed = shared.writes()
      ? await claim(cluster, kinds.scaledJob, object, undefined, signal)
      : object
    if (claimed !== object) standing.observe(claimed)
    if (isJobPaused(claimed.metadata.annotations)) {
      stopAsking()
      standing.paused()
      return 'done'
    }
    checkJob(claimed)
    const settings = jobSettingsOf(claimed)
    const from = asking.source(Number.NEGATIVE_INFINITY, signal)
    const { plans, problems } = await planJob(claimed, from, signal)
    signal.throwIfAborted()
    held.settle()
    followPods(needsPods(settings))
    const before = resolved?.plans ?? []
    resolved = { object: claimed, settings, plans, broken: problems.length > 0 }
    sampling.use(plans, settings.period)
    for (const metric of asked.keys())
      if (!sampling.triggers.some((t) => t.metric === metric)) asked.delete(metric)
    if (problems.length > 0) standing.refused(failure('SPEC_INVALID', { problems }).message)
    else standing.prepared(plans, claimed.metadata.generation ?? 0, before)
    look()
    tidier.poke()
    return problems.length > 0 || plans.some((plan) => plan.announced.lacking) ? 'again' : 'done'
  }

  function followPods(wanted: boolean): void {
    if (wanted) pods ??= shared.followPods(namespace, `${jobNameLabel}=${labelOfJobs(name)}`)
    else {
      pods?.release()
      pods = undefined
    }
  }

  function stopAsking(): void {
    const began = resolved !== undefined
    resolved = undefined
    cancelAlarm?.()
    sampling.close()
    held.close()
    followPods(false)
    if (began) standing.stopped()
  }

  /** The spec cannot be followed. What passes by itself changes nothing; anything else stops the sampling and says why. */
  function refuse(error: unknown): void {
    if (isFailure(error, ...passing)) {
      log.debug({ object: id, error: reasonOf(error) }, 'tried again')
      return
    }
    resolved = undefined
    cancelAlarm?.()
    sampling.close()
    held.settle()
    standing.refused(reasonOf(error))
  }

  async function finish(): Promise<'done'> {
    stopAsking()
    // one in shadow may have a finalizer from before, which would keep it for ever
    if (all.writes()) await release(cluster, kinds.scaledJob, object, signal)
    if (shared.writes()) standing.deleted()
    return 'done'
  }

  const bring = (): Promise<'done' | 'again'> => (isGoing() ? finish() : prepare())
  const reconciler = reconciling(shared, whose, bring, refuse, signal)
  reconciler.poke()

  return {
    object: () => object,
    update(next) {
      const before = object
      object = next
      standing.observe(next)
      if (concerns(before, next)) reconciler.poke()
    },
    resolve: () => reconciler.poke(),
    jobChanged(job) {
      book.see(job)
      tidier.poke()
    },
    view() {
      const { period } = jobSettingsOf(object)
      const situation = resolved && situationOf(resolved)
      return viewOf({
        object,
        kind: 'ScaledJob',
        target: { kind: 'Job', name },
        mode: shared.writes() ? 'jobs' : withheldAs(shared),
        pollingInterval: period,
        hpa: undefined,
        conditions: standing.conditions(),
        replicas: situation?.replicas ?? count([]).running,
        situation,
        ledger: decider.ledger,
      })
    },
    async close() {
      stop.abort()
      reconciler.close()
      lister.close()
      tidier.close()
      cancelAlarm?.()
      sampling.close()
      held.close()
      followPods(false)
      const ends = [reconciler.idle(), lister.idle(), decider.close(), tidier.idle()]
      await Promise.all([...ends, standing.close()])
      meter.forget(whose)
    },
  }
}

/** What its status says of before: Jobs are made when it is active, or to keep a minimum. */
const mayHaveMade = ({ spec, status }: ScaledJob): boolean =>
  status?.lastActiveTime !== undefined ||
  ((spec.minReplicaCount ?? 0) > 0 && (status?.conditions ?? []).length > 0)
