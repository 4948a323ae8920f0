import type { Mirror } from '../mirror.ts'
import type { Resource } from '../resources.ts'

/** One mirror out of one for each namespace. It is synced when all are, and stale since the first of them was. */
export function joined<K extends Resource>(parts: ReadonlyMap<string, Mirror<K>>): Mirror<K> {
  const all = [...parts.values()]
  const synced = allOf(all.map((part) => part.synced))
  synced.catch(() => undefined)
  return {
    get size() {
      return all.reduce((sum, part) => sum + part.size, 0)
    },
    get stale() {
      return all.map((part) => part.stale).reduce(older, undefined)
    },
    synced,
    stopped: allOf(all.map((part) => part.stopped)),
    get: (namespace, name) => parts.get(namespace)?.get(namespace, name),
    *values() {
      for (const part of all) yield* part.values()
    },
    onChange(listener) {
      const undo = all.map((part) => part.onChange(listener))
      return () => {
        for (const one of undo) one()
      }
    },
  }
}

async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.all(promises)
}

function older<S extends { readonly since: number }>(
  a: S | undefined,
  b: S | undefined,
): S | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.since <= b.since ? a : b
}
