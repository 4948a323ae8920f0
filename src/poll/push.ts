import { isFailure } from '../errors.ts'
import type { AnyScaler, Answer, Push } from '../scaler.ts'
import type { Entry } from './board.ts'
import type { Connection } from './connection.ts'
import type { Parts } from './parts.ts'
import { alarm } from './schedule.ts'

/** First and longest pause before a watch that ended is started again (ms). */
const firstPause = 1_000
const longestPause = 60_000

/** A running watch of a source that pushes. */
interface Watch {
  /** Starts anew at once, on the newest client. */
  restart(): void
  stop(): void
}

interface WatchHooks {
  /** Runs the watch once, until it ends or the signal aborts. May reject: the reason shows in the next poll. */
  readonly run: (push: Push, signal: AbortSignal) => Promise<void>
  /** The source is left alone for now: no start. */
  readonly held: () => boolean
  readonly answer: (answer: Answer<unknown>) => void
}

/** Keeps a watch running: one that ends is started again after a pause that doubles, with jitter, and is reset by a long run. */
function startWatch({ clock, schedule, random }: Parts, hooks: WatchHooks): Watch {
  let controller = new AbortController()
  let pause = firstPause
  let stopped = false

  const run = async (): Promise<void> => {
    const { signal } = controller
    const startedAt = clock.now()
    if (!hooks.held()) await hooks.run(pushFor(signal), signal).catch(() => undefined)
    if (signal.aborted) return
    if (clock.now() - startedAt > longestPause) pause = firstPause
    schedule.set(again, clock.now() + pause * (0.5 + random() / 2))
    pause = Math.min(longestPause, pause * 2)
  }

  /** What an aborted watch still says is not heard. */
  const pushFor = (signal: AbortSignal): Push => ({
    answer(answer) {
      if (!signal.aborted) hooks.answer(answer)
    },
  })

  const again = alarm(undefined, () => void run())

  const stop = (): void => {
    schedule.cancel(again)
    controller.abort()
  }

  void run()
  return {
    restart() {
      if (stopped) return
      stop()
      controller = new AbortController()
      pause = firstPause
      void run()
    },
    stop() {
      stopped = true
      stop()
    },
  }
}

/** The watches of one source, at most one per query. */
export interface Watches {
  /** Follows the query as its first subscriber wants it, where the scaler pushes at all. */
  start(entry: Entry): void
  stop(entry: Entry): void
  /** The client was replaced. */
  restart(): void
}

export function createWatches(
  scaler: AnyScaler,
  connection: Connection,
  parts: Parts,
  source: {
    readonly held: () => boolean
    readonly answer: (entry: Entry, answer: Answer<unknown>) => void
  },
): Watches {
  const watches = new Map<Entry, Watch>()

  const run = async (entry: Entry, push: Push, signal: AbortSignal): Promise<void> => {
    const client = await connection.get()
    const follower = entry.subscribers[0]
    if (signal.aborted || follower === undefined) return
    client.users++
    try {
      await scaler.watch?.(follower.want.m, client.service, push, signal)
    } catch (thrown) {
      if (isFailure(thrown, 'SOURCE_UNREACHABLE', 'SOURCE_DENIED')) connection.renew(client)
      throw thrown
    } finally {
      connection.release(client)
    }
  }

  return {
    start(entry) {
      if (scaler.watch === undefined) return
      const watch = startWatch(parts, {
        run: (push, signal) => run(entry, push, signal),
        held: source.held,
        answer: (answer) => source.answer(entry, answer),
      })
      watches.set(entry, watch)
    },
    stop(entry) {
      watches.get(entry)?.stop()
      watches.delete(entry)
    },
    restart() {
      for (const watch of watches.values()) watch.restart()
    },
  }
}
