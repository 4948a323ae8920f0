/** What the heap orders. `place` is the index the heap keeps up to date, -1 while the item is in no heap. */
export interface Placed {
  due: number
  place: number
}

/** A binary min-heap on `due` that can take an item out of its middle, because every item knows its place. */
export interface Heap<T extends Placed> {
  readonly size: number
  peek(): T | undefined
  push(item: T): void
  /** Takes the item out, wherever it is. An item that is in no heap is left alone. */
  remove(item: T): void
}

export function createHeap<T extends Placed>(): Heap<T> {
  const items: T[] = []

  const put = (item: T, place: number): void => {
    items[place] = item
    item.place = place
  }

  const rise = (item: T): void => {
    let place = item.place
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = items[above]
      if (parent === undefined || parent.due <= item.due) break
      put(parent, place)
      place = above
    }
    put(item, place)
  }

  const sink = (item: T): void => {
    let place = item.place
    for (;;) {
      const left = items[2 * place + 1]
      const right = items[2 * place + 2]
      const least = right !== undefined && left !== undefined && right.due < left.due ? right : left
      if (least === undefined || item.due <= least.due) break
      const below = least.place
      put(least, place)
      place = below
    }
    put(item, place)
  }

  return {
    get size() {
      return items.length
    },
    peek: () => items[0],
    push(item) {
      item.place = items.length
      items.push(item)
      rise(item)
    },
    remove(item) {
      const { place } = item
      if (place < 0) return
      item.place = -1
      const last = items.pop()
      if (last === undefined || last === item) return
      put(last, place)
      rise(last)
      sink(last)
    },
  }
}
