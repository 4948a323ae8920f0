import type { OwnerReference } from '../resources.ts'
import type { Ground } from './ground.ts'
import { refOf } from './address.ts'
import type { Stored } from './json.ts'
import { createQueue } from './queue.ts'

/**
 * The garbage collector of owner references: an object goes, in the background, once all of its owners are gone; while
 * some are left, it only loses its references to the others. An owner of a kind that the cluster does not serve counts
 * as there. An owner in another namespace counts as gone, as it does to Kubernetes.
 */
export function startCollector({ store, server, rules, owners, clock }: Ground): () => void {
  const gone = (object: Stored, owner: OwnerReference): boolean => {
    if (!rules.byName(owner.apiVersion, owner.kind)) return false
    const found = store.byUid(owner.uid)
    const { namespace } = found?.metadata ?? {}
    return !found || (namespace !== undefined && namespace !== object.metadata.namespace)
  }

  const collect = (uid: string): void => {
    const object = store.byUid(uid)
    if (!object || object.metadata.deletionTimestamp !== undefined) return
    const references = object.metadata.ownerReferences ?? []
    const left = references.filter((owner) => !gone(object, owner))
    const rule = rules.byName(object.apiVersion, object.kind)
    if (!rule || left.length === references.length) return
    if (left.length === 0) server.remove(rule, refOf(object), { uid })
    else server.patch(rule, refOf(object), { metadata: { uid, ownerReferences: left } }, 'main')
  }

  const queue = createQueue(clock, collect)
  const stop = store.onChange(({ before, after, object }) => {
    if (after && after.metadata.ownerReferences !== before?.metadata.ownerReferences)
      queue.add(object.metadata.uid)
    if (!after)
      for (const { metadata } of owners.dependents(object.metadata.uid)) queue.add(metadata.uid)
  })
  return () => {
    stop()
    queue.close()
  }
}
