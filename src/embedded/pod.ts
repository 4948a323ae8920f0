import { parseTime, rfc3339 } from '../clock.ts'
import type { Condition, OwnerReference } from '../resources.ts'
import type { Stored, Tree } from './json.ts'
import { textAt, treeAt, valueAt } from './json.ts'

/** Questions that controllers ask of stored pods. */

export const phaseOf = (pod: Stored): string => textAt(pod, 'status', 'phase') || 'Pending'

export const isEnded = (pod: Stored): boolean => ['Succeeded', 'Failed'].includes(phaseOf(pod))

/** Neither ended nor being deleted. */
export const isActive = (pod: Stored): boolean =>
  pod.metadata.deletionTimestamp === undefined && !isEnded(pod)

export const isReady = (pod: Stored): boolean => readyCondition(pod)?.status === 'True'

type PodCondition = Condition & { readonly lastTransitionTime?: string }

export function readyCondition(pod: Stored): PodCondition | undefined {
  const conditions = valueAt(pod, ['status', 'conditions'])
  // Conditions are written by the node alone, in this shape.
  const known = Array.isArray(conditions) ? (conditions as readonly PodCondition[]) : []
  return known.find(({ type }) => type === 'Ready')
}

/**
 * The order in which a Deployment gives up pods, first to go first, as the ReplicaSet controller ranks them: not on a
 * node, pending, not ready, lower deletion cost, on the node with more of them, ready for a shorter time, younger.
 * Times are compared as they are, where the real controller groups them by powers of two.
 */
export function scaleDownOrder(pods: readonly Stored[]): readonly Stored[] {
  const perNode = new Map<string, number>()
  for (const pod of pods) perNode.set(nodeOf(pod), (perNode.get(nodeOf(pod)) ?? 0) + 1)
  const rank = (pod: Stored): readonly number[] => [
    nodeOf(pod) === '' ? 0 : 1,
    phaseOf(pod) === 'Pending' ? 0 : 1,
    isReady(pod) ? 1 : 0,
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    -(perNode.get(nodeOf(pod)) ?? 0),
    -(parseTime(readyCondition(pod)?.lastTransitionTime) ?? 0),
    -(parseTime(pod.metadata.creationTimestamp) ?? 0),
  ]
  // Of pods that rank alike, the one made last goes first.
  return [...pods].toReversed().sort((a, b) => compare(rank(a), rank(b)))
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const nodeOf = (pod: Stored): string => textAt(pod, 'spec', 'nodeName')

/** A pod of a workload's template. */
export function podOf(owner: Stored, name: string, more: { labels: Tree; spec: Tree }): Tree {
  const template = treeAt(owner, 'spec', 'template')
  return {
    metadata: {
      ...treeAt(template, 'metadata'),
      name,
      namespace: owner.metadata.namespace,
      labels: { ...treeAt(template, 'metadata', 'labels'), ...more.labels },
      ownerReferences: [controlledBy(owner)],
    },
    spec: { ...treeAt(template, 'spec'), ...more.spec },
  }
}

const controlledBy = ({ apiVersion, kind, metadata }: Stored): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
})

/** The controller an object belongs to. */
export const controllerOf = (object: Stored): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(({ controller }) => controller === true)

/** The status of a pod; the time of its conditions moves only with their status. */
export function podStatus(
  pod: Stored | undefined,
  phase: string,
  ready: boolean,
  why: Tree,
  now: number,
): Tree {
  const at = rfc3339(now)
  const status = ready ? 'True' : 'False'
  const before = pod && readyCondition(pod)
  const since = before?.status === status ? before.lastTransitionTime : at
  return {
    phase,
    startTime: treeAt(pod, 'status')['startTime'] ?? at,
    conditions: ['Ready', 'ContainersReady'].map((type) => ({
      type,
      status,
      lastTransitionTime: since,
      ...why,
    })),
  }
}
