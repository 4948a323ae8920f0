import { labelOfJobs } from '../../core/job-object.ts'
import type { Change, Mirror } from '../../mirror.ts'
import type { ScaledJob, ScaledObject } from '../../resources.ts'
import { createIndex, type Index } from '../index-by.ts'
import type { Shared } from '../shared.ts'
import { jobsByOwner, type KeptJob } from './kept.ts'
import { createJobWorkload, type JobWorkload } from './workload.ts'

/** The live copies that the loops of ScaledJobs follow. */
export interface JobMirrors {
  readonly scaledJobs: Mirror<ScaledJob>
  /** Those with KEDA's label. */
  readonly jobs: Mirror<KeptJob>
}

/** One loop per ScaledJob, woken by what concerns it. */
export interface JobController {
  readonly size: number
  /** Those that refer to an authentication, by `namespace/name`. */
  readonly byAuthentication: Index<JobWorkload>
  get(namespace: string, name: string): JobWorkload | undefined
  values(): Iterable<JobWorkload>
  /** Ends every loop; nothing is written after it has resolved. */
  close(): Promise<void>
}

/** A definition of KEDA's lets a ScaledJob in that has no spec: then it has no trigger, which its condition says. */
export const wholeScaledJob = (object: ScaledJob): ScaledJob =>
  (object as Partial<ScaledJob>).spec === undefined
    ? { ...object, spec: { jobTargetRef: {}, triggers: [] } }
    : object

/** The namespaced names of the authentications that triggers refer to. */
export const authenticationsOf = ({
  metadata,
  spec,
}: ScaledJob | ScaledObject): readonly string[] =>
  spec.triggers.flatMap(({ authenticationRef: ref }) =>
    ref?.name === undefined ? [] : [`${metadata.namespace ?? ''}/${ref.name}`],
  )

/** Starts a loop for every ScaledJob there is and will be. The mirrors must be synced. */
export function createJobController(mirrors: JobMirrors, shared: Shared): JobController {
  const workloads = new Map<string, JobWorkload>()
  const closing = new Set<Promise<void>>()
  const byAuthentication = createIndex<JobWorkload>()
  const byLabel = createIndex<JobWorkload>()

  const jobs = jobsByOwner(mirrors.jobs, (namespace, label, job) => {
    for (const workload of byLabel.get(`${namespace}/${label}`)) workload.jobChanged(job)
  })

  const end = (key: string, workload: JobWorkload): void => {
    workloads.delete(key)
    byAuthentication.put(workload, [])
    byLabel.put(workload, [])
    const ended = workload.close().finally(() => closing.delete(ended))
    closing.add(ended)
  }

  const onObject = ({ before, after }: Change<ScaledJob>): void => {
    const { namespace = '', name, uid } = (after ?? before)?.metadata ?? { name: '' }
    const key = `${namespace}/${name}`
    const known = workloads.get(key)
    if (known && (!after || known.object().metadata.uid !== uid)) end(key, known)
    if (!after) return
    const there = workloads.get(key)
    there?.update(after)
    const workload = there ?? createJobWorkload(after, { ...shared, jobs })
    workloads.set(key, workload)
    byAuthentication.put(workload, authenticationsOf(after))
    byLabel.put(workload, [`${namespace}/${labelOfJobs(name)}`])
  }

  const off = mirrors.scaledJobs.onChange(onObject)
  for (const object of mirrors.scaledJobs.values()) onObject({ before: undefined, after: object })

  return {
    get size() {
      return workloads.size
    },
    byAuthentication,
    get: (namespace, name) => workloads.get(`${namespace}/${name}`),
    values: () => workloads.values(),
    async close() {
      off()
      jobs.close()
      for (const [key, workload] of workloads) end(key, workload)
      await Promise.all(closing)
    },
  }
}
