import type { Stored } from './json.ts'
import type { Change, Store } from './store.ts'
import { keyOf } from './store.ts'

/** An object by its place in the store. */
export interface Place {
  readonly kind: string
  readonly key: string
}

/** Who belongs to whom, kept up with the store. */
export interface Owners {
  /** The objects that name this uid as an owner, oldest first. */
  dependents(uid: string): readonly Stored[]
  close(): void
}

export function createOwners(store: Store): Owners {
  const byOwner = new Map<string, Map<string, Place>>()

  const forget = (object: Stored): void => {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const places = byOwner.get(uid)
      places?.delete(object.metadata.uid)
      if (places?.size === 0) byOwner.delete(uid)
    }
  }

  const learn = (kind: string, object: Stored): void => {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const places = byOwner.get(uid) ?? new Map<string, Place>()
      byOwner.set(uid, places.set(object.metadata.uid, { kind, key: keyOf(object.metadata) }))
    }
  }

  const follow = ({ kind, before, after }: Change): void => {
    if (before?.metadata.ownerReferences === after?.metadata.ownerReferences) return
    if (before) forget(before)
    if (after) learn(kind, after)
  }

  return {
    dependents: (uid) =>
      [...(byOwner.get(uid)?.values() ?? [])].flatMap(
        ({ kind, key }) => store.get(kind, key) ?? [],
      ),
    close: store.onChange(follow),
  }
}
