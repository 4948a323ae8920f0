import { takeOut } from '../take-out.ts'

/** Which holders go by which keys; a holder may have several, a key many holders. */
export interface Index<H> {
  /** Replaces all keys of a holder; none takes it out. */
  put(holder: H, keys: readonly string[]): void
  get(key: string): readonly H[]
  /** Holders of every key that passes. */
  getAll(passes: (key: string) => boolean): readonly H[]
}

export function createIndex<H>(): Index<H> {
  // a set takes twice the memory of an array, and most keys have one holder
  const holders = new Map<string, H[]>()
  const keysOf = new Map<H, readonly string[]>()
  return {
    put(holder, keys) {
      for (const key of keysOf.get(holder) ?? []) {
        const all = holders.get(key) ?? []
        takeOut(all, holder)
        if (all.length === 0) holders.delete(key)
      }
      if (keys.length === 0) keysOf.delete(holder)
      else keysOf.set(holder, keys)
      for (const key of new Set(keys)) {
        const all = holders.get(key)
        if (all) all.push(holder)
        else holders.set(key, [holder])
      }
    },
    get: (key) => [...(holders.get(key) ?? [])],
    getAll: (passes) => [
      ...new Set([...holders].filter(([key]) => passes(key)).flatMap(([, all]) => all)),
    ],
  }
}
