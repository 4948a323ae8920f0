import type { Cluster } from '../../cluster.ts'
import type { Clock } from '../../clock.ts'
import { defaultHistory, expired, outdated, rolloutOf } from '../../core/job-list.ts'
import { isFailure, reasonOf } from '../../errors.ts'
import { kinds } from '../../kinds.ts'
import type { Limit } from '../../limit.ts'
import type { Log } from '../../log.ts'
import type { ScaledJob } from '../../resources.ts'
import type { Happening } from '../events.ts'
import { retried, type Retried } from '../retry.ts'
import { passing } from '../shared.ts'
import type { KeptJob } from './kept.ts'
import { refusal } from './make.ts'

export interface TidyParts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  /** Uniform in [0, 1): spreads retries. */
  readonly random: () => number
  readonly limited: Limit
  /** The ScaledJob whose Jobs are tidied now; undefined while they are to be left alone. */
  readonly scaledJob: () => ScaledJob | undefined
  readonly jobs: () => Iterable<KeptJob>
  readonly emit: (what: Happening) => void
  /** Why Jobs cannot be deleted; undefined once they can. Not told of what passes by itself. */
  readonly troubled: (why: string | undefined) => void
}

/** What is to be deleted of a ScaledJob's own Jobs: nobody else's, and none that runs but by an immediate rollout (5.5, 5.6). */
export function leftovers(
  { metadata, spec }: ScaledJob,
  jobs: Iterable<KeptJob>,
): { readonly outdated: readonly KeptJob[]; readonly expired: readonly KeptJob[] } {
  const own = [...jobs].filter(
    (job) => job.owner === metadata.uid && job.metadata.deletionTimestamp === undefined,
  )
  const immediate = rolloutOf(spec).strategy === 'immediate'
  const old = immediate ? outdated(own, metadata.generation ?? 0) : []
  const limits = {
    Complete: spec.successfulJobsHistoryLimit ?? defaultHistory.Complete,
    Failed: spec.failedJobsHistoryLimit ?? defaultHistory.Failed,
  }
  const rest = own.filter((job) => !old.includes(job))
  return { outdated: old, expired: expired(rest, limits) }
}

/** Deletes what the history limits and a rollout ask for, when poked; what fails is tried again. */
export function createTidier(parts: TidyParts, signal: AbortSignal): Retried {
  const { cluster, log, limited, emit } = parts
  /** Deleted, though the mirror may show them for a moment. */
  let deleted = new Set<string>()
  /** Not all could be deleted in this run. */
  let doubtful = false

  const remove = async (job: KeptJob, foreground: boolean): Promise<void> => {
    const { namespace = '', name, uid = '' } = job.metadata
    if (deleted.has(uid) || signal.aborted) return
    try {
      await limited(() =>
        cluster.remove(kinds.job, { namespace, name }, { uid, foreground }, signal),
      )
      deleted.add(uid)
    } catch (error) {
      // another Job may have the name by now, which the mirror will show; any other conflict passes
      if (!isFailure(error, 'CLUSTER_CONFLICT')) throw error
      doubtful = true
    }
  }

  const rollOut = async (scaledJob: ScaledJob, jobs: readonly KeptJob[]): Promise<void> => {
    const left = jobs.filter(({ metadata: { uid = '' } }) => !deleted.has(uid))
    if (left.length === 0) return
    const foreground = rolloutOf(scaledJob.spec).propagation === 'Foreground'
    const note = (text: string): string => `${text} Jobs of older versions of the ScaledJob`
    emit({
      type: 'Normal',
      reason: 'ScaledJobRolloutCleanupStarted',
      note: note(`Deleting ${left.length}`),
    })
    try {
      for (const job of left) await remove(job, foreground)
    } catch (error) {
      if (!signal.aborted)
        emit({
          type: 'Warning',
          reason: 'ScaledJobRolloutCleanupFailed',
          note: `${note('Not all')} are deleted: ${reasonOf(error)}`,
        })
      throw error
    }
    emit({
      type: 'Normal',
      reason: 'ScaledJobRolloutCleanupCompleted',
      note: note(`Deleted ${left.length}`),
    })
  }

  const tidy = async (): Promise<'done' | 'again'> => {
    const scaledJob = parts.scaledJob()
    if (!scaledJob || signal.aborted) return 'done'
    const all = [...parts.jobs()]
    const there = new Set(all.map((job) => job.metadata.uid ?? ''))
    deleted = new Set([...deleted].filter((uid) => there.has(uid)))
    const found = leftovers(scaledJob, all)
    doubtful = false
    try {
      await rollOut(scaledJob, found.outdated)
      for (const job of found.expired) await remove(job, false)
      parts.troubled(undefined)
      return doubtful ? 'again' : 'done'
    } catch (error) {
      if (signal.aborted) return 'done'
      if (!isFailure(error, ...passing)) parts.troubled(refusal('deleting a Job', error).message)
      const { namespace, name } = scaledJob.metadata
      log.warn({ object: `${namespace}/${name}`, error: reasonOf(error) }, 'Jobs not deleted')
      return 'again'
    }
  }
  return retried(tidy, parts.clock, parts.random)
}
