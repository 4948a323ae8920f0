import { parseTime } from '../../clock.ts'
import { finishedOf, type JobFacts } from '../../core/job-list.ts'
import { jobGeneration, jobNameLabel } from '../../core/job-object.ts'
import { trimMeta, type Mirror } from '../../mirror.ts'
import type { Job, Meta } from '../../resources.ts'

/** What is kept of a Job of a ScaledJob: a namespace may have thousands. */
export interface KeptJob extends Omit<JobFacts, 'pods'> {
  readonly metadata: Meta
  /** The value of KEDA's label, by which it belongs to a ScaledJob. */
  readonly label: string
  /** The uid of the object that made it. */
  readonly owner: string | undefined
}

/** Keeps of a Job what decisions need. */
export function trimJob({ metadata, status }: Job): KeptJob {
  const finished = finishedOf(status?.conditions)
  const end = status?.conditions?.find((c) => c.type === finished)
  return {
    metadata: identityOf(metadata),
    name: metadata.name,
    label: metadata.labels?.[jobNameLabel] ?? '',
    owner: metadata.ownerReferences?.find((o) => o.controller === true)?.uid,
    finished,
    finishedAt: parseTime(status?.completionTime) ?? parseTime(end?.lastTransitionTime),
    generation: metadata.annotations?.[jobGeneration],
  }
}

const identityOf = (metadata: Meta): KeptJob['metadata'] => {
  const { deletionTimestamp } = metadata
  return { ...trimMeta(metadata), ...(deletionTimestamp !== undefined && { deletionTimestamp }) }
}

/** The Jobs of every ScaledJob, from one mirror. */
export interface JobsByOwner {
  /** Those of one ScaledJob by name; `label` is what its Jobs are labelled with. */
  of(namespace: string, label: string): ReadonlyMap<string, KeptJob>
  /** The API server cannot be followed, so that they are those of before. */
  readonly stale: boolean
  close(): void
}

/** `changed` is called after the change is in place. */
export function jobsByOwner(
  mirror: Mirror<KeptJob>,
  changed: (namespace: string, label: string, job: string) => void,
): JobsByOwner {
  const byOwner = new Map<string, Map<string, KeptJob>>()
  const none: ReadonlyMap<string, KeptJob> = new Map()

  const drop = ({ metadata: { namespace = '', name }, label }: KeptJob): void => {
    const jobs = byOwner.get(`${namespace}/${label}`)
    jobs?.delete(name)
    if (jobs?.size === 0) byOwner.delete(`${namespace}/${label}`)
  }
  const put = (job: KeptJob): void => {
    const key = `${job.metadata.namespace ?? ''}/${job.label}`
    const jobs = byOwner.get(key) ?? new Map<string, KeptJob>()
    byOwner.set(key, jobs.set(job.name, job))
  }

  for (const job of mirror.values()) put(job)
  const off = mirror.onChange(({ before, after }) => {
    if (before) drop(before)
    if (after) put(after)
    const job = after ?? before
    if (job) changed(job.metadata.namespace ?? '', job.label, job.name)
  })
  return {
    of: (namespace, label) => byOwner.get(`${namespace}/${label}`) ?? none,
    get stale() {
      return mirror.stale !== undefined
    },
    close: off,
  }
}
