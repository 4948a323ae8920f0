/** Where pods run. */
export interface Nodes {
  /** Adds a node with room for this many pods. The first node takes the place of the one without bounds that is there before. */
  add(name: string, room: number): void
  /** A node with room, the emptiest first; undefined where all are full. `taken`: pods by node. */
  place(taken: () => ReadonlyMap<string, number>): string | undefined
}

export function createNodes(): Nodes {
  const rooms = new Map<string, number>()
  return {
    add(name, room) {
      rooms.set(name, room)
    },
    place(taken) {
      if (rooms.size === 0) return 'embedded'
      const counts = taken()
      const used = (name: string): number => counts.get(name) ?? 0
      return [...rooms]
        .filter(([name, room]) => used(name) < room)
        .map(([name]) => name)
        .sort((a, b) => used(a) - used(b))[0]
    },
  }
}
