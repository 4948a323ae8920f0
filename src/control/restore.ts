import type { Cluster, ScalableKind } from '../cluster.ts'
import { reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ScaledObject } from '../resources.ts'

/**
 * On deletion, brings the target back to the replicas it had before Ebb, where the spec asks for that
 * (`advanced.restoreToOriginalReplicaCount`). A target that is gone or refuses is logged and left.
 */
export async function restoreReplicas(
  cluster: Cluster,
  { metadata, spec, status }: ScaledObject,
  original: number | undefined,
  resolved: ScalableKind | undefined,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const stored = status?.scaleTargetGVKR
  const kind = resolved ?? (stored && { ...stored, plural: stored.resource })
  if (spec.advanced?.restoreToOriginalReplicaCount !== true || original === undefined || !kind)
    return
  const ref = { namespace: metadata.namespace ?? '', name: spec.scaleTargetRef.name }
  try {
    const scale = await cluster.readScale(kind, ref, signal)
    if (scale && scale.spec.replicas !== original)
      await cluster.writeScale(kind, { ...scale, spec: { replicas: original } }, signal)
  } catch (error) {
    signal.throwIfAborted()
    log.warn(
      { object: `${ref.namespace}/${metadata.name}`, error: reasonOf(error) },
      'replicas not restored',
    )
  }
}
