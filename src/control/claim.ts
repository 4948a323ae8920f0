import type { Cluster } from '../cluster.ts'
import { finalizer, nameLabel } from '../core/names.ts'
import { isFailure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { ScaledObject } from '../resources.ts'

/** Puts the finalizer and the name label on a ScaledObject where they are missing; one guarded patch, or none. */
export async function claim(
  cluster: Cluster,
  object: ScaledObject,
  signal: AbortSignal,
): Promise<ScaledObject> {
  const { namespace = '', name, resourceVersion, finalizers = [], labels } = object.metadata
  const held = finalizers.includes(finalizer)
  if (held && labels?.[nameLabel] === name) return object
  return cluster.patch(
    kinds.scaledObject,
    { namespace, name },
    {
      metadata: {
        resourceVersion,
        labels: { [nameLabel]: name },
        ...(!held && { finalizers: [...finalizers, finalizer] }),
      },
    },
    {},
    signal,
  )
}

/** Takes the finalizer off, so that a deleted ScaledObject can go. */
export async function release(
  cluster: Cluster,
  object: ScaledObject,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, resourceVersion, finalizers = [] } = object.metadata
  if (!finalizers.includes(finalizer)) return
  const rest = finalizers.filter((f) => f !== finalizer)
  try {
    await cluster.patch(
      kinds.scaledObject,
      { namespace, name },
      { metadata: { resourceVersion, finalizers: rest.length > 0 ? rest : null } },
      {},
      signal,
    )
  } catch (error) {
    if (!isFailure(error, 'CLUSTER_NOT_FOUND')) throw error
  }
}
