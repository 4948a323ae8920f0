import { clusterLane, type Content, type Item, type Read } from '../auth/store.ts'
import type { Stores } from '../auth/stores.ts'
import type { Clock } from '../clock.ts'
import { limit, type Limit } from '../limit.ts'

/**
 * What workloads refer to in stores, each item read once for everyone. It is read again while in use, when its token or lease
 * nears its end or else every 45 s, and at once when a source refuses the credentials.
 */
export interface Contents {
  /** What can be read. */
  readonly stores: Stores
  /** What is known; reads it when nothing is, when it was read before `newerThan` (epoch ms), or could not be a second ago. */
  read(item: Item, newerThan: number, signal: AbortSignal): Promise<Content>
  /** Keeps the content fresh while held; `changed` is called when a new read differs, or its store gets into trouble or out of it. */
  hold(item: Item, changed: () => void): () => void
  /** How many are held, for metrics and tests. */
  readonly size: number
  close(): void
}

/** How long a content may be old before it is read again (ms). Credentials that rotate reach a source within 60 s. */
export const rereadAfter = 45_000
/** After a store could not answer, what should be new by now is tried again so much later (ms). */
const retryAfter = 15_000
/** What could not be had may come with the next apply: who wants it so much later (ms) has it read again. */
const problemsLast = 1_000
/** Sources that refuse may ask for so many readings of one item a second, whoever is behind them. */
const demands = 2
/** Readings under way at once in the cluster, and in any other store: a thousand are read again without a burst. */
const width = { cluster: 8, other: 4 }
/** How long a place rests after a reading of another store (ms), so that none is asked more than 80 times a second. */
const gap = 50
/** How long a server that did not answer is left alone (ms). */
const downLasts = 5_000
/** How often due contents are looked for (ms). */
const tick = 1_000

/** One server, and whether it answers. */
interface Lane {
  readonly limited: Limit
  /** Until then nothing is asked of it: what waits is answered by `down` (epoch ms). */
  downUntil: number
  down: Read
}

interface Entry {
  readonly item: Item
  readonly holders: Set<() => void>
  content: Content | undefined
  readAt: number
  dueAt: number
  reading: Promise<Content> | undefined
  demandedAt: number
  demanded: number
}

export function createContents(stores: Stores, clock: Clock): Contents {
  const entries = new Map<string, Entry>()
  const lanes = new Map<string, Lane>()
  const stop = new AbortController()
  let cancel: (() => void) | undefined

  const entryOf = (item: Item): Entry => {
    const found = entries.get(item.key)
    if (found) return found
    const entry: Entry = {
      item,
      holders: new Set(),
      content: undefined,
      readAt: Number.NEGATIVE_INFINITY,
      dueAt: Number.POSITIVE_INFINITY,
      reading: undefined,
      demandedAt: Number.NEGATIVE_INFINITY,
      demanded: 0,
    }
    entries.set(item.key, entry)
    return entry
  }

  const laneOf = ({ lane }: Item): Lane => {
    const found = lanes.get(lane)
    if (found) return found
    const made: Lane = {
      limited: limit(lane === clusterLane ? width.cluster : width.other),
      downUntil: Number.NEGATIVE_INFINITY,
      down: { problem: '', missing: false },
    }
    lanes.set(lane, made)
    return made
  }

  /** Many may wait for a server that hangs; the first who waited in vain speaks for all. */
  const ask = async (item: Item, lane: Lane): Promise<Read> => {
    if (clock.now() < lane.downUntil) return lane.down
    const read = await item.read(stop.signal)
    if (read.down === true) {
      lane.downUntil = clock.now() + downLasts
      lane.down = read
    }
    return read
  }

  /** Reads in the item's lane, whose place rests a moment before the next takes it. */
  const inLane = (item: Item): Promise<Read> =>
    new Promise((resolve) => {
      const lane = laneOf(item)
      void lane.limited(async () => {
        const before = clock.now()
        resolve(await ask(item, lane))
        // ended early by the end of all alone
        if (item.lane !== clusterLane && before >= lane.downUntil)
          await clock.sleep(gap, stop.signal).catch(() => undefined)
      })
    })

  const take = (entry: Entry, { renewAt, down: _, ...read }: Read): Content => {
    const before = entry.content
    const content = kept(entry.item, before, read)
    const now = clock.now()
    entry.content = content
    entry.readAt = now
    entry.dueAt = troubled(content) ? now + retryAfter : (renewAt ?? now + rereadAfter)
    entry.reading = undefined
    if (before !== undefined && turned(entry.item, before, content))
      for (const notify of entry.holders) notify()
    return content
  }

  const refresh = (entry: Entry): Promise<Content> =>
    (entry.reading ??= inLane(entry.item).then((read) => take(entry, read)))

  /** Whether one more reading may be had on demand. */
  const granted = (entry: Entry): boolean => {
    const now = clock.now()
    if (now - entry.demandedAt >= 1_000) {
      entry.demandedAt = now
      entry.demanded = 0
    }
    return entry.demanded++ < demands
  }

  const sweep = (): void => {
    const now = clock.now()
    const used = new Set<string>()
    for (const [key, entry] of entries) {
      if (entry.holders.size === 0) entries.delete(key)
      else if (now >= entry.dueAt) void refresh(entry)
      used.add(entry.item.lane)
    }
    for (const lane of lanes.keys()) if (!used.has(lane)) lanes.delete(lane)
    cancel = entries.size > 0 ? clock.after(tick, sweep) : undefined
  }

  return {
    stores,
    get size() {
      return entries.size
    },
    async read(item, newerThan, signal) {
      signal.throwIfAborted()
      const entry = entryOf(item)
      const { content, readAt } = entry
      if (content === undefined) return refresh(entry)
      if (readAt < newerThan && (entry.reading || granted(entry))) return refresh(entry)
      const lasts = 'data' in content || clock.now() - readAt < problemsLast
      return lasts ? content : refresh(entry)
    },
    hold(item, changed) {
      const entry = entryOf(item)
      entry.holders.add(changed)
      cancel ??= clock.after(tick, sweep)
      return () => entry.holders.delete(changed)
    },
    close() {
      stop.abort()
      cancel?.()
      entries.clear()
      stores.close()
    },
  }
}

/**
 * What was last read still holds while a store cannot answer. It holds too while a store outside the cluster refuses: whether the
 * credentials are good is for the source to say, and a token for a vault that has ended is no reason to stop what works.
 */
function kept({ lane }: Item, before: Content | undefined, read: Content): Content {
  if ('data' in read || read.missing || before === undefined || !('data' in before)) return read
  const holds = read.passing === true || lane !== clusterLane
  return holds ? { data: before.data, trouble: read.problem } : read
}

/** Whether holders are to hear of it. Of an outage of the API server they hear anyway. */
const turned = ({ lane }: Item, before: Content, after: Content): boolean =>
  !sameContent(before, after) || (lane !== clusterLane && troubled(before) !== troubled(after))

const troubled = (content: Content): boolean => 'data' in content && content.trouble !== undefined

function sameContent(a: Content, b: Content): boolean {
  if (!('data' in a) || !('data' in b)) return !('data' in a) && !('data' in b)
  const keys = Object.keys(a.data)
  return (
    keys.length === Object.keys(b.data).length && keys.every((key) => a.data[key] === b.data[key])
  )
}
