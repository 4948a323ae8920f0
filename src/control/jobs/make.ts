import type { Cluster } from '../../cluster.ts'
import { nextNames } from '../../core/job-list.ts'
import { jobOf } from '../../core/job-object.ts'
import { failure, isFailure, reasonOf, type EbbError } from '../../errors.ts'
import { kinds } from '../../kinds.ts'
import type { Limit } from '../../limit.ts'
import type { ScaledJob } from '../../resources.ts'
import type { JobBook } from './book.ts'
import { trimJob, type KeptJob } from './kept.ts'

export interface MakeParts {
  readonly cluster: Cluster
  readonly book: JobBook
  /** Calls under way at once, over all workloads. */
  readonly limited: Limit
  readonly version: string
  /** False once no more are to be created: paused, changed, deleted, no longer leading. */
  readonly goesOn: () => boolean
}

/** How many names of others are stepped over in one go. */
const mostSkipped = 20

/**
 * Creates Jobs one after another, each under the next number. So at most one creation can be under way when Ebb ends, and it is
 * the next to be tried: if it has worked, that is seen by its name, and none is made twice. The first failure ends it.
 */
export async function makeJobs(
  scaledJob: ScaledJob,
  count: number,
  parts: MakeParts,
  signal: AbortSignal,
): Promise<{ readonly made: number; readonly problem: EbbError | undefined }> {
  let made = 0
  let skipped = 0
  try {
    while (made < count && skipped < mostSkipped && parts.goesOn()) {
      const job = await parts.limited(() => makeNext(scaledJob, parts, signal))
      if (job === undefined) skipped++
      else {
        parts.book.note(job)
        made++
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    return { made, problem: problemOf(error) }
  }
  return { made, problem: undefined }
}

async function makeNext(
  scaledJob: ScaledJob,
  { cluster, book, version }: MakeParts,
  signal: AbortSignal,
): Promise<KeptJob | undefined> {
  signal.throwIfAborted()
  const { namespace = '', name: owner, uid } = scaledJob.metadata
  const number = book.highest + 1
  const [name = ''] = nextNames(owner, book.highest, 1)
  try {
    return trimJob(await cluster.create(kinds.job, jobOf(scaledJob, name, version), signal))
  } catch (error) {
    if (!isFailure(error, 'CLUSTER_EXISTS')) throw error
  }
  // made by a try before, whose answer was lost; or it is somebody else's
  const found = await cluster.get(kinds.job, { namespace, name }, signal)
  if (!found) return undefined
  const job = trimJob(found)
  if (job.owner === uid) return job
  book.skip(number)
  return undefined
}

/** What a user can do about it. */
function problemOf(error: unknown): EbbError {
  const why = reasonOf(error)
  const help = helpFor(error, why)
  if (help !== undefined) return refusal('creating a Job', error, help)
  return failure('JOBS_DELAYED', { why }, error)
}

function helpFor(error: unknown, why: string): string | undefined {
  if (isFailure(error, 'CLUSTER_INVALID')) return 'correct spec.jobTargetRef'
  if (!isFailure(error, 'CLUSTER_FORBIDDEN')) return undefined
  return /quota/i.test(why) ? 'raise the quota of the namespace, or lower maxReplicaCount' : rights
}

const rights = 'give Ebb the rights of manifests/rbac, or correct what forbids it'

/** What Ebb is not let do with Jobs, and what a user can do about it. */
export const refusal = (doing: string, error: unknown, help = rights): EbbError =>
  failure('JOBS_REFUSED', { doing, why: reasonOf(error), help }, error)
