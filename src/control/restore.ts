import type { Cluster, Ref, ScalableKind } from '../cluster.ts'
import { isFailure, reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { HorizontalPodAutoscaler, ScaledObject } from '../resources.ts'
import { hpaOf, removeHpa } from './hpa.ts'

export interface RestoreParts {
  readonly cluster: Cluster
  readonly log: Log
  /** The target's replicas before Ebb. */
  readonly original: number | undefined
  /** The target's kind as resolved; else the stored one is taken. */
  readonly kind: ScalableKind | undefined
  /** The workload's own HPA, where it is followed. */
  readonly hpa: HorizontalPodAutoscaler | undefined
}

/**
 * On deletion, brings the target back to the replicas it had before Ebb, where the spec asks for that
 * (`advanced.restoreToOriginalReplicaCount`). The HPA goes first: it would scale what was restored until it is collected.
 * A target that is gone or refuses is logged and left; an API server that cannot be reached is waited for.
 */
export async function restoreReplicas(
  object: ScaledObject,
  { cluster, log, original, kind: resolved, hpa }: RestoreParts,
  signal: AbortSignal,
): Promise<void> {
  const { metadata, spec, status } = object
  if (spec.advanced?.restoreToOriginalReplicaCount !== true || original === undefined) return
  const stored = status?.scaleTargetGVKR
  const kind = resolved ?? (stored && { ...stored, plural: stored.resource })
  if (!kind) return
  const { namespace = '', name, uid = '' } = metadata
  try {
    const own = await hpaOf(cluster, object, hpa, signal)
    if (own) await removeHpa(cluster, { name, uid }, own, signal)
    await writeBack(cluster, kind, { namespace, name: spec.scaleTargetRef.name }, original, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (isFailure(error, ...waitedFor)) throw error
    log.warn({ object: `${namespace}/${name}`, error: reasonOf(error) }, 'replicas not restored')
  }
}

async function writeBack(
  cluster: Cluster,
  kind: ScalableKind,
  ref: Ref,
  original: number,
  signal: AbortSignal,
): Promise<void> {
  const scale = await cluster.readScale(kind, ref, signal)
  if (scale && scale.spec.replicas !== original)
    await cluster.writeScale(kind, { ...scale, spec: { replicas: original } }, signal)
}

/** What passes without anybody having to change the target: then all of it is done anew. */
const waitedFor = ['CLUSTER_UNREACHABLE', 'CLUSTER_THROTTLED', 'CLUSTER_CONFLICT'] as const
