import type { Resource } from './resources.ts'

/** One change of a mirror: `before` is absent for a new object, `after` for a deleted one. */
export interface Change<K> {
  readonly before: K | undefined
  readonly after: K | undefined
}

/** A live, trimmed copy of the objects of one kind, kept by list and watch. Reads cost no request. */
export interface Mirror<K extends Resource> {
  readonly size: number
  /** Resolves once the first full list is in; rejects when the mirror's signal aborts before. */
  readonly synced: Promise<void>
  /** Set while the API server cannot be followed: the objects are those of `since` (epoch ms). */
  readonly stale: { readonly since: number; readonly why: string } | undefined
  /** Resolves when the mirror has ended, which it does only when its signal aborts. */
  readonly stopped: Promise<void>
  get(namespace: string, name: string): K | undefined
  values(): IterableIterator<K>
  /** Called for every change after the object is in place; also for the objects of the first list. */
  onChange(listener: (change: Change<K>) => void): () => void
}
