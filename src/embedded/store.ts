import type { Meta } from '../resources.ts'
import type { Stored } from './json.ts'
import { frozen } from './json.ts'

/** One change of one object; its revision is the resourceVersion the object has after it. */
export interface Change {
  readonly revision: number
  /** `deployments.apps`, `pods.`: the plural and the group. */
  readonly kind: string
  readonly before: Stored | undefined
  readonly after: Stored | undefined
  /** What a watch shows: the object after the change, or the deleted one as it last was. */
  readonly object: Stored
}

/** Objects by kind and key, one counter of revisions for all, and the last changes. No rules of any kind. */
export interface Store {
  /** The newest revision. */
  readonly revision: number
  /** Changes up to and including this revision are forgotten. */
  readonly floor: number
  get(kind: string, key: string): Stored | undefined
  /** The objects of a kind in the order of their keys. */
  values(kind: string): readonly Stored[]
  /** The same as it was at a revision not below the floor. */
  valuesAt(kind: string, revision: number): readonly Stored[]
  byUid(uid: string): Stored | undefined
  /** Stores a frozen copy under a new revision. */
  put(kind: string, object: Stored): Stored
  drop(kind: string, key: string): void
  /** The change that made a revision above the floor. */
  change(revision: number): Change | undefined
  /** Forgets all history. */
  compact(): void
  /** Calls `listener` after every change; it must not throw. A change a listener makes is told after this one. */
  onChange(listener: (change: Change) => void): () => void
}

/** `namespace/name`; the order of lists. */
export const keyOf = (ref: Pick<Meta, 'namespace' | 'name'>): string =>
  `${ref.namespace ?? ''}/${ref.name}`

/** A store that remembers the last `history` changes. */
export function createStore(history: number): Store {
  const objects = new Map<string, Map<string, Stored>>()
  const uids = new Map<string, Stored>()
  const ring: Change[] = []
  const listeners = new Set<(change: Change) => void>()
  const untold: Change[] = []
  /** Sorted lists, until their kind changes. */
  const lists = new Map<string, readonly Stored[]>()
  // Starts like etcd: 0 is no version of anything.
  let revision = 1
  let compacted = 0

  const floor = (): number => Math.max(compacted, revision - history)

  const of = (kind: string): Map<string, Stored> => {
    const known = objects.get(kind) ?? new Map<string, Stored>()
    objects.set(kind, known)
    return known
  }

  /** Tells of changes in their order, also where a listener makes the next one. */
  const record = (change: Change): void => {
    ring[change.revision % history] = change
    lists.delete(change.kind)
    untold.push(change)
    if (untold.length > 1) return
    for (let next = untold[0]; next; untold.shift(), next = untold[0])
      for (const listener of listeners) listener(next)
  }

  const change = (at: number): Change | undefined =>
    at > floor() && at <= revision ? ring[at % history] : undefined

  return {
    get revision() {
      return revision
    },
    get floor() {
      return floor()
    },
    get: (kind, key) => objects.get(kind)?.get(key),
    values(kind) {
      const known = lists.get(kind) ?? sorted(of(kind))
      lists.set(kind, known)
      return known
    },
    valuesAt(kind, at) {
      const map = new Map(of(kind))
      for (let step = revision; step > at; step--) {
        const undone = change(step)
        if (undone?.kind !== kind) continue
        if (undone.before) map.set(keyOf(undone.object.metadata), undone.before)
        else map.delete(keyOf(undone.object.metadata))
      }
      return sorted(map)
    },
    byUid: (uid) => uids.get(uid),
    put(kind, object) {
      const key = keyOf(object.metadata)
      const before = of(kind).get(key)
      const after = stamped(object, ++revision)
      of(kind).set(key, after)
      uids.set(after.metadata.uid, after)
      record({ revision, kind, before, after, object: after })
      return after
    },
    drop(kind, key) {
      const before = of(kind).get(key)
      if (!before) return
      of(kind).delete(key)
      uids.delete(before.metadata.uid)
      const object = stamped(before, ++revision)
      record({ revision, kind, before, after: undefined, object })
    },
    change,
    compact() {
      compacted = revision
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const sorted = (map: ReadonlyMap<string, Stored>): readonly Stored[] =>
  [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)

/** A frozen copy of the object as of a revision. */
export const stamped = (object: Stored, revision: number): Stored =>
  frozen({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
