import type { Clock } from '../clock.ts'
import type { WatchEvent, Where } from '../cluster.ts'
import { failure } from '../errors.ts'
import type { Stored } from './json.ts'
import type { Matcher } from './selector.ts'
import { fieldMatcher, labelMatcher } from './selector.ts'
import type { Change, Store } from './store.ts'
import { stamped } from './store.ts'

/** Which objects a list or watch is about. */
export function whereMatcher(where: Where): Matcher<Stored> {
  const labels = labelMatcher(where.labelSelector)
  const fields = fieldMatcher(where.fieldSelector)
  const { namespace } = where
  return (object) =>
    (namespace === undefined || namespace === '' || object.metadata.namespace === namespace) &&
    labels(object.metadata.labels ?? {}) &&
    fields(object)
}

/**
 * What a change is to a watcher with a selector: an object that comes to match is ADDED, one that no longer does is
 * DELETED and told as it was before, as on a real API server.
 */
export function viewOf(change: Change, matches: Matcher<Stored>): WatchEvent<Stored> | undefined {
  const was = change.before !== undefined && matches(change.before)
  const is = change.after !== undefined && matches(change.after)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: change.object }
  if (!was || !change.before) return undefined
  return { type: 'DELETED', object: stamped(change.before, change.revision) }
}

/** The watches that are open, so that a test can do to all of them what servers and networks do. */
export interface Watches {
  /**
   * Changes of a kind after a revision, after a bookmark of that revision. Reads from the store's history at the
   * consumer's pace, so a slow consumer holds no memory; one that falls behind the history fails with CLUSTER_GONE.
   * Revision 0 begins with the objects there are.
   */
  open(
    kind: string,
    where: Where,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<Stored>>
  /** Ends every open watch, as a server that restarts would. */
  cut(): void
  /** Keeps every open watch open and lets nothing through it any more, as a network that drops packets would. */
  mute(): void
}

interface Line {
  state: 'open' | 'muted' | 'cut'
  readonly bell: Bell
}

/** `bookmarks`: ms between two bookmarks of a watch. */
export function createWatches(store: Store, clock: Clock, bookmarks: number): Watches {
  const lines = new Set<Line>()

  const setAll = (state: Line['state']): void => {
    for (const line of lines) {
      line.state = state
      line.bell.ring()
    }
  }

  /** Events of an open line until it is cut; undefined at the end. */
  const pull = async (
    line: Line,
    cursor: Cursor,
    due: { bookmark: number },
    signal: AbortSignal,
  ): Promise<WatchEvent<Stored> | undefined> => {
    for (;;) {
      signal.throwIfAborted()
      if (line.state === 'cut') return undefined
      const event = line.state === 'open' ? cursor.next() : undefined
      if (event) return event
      if (line.state === 'open' && clock.now() >= due.bookmark) {
        due.bookmark = clock.now() + bookmarks
        return { type: 'BOOKMARK', resourceVersion: String(cursor.position) }
      }
      const wait = Math.max(0, due.bookmark - clock.now())
      const cancel = line.state === 'open' ? clock.after(wait, () => line.bell.ring()) : undefined
      await line.bell.heard()
      cancel?.()
    }
  }

  async function* open(
    kind: string,
    where: Where,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<Stored>> {
    if (from > 0 && from < store.floor) throw failure('CLUSTER_GONE', { what: kind })
    const bell = createBell()
    const ring = (): void => bell.ring()
    const line: Line = { state: 'open', bell }
    const cursor = createCursor(store, kind, whereMatcher(where), from, bell)
    const due = { bookmark: clock.now() + bookmarks }
    lines.add(line)
    signal.addEventListener('abort', ring, { once: true })
    try {
      yield { type: 'BOOKMARK', resourceVersion: String(from) }
      for (;;) {
        const event = await pull(line, cursor, due, signal)
        if (!event) return
        yield event
      }
    } finally {
      signal.removeEventListener('abort', ring)
      lines.delete(line)
      cursor.close()
    }
  }

  return { open, cut: () => setAll('cut'), mute: () => setAll('muted') }
}

/** One reader's place in the history. */
interface Cursor {
  /** Everything up to this revision has been read. */
  readonly position: number
  /** The next event; undefined once all is read, and then the bell rings when there is more. */
  next(): WatchEvent<Stored> | undefined
  close(): void
}

function createCursor(
  store: Store,
  kind: string,
  matches: Matcher<Stored>,
  from: number,
  bell: Bell,
): Cursor {
  const initial = from > 0 ? [] : store.values(kind).filter(matches)
  let position = from > 0 ? from : store.revision
  let idle = false

  // A change that is not for an idle reader moves it on at once, so that a quiet watch never falls behind the history.
  const close = store.onChange((change) => {
    if (!idle) return
    if (change.kind !== kind || !viewOf(change, matches)) position = change.revision
    else {
      idle = false
      bell.ring()
    }
  })

  return {
    get position() {
      return position
    },
    next() {
      idle = false
      const present = initial.shift()
      if (present) return { type: 'ADDED', object: present }
      while (position < store.revision) {
        if (position < store.floor) throw failure('CLUSTER_GONE', { what: kind })
        const change = store.change(++position)
        const event = change?.kind === kind ? viewOf(change, matches) : undefined
        if (event) return event
      }
      idle = true
      return undefined
    },
    close,
  }
}

interface Bell {
  ring(): void
  /** Resolves at the next ring, or at once where one was not heard yet. */
  heard(): Promise<void>
}

function createBell(): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },
    async heard() {
      if (!rung) await new Promise<void>((resolve) => (wake = resolve))
      wake = undefined
      rung = false
    },
  }
}
