import type { Cluster } from '../cluster.ts'
import { finalizer } from '../core/names.ts'
import { isFailure } from '../errors.ts'
import type { Kind } from '../kinds.ts'
import type { Resource } from '../resources.ts'

/** Puts the finalizer, and the name label where the kind has one, on an object that lacks them; one guarded patch, or none. */
export async function claim<T extends Resource>(
  cluster: Cluster,
  kind: Kind<T>,
  object: T,
  nameLabel: string | undefined,
  signal: AbortSignal,
): Promise<T> {
  const { namespace = '', name, resourceVersion, finalizers = [], labels } = object.metadata
  const held = finalizers.includes(finalizer)
  const labelled = nameLabel === undefined || labels?.[nameLabel] === name
  if (held && labelled) return object
  return cluster.patch(
    kind,
    { namespace, name },
    {
      metadata: {
        resourceVersion,
        ...(!labelled && { labels: { [nameLabel]: name } }),
        ...(!held && { finalizers: [...finalizers, finalizer] }),
      },
    },
    {},
    signal,
  )
}

/** Takes the finalizer off, so that a deleted object can go. */
export async function release<T extends Resource>(
  cluster: Cluster,
  kind: Kind<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, resourceVersion, finalizers = [] } = object.metadata
  if (!finalizers.includes(finalizer)) return
  const rest = finalizers.filter((f) => f !== finalizer)
  try {
    await cluster.patch(
      kind,
      { namespace, name },
      { metadata: { resourceVersion, finalizers: rest.length > 0 ? rest : null } },
      {},
      signal,
    )
  } catch (error) {
    if (!isFailure(error, 'CLUSTER_NOT_FOUND')) throw error
  }
}
