import { kinds } from '../kinds.ts'
import type { Ground } from './ground.ts'
import { builtin, freshName, patchStatus, removeObject } from './ground.ts'
import type { Stored } from './json.ts'
import { treeAt } from './json.ts'
import { controllerOf, isActive, isReady, podOf, scaleDownOrder } from './pod.ts'
import { createQueue } from './queue.ts'
import { kindId } from './rule.ts'

/**
 * The controllers of Deployments and StatefulSets: as many pods as the spec says, and a status that says how many there
 * are. Pods belong to their Deployment directly, without a ReplicaSet between; a changed template reaches new pods only;
 * pods that nobody owns are not adopted; ReplicaSets are stored and nothing else.
 */
export function startWorkloads(ground: Ground): () => void {
  const { store, owners, clock } = ground
  const deployment = builtin(ground.rules, kinds.deployment)
  const statefulSet = builtin(ground.rules, kinds.statefulSet)
  const pods = kindId(kinds.pod)
  const own = [kindId(kinds.deployment), kindId(kinds.statefulSet)]

  const queue = createQueue(clock, (uid) => {
    const object = store.byUid(uid)
    if (!object || !steered.includes(object.kind) || isDeleted(object)) return
    const ordered = object.kind === 'StatefulSet'
    if (ordered) steerStatefulSet(ground, object)
    else steerDeployment(ground, object)
    const active = owners.dependents(uid).filter(isActive)
    const ready = active.filter(isReady).length
    patchStatus(ground, ordered ? statefulSet : deployment, uid, {
      observedGeneration: object.metadata.generation,
      replicas: active.length || (ordered ? 0 : null),
      updatedReplicas: active.length || null,
      readyReplicas: ready || null,
      availableReplicas: ready || (ordered ? 0 : null),
      unavailableReplicas: (!ordered && active.length - ready) || null,
    })
  })

  const stop = store.onChange(({ kind, object }) => {
    if (own.includes(kind)) queue.add(object.metadata.uid)
    if (kind !== pods) return
    const owner = controllerOf(object)
    if (owner) queue.add(owner.uid)
  })
  return () => {
    stop()
    queue.close()
  }
}

const steered: readonly string[] = [kinds.deployment.kind, kinds.statefulSet.kind]

const isDeleted = ({ metadata }: Stored): boolean => metadata.deletionTimestamp !== undefined

const replicasOf = (object: Stored): number => Number(treeAt(object, 'spec')['replicas'] ?? 1)

function steerDeployment(ground: Ground, object: Stored): void {
  const active = ground.owners.dependents(object.metadata.uid).filter(isActive)
  const rule = builtin(ground.rules, kinds.pod)
  const excess = active.length - replicasOf(object)
  for (const pod of scaleDownOrder(active).slice(0, Math.max(0, excess)))
    removeObject(ground, rule, pod.metadata.uid)
  for (let missing = -excess; missing > 0; missing--) {
    const { namespace = '', name: owner } = object.metadata
    const name = freshName(ground, rule, namespace, `${owner}-`)
    ground.server.create(rule, podOf(object, name, { labels: {}, spec: {} }))
  }
}

/**
 * Pods by number, the next one made only when all before it are ready and the last one removed first, unless
 * `podManagementPolicy` is Parallel.
 */
function steerStatefulSet(ground: Ground, object: Stored): void {
  const rule = builtin(ground.rules, kinds.pod)
  const parallel = treeAt(object, 'spec')['podManagementPolicy'] === 'Parallel'
  const replicas = replicasOf(object)
  const existing = new Map(
    ground.owners.dependents(object.metadata.uid).map((pod) => [pod.metadata.name, pod]),
  )
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const name = `${object.metadata.name}-${ordinal}`
    const pod = existing.get(name)
    existing.delete(name)
    const taken = ground.server.get(rule, { namespace: object.metadata.namespace ?? '', name })
    if (!taken) ground.server.create(rule, numberedPod(object, name, ordinal))
    if (!parallel && !(pod && isActive(pod) && isReady(pod))) return
  }
  const surplus = [...existing.values()].sort((a, b) => ordinalOf(b) - ordinalOf(a))
  const going = surplus.filter((pod) => pod.metadata.deletionTimestamp !== undefined)
  if (!parallel && going.length > 0) return
  for (const { metadata } of surplus.slice(0, parallel ? surplus.length : 1))
    removeObject(ground, rule, metadata.uid)
}

const ordinalOf = ({ metadata }: Stored): number => Number(/\d+$/.exec(metadata.name)?.[0] ?? 0)

const numberedPod = (object: Stored, name: string, ordinal: number): ReturnType<typeof podOf> =>
  podOf(object, name, {
    labels: {
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    },
    spec: {},
  })
