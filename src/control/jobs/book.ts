import type { Clock } from '../../clock.ts'
import type { Cluster } from '../../cluster.ts'
import { highestNumber, numberAfterNone } from '../../core/job-list.ts'
import { jobNameLabel, labelOfJobs } from '../../core/job-object.ts'
import { kinds } from '../../kinds.ts'
import { newer } from '../status.ts'
import { trimJob, type JobsByOwner, type KeptJob } from './kept.ts'

/**
 * The Jobs of one ScaledJob: what the mirror shows, and what is known before the mirror shows it, from own creations and from
 * lists. So a mirror that lags never makes a Job twice.
 */
export interface JobBook {
  all(): Iterable<KeptJob>
  /** They are known well enough to add to them. */
  readonly listed: boolean
  /** Some that count were created or listed long ago, and the mirror does not show them: a new list tells whether they are there. */
  readonly doubtful: boolean
  /** The highest number ever seen in a name. */
  readonly highest: number
  /** Asks the API server for all of them; after it `listed` is true, as long as they can be followed. */
  list(signal: AbortSignal): Promise<void>
  /** This Job is there: it was created, or found. */
  note(job: KeptJob): void
  /** The mirror shows, or has shown, a Job of this name. */
  see(name: string): void
  /** The number is somebody else's. */
  skip(number: number): void
}

/** A list is good for so long (ms) while the API server cannot be followed. */
const listGood = 5_000
/** What the mirror has not shown after so long (ms) is looked for anew: it may be gone again. */
const unseenGood = 30_000

export function createJobBook(
  scaledJob: {
    readonly namespace: string
    readonly name: string
    /** Epoch ms. */
    readonly created: number
    /** It may have made Jobs before this process looked at it. */
    readonly madeBefore: boolean
  },
  jobs: JobsByOwner,
  cluster: Cluster,
  clock: Clock,
): JobBook {
  const { namespace, name } = scaledJob
  const label = labelOfJobs(name)
  let ahead = new Map<string, { readonly job: KeptJob; readonly at: number }>()
  let listedAt: number | undefined
  let highest = 0

  const mirrored = (): ReadonlyMap<string, KeptJob> => jobs.of(namespace, label)

  /** Drops what the mirror shows by now, in this version or a newer one. */
  const settle = (): void => {
    const shown = mirrored()
    for (const [key, { job }] of ahead) {
      const there = shown.get(key)
      if (there && !newer(job.metadata.resourceVersion, there.metadata.resourceVersion))
        ahead.delete(key)
    }
  }

  const isDoubtful = (): boolean => {
    if (ahead.size === 0) return false
    settle()
    return [...ahead.values()].some(({ at }) => clock.now() - at > unseenGood)
  }

  const see = (names: readonly string[]): void => {
    highest = Math.max(highest, highestNumber(name, names))
  }

  see([...mirrored().keys()])

  return {
    all() {
      settle()
      if (ahead.size === 0) return mirrored().values()
      const all = new Map(mirrored())
      for (const [key, { job }] of ahead) all.set(key, job)
      return all.values()
    },
    get listed() {
      if (listedAt === undefined) return false
      if (jobs.stale) return clock.now() - listedAt <= listGood
      return !isDoubtful()
    },
    get doubtful() {
      return isDoubtful()
    },
    get highest() {
      return highest
    },
    async list(signal) {
      const found: KeptJob[] = []
      let next: string | undefined
      do {
        const where = { namespace, labelSelector: `${jobNameLabel}=${label}`, limit: 500, next }
        const page = await cluster.list(kinds.job, where, signal)
        found.push(...page.items.map(trimJob))
        next = page.next
      } while (next !== undefined)
      const at = clock.now()
      ahead = new Map(found.map((job) => [job.name, { job, at }]))
      see(found.map((job) => job.name))
      // later on what was made in the meantime is known
      if (listedAt === undefined && highest === 0) highest = numberAfterNone(scaledJob, at)
      settle()
      listedAt = at
    },
    note(job) {
      ahead.set(job.name, { job, at: clock.now() })
      see([job.name])
    },
    see: (job) => see([job]),
    skip(number) {
      highest = Math.max(highest, number)
    },
  }
}
