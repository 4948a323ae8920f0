import type { Resource } from '../resources.ts'

export interface Change<K> {
  readonly before: K | undefined
  readonly after: K | undefined
}

/** The objects of one mirror by key, and who wants to know of their changes. */
export interface Shelf<K extends Resource> {
  readonly size: number
  get(key: string): K | undefined
  values(): IterableIterator<K>
  /** Puts an object in place, or takes it away where there is none; tells the listeners unless it is the version already held. */
  put(key: string, after: K | undefined): void
  /** Takes away, and tells of, whatever is not among the keys. */
  keepOnly(keys: ReadonlySet<string>): void
  onChange(listener: (change: Change<K>) => void): () => void
}

export function shelf<K extends Resource>(): Shelf<K> {
  const objects = new Map<string, K>()
  const listeners = new Set<(change: Change<K>) => void>()

  const put = (key: string, after: K | undefined): void => {
    const before = objects.get(key)
    if (after === undefined) objects.delete(key)
    else objects.set(key, after)
    if (before === undefined && after === undefined) return
    if (before && after && sameVersion(before, after)) return
    for (const listener of listeners) listener({ before, after })
  }

  return {
    get size() {
      return objects.size
    },
    get: (key) => objects.get(key),
    values: () => objects.values(),
    put,
    keepOnly(keys) {
      for (const key of objects.keys()) if (!keys.has(key)) put(key, undefined)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function sameVersion(a: Resource, b: Resource): boolean {
  const version = a.metadata.resourceVersion
  return (
    version !== undefined &&
    version === b.metadata.resourceVersion &&
    a.metadata.uid === b.metadata.uid
  )
}
