import type { EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { kinds } from '../../../src/kinds.ts'
import type { Job, Pod } from '../../../src/resources.ts'
import { jobLabel } from './work.ts'

/** A Job at the server. */
export interface Counted {
  readonly job: Job
  /** Whether one of its pods works, by these conditions. */
  readonly works: (conditions: readonly string[]) => boolean
}

const signal = new AbortController().signal

/** All Jobs of a ScaledJob (of all where none is named), as they are now. */
export async function jobsOf(
  cluster: EmbeddedCluster,
  scaledJob: string | undefined,
): Promise<readonly Counted[]> {
  const labelSelector = scaledJob === undefined ? jobLabel : `${jobLabel}=${scaledJob}`
  const pods = cluster.pods('default', labelSelector)
  const { items } = await cluster.list(kinds.job, { namespace: 'default', labelSelector }, signal)
  return items.map((job) => ({
    job,
    works: (conditions) =>
      pods.some(
        (pod) => pod.metadata.labels?.['job-name'] === job.metadata.name && works(pod, conditions),
      ),
  }))
}

const works = ({ status }: Pod, conditions: readonly string[]): boolean =>
  conditions.length === 0
    ? status?.phase === 'Running' || status?.phase === 'Succeeded'
    : conditions.every((type) =>
        status?.conditions?.some((c) => c.type === type && c.status === 'True'),
      )

/** How a Job has ended; undefined while it has not. */
export const endOf = ({ status }: Job): 'Complete' | 'Failed' | undefined => {
  const has = (type: string): boolean =>
    status?.conditions?.some((c) => c.type === type && c.status === 'True') === true
  if (has('Complete')) return 'Complete'
  return has('Failed') ? 'Failed' : undefined
}
