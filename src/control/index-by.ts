/** Which holders go by which keys; a holder may have several, a key many holders. */
export interface Index<H> {
  /** Replaces all keys of a holder; none takes it out. */
  put(holder: H, keys: readonly string[]): void
  get(key: string): readonly H[]
  /** Holders of every key that passes. */
  getAll(passes: (key: string) => boolean): readonly H[]
}

export function createIndex<H>(): Index<H> {
  const holders = new Map<string, Set<H>>()
  const keysOf = new Map<H, readonly string[]>()
  return {
    put(holder, keys) {
      for (const key of keysOf.get(holder) ?? []) {
        const set = holders.get(key)
        set?.delete(holder)
        if (set?.size === 0) holders.delete(key)
      }
      if (keys.length === 0) keysOf.delete(holder)
      else keysOf.set(holder, keys)
      for (const key of keys) {
        const set = holders.get(key) ?? new Set()
        holders.set(key, set.add(holder))
      }
    },
    get: (key) => [...(holders.get(key) ?? [])],
    getAll: (passes) => [
      ...new Set([...holders].filter(([key]) => passes(key)).flatMap(([, set]) => [...set])),
    ],
  }
}
