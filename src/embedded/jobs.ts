import { parseTime, rfc3339 } from '../clock.ts'
import { kinds } from '../kinds.ts'
import type { Ground } from './ground.ts'
import { builtin, freshName, patchStatus, removeObject } from './ground.ts'
import type { Stored, Tree } from './json.ts'
import { treeAt, valueAt } from './json.ts'
import { controllerOf, isActive, isReady, phaseOf, podOf } from './pod.ts'
import { createQueue } from './queue.ts'
import { kindId } from './rule.ts'

/**
 * The controller of Jobs: pods until as many have succeeded as `completions` asks for, or more have failed than
 * `backoffLimit` allows; `suspend` and `ttlSecondsAfterFinished` are honoured. A failed pod is followed by another at
 * once, and indexed completion is treated as plain.
 */
export function startJobs(ground: Ground): () => void {
  const { store, owners, clock } = ground
  const rule = builtin(ground.rules, kinds.job)
  const podRule = builtin(ground.rules, kinds.pod)
  const [jobs, pods] = [kindId(kinds.job), kindId(kinds.pod)]

  const steer = (job: Stored, count: Count): void => {
    const wanted = wantedPods(job, count)
    for (const pod of count.active.slice(wanted)) removeObject(ground, podRule, pod.metadata.uid)
    for (let missing = wanted - count.active.length; missing > 0; missing--) {
      const { namespace = '', name, uid } = job.metadata
      const labels = {
        'batch.kubernetes.io/job-name': name,
        'job-name': name,
        'controller-uid': uid,
      }
      const pod = freshName(ground, podRule, namespace, `${name}-`)
      ground.server.create(podRule, podOf(job, pod, { labels, spec: { restartPolicy: 'Never' } }))
    }
  }

  const retire = (job: Stored): void => {
    const seconds = treeAt(job, 'spec')['ttlSecondsAfterFinished']
    if (typeof seconds !== 'number') return
    const left = (finishedAt(job) ?? clock.now()) + seconds * 1000 - clock.now()
    if (left > 0) queue.later(job.metadata.uid, left)
    else removeObject(ground, rule, job.metadata.uid)
  }

  const queue = createQueue(clock, (uid) => {
    const job = store.byUid(uid)
    if (job?.kind !== 'Job' || job.metadata.deletionTimestamp !== undefined) return
    if (endOf(job)) return retire(job)
    steer(job, countOf(owners.dependents(uid)))
    const count = countOf(owners.dependents(uid))
    patchStatus(ground, rule, uid, statusOf(job, count, rfc3339(clock.now())))
  })

  const stop = store.onChange(({ kind, object }) => {
    if (kind === jobs) queue.add(object.metadata.uid)
    const owner = kind === pods ? controllerOf(object) : undefined
    if (owner) queue.add(owner.uid)
  })
  return () => {
    stop()
    queue.close()
  }
}

interface Count {
  readonly active: readonly Stored[]
  readonly succeeded: number
  readonly failed: number
}

const countOf = (pods: readonly Stored[]): Count => ({
  active: pods.filter(isActive),
  succeeded: pods.filter((pod) => phaseOf(pod) === 'Succeeded').length,
  failed: pods.filter((pod) => phaseOf(pod) === 'Failed').length,
})

const numberOf = (job: Stored, field: string): number => Number(treeAt(job, 'spec')[field] ?? 0)

/** Why a job with these pods is over; undefined while it is not. */
function outcome(
  job: Stored,
  { active, succeeded, failed }: Count,
): 'Complete' | 'Failed' | undefined {
  if (failed > numberOf(job, 'backoffLimit')) return 'Failed'
  const queue = treeAt(job, 'spec')['completions'] === undefined
  const complete = queue
    ? succeeded > 0 && active.length === 0
    : succeeded >= numberOf(job, 'completions')
  return complete ? 'Complete' : undefined
}

function wantedPods(job: Stored, count: Count): number {
  if (treeAt(job, 'spec')['suspend'] === true || outcome(job, count)) return 0
  const parallelism = numberOf(job, 'parallelism')
  const queue = treeAt(job, 'spec')['completions'] === undefined
  // In a work queue the first success says that there is no more work.
  if (queue) return count.succeeded > 0 ? Math.min(count.active.length, parallelism) : parallelism
  return Math.min(parallelism, numberOf(job, 'completions') - count.succeeded)
}

function statusOf(job: Stored, count: Count, now: string): Tree {
  const end = outcome(job, count)
  const suspended = treeAt(job, 'spec')['suspend'] === true
  return {
    active: count.active.length || null,
    ready: count.active.filter(isReady).length,
    succeeded: count.succeeded || null,
    failed: count.failed || null,
    startTime: suspended ? null : (treeAt(job, 'status')['startTime'] ?? now),
    ...(end === 'Complete' && { completionTime: now }),
    ...(end && { conditions: [{ type: end, status: 'True', lastTransitionTime: now }] }),
  }
}

interface JobEnd {
  readonly type: string
  readonly lastTransitionTime: string
}

/** The condition that ended the job. */
function endOf(job: Stored): JobEnd | undefined {
  const conditions = valueAt(job, ['status', 'conditions'])
  // Written by this controller alone, in this shape.
  const known = Array.isArray(conditions) ? (conditions as readonly JobEnd[]) : []
  return known.find(({ type }) => type === 'Complete' || type === 'Failed')
}

const finishedAt = (job: Stored): number | undefined => parseTime(endOf(job)?.lastTransitionTime)
