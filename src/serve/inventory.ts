import type { Mirror } from '../mirror.ts'
import type { Resource, ScaledJob, ScaledObject } from '../resources.ts'
import type { Inventory } from './metrics.ts'

export interface InventoryMirrors {
  readonly scaledObjects: Mirror<ScaledObject>
  readonly scaledJobs?: Mirror<ScaledJob>
  readonly triggerAuthentications?: Mirror<Resource>
  readonly clusterTriggerAuthentications?: Mirror<Resource>
}

/** Counts the objects of the mirrors, by KEDA's names of their kinds; what is in no namespace counts for `default`. */
export function inventoryOf(mirrors: InventoryMirrors): Inventory {
  const triggers = new Map<string, number>()
  for (const mirror of [mirrors.scaledObjects, mirrors.scaledJobs])
    for (const { spec } of mirror?.values() ?? [])
      for (const { type } of spec.triggers ?? []) triggers.set(type, (triggers.get(type) ?? 0) + 1)

  const resources = [
    ...perNamespace('scaled_object', mirrors.scaledObjects),
    ...perNamespace('scaled_job', mirrors.scaledJobs),
    ...perNamespace('trigger_authentication', mirrors.triggerAuthentications),
    ...perNamespace('cluster_trigger_authentication', mirrors.clusterTriggerAuthentications),
  ]
  const paused = Array.from(mirrors.scaledObjects.values(), ({ metadata, status }) => ({
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    paused: status?.conditions?.some((c) => c.type === 'Paused' && c.status === 'True') ?? false,
  }))
  return { triggers, resources, paused }
}

function perNamespace(
  type: string,
  mirror: Mirror<Resource> | undefined,
): readonly { readonly type: string; readonly namespace: string; readonly count: number }[] {
  const counts = new Map<string, number>()
  for (const { metadata } of mirror?.values() ?? []) {
    const namespace = metadata.namespace ?? 'default'
    counts.set(namespace, (counts.get(namespace) ?? 0) + 1)
  }
  return Array.from(counts, ([namespace, count]) => ({ type, namespace, count }))
}
