import { deadline } from '../clock.ts'
import { isFailure, type EbbError } from '../errors.ts'
import { toFailure } from './asks.ts'
import type { Client, Connection } from './connection.ts'
import type { Parts } from './parts.ts'
import { alarm } from './schedule.ts'

/** How long a source that was lent stays open with nobody on it (ms): the specs it gave are subscribed to next. */
const linger = 10_000

/** Lends a source's service to work that is not a poll. Borrowers take slots like polls, and go before them. */
export interface Lender {
  readonly running: number
  readonly waiting: boolean
  /** Somebody borrows or just did: the source is to stay open. */
  readonly busy: boolean
  readonly lend: <T>(
    work: (service: never, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ) => Promise<T>
  /** Lets those go ahead for whom there is a slot now. */
  serve(): void
  close(): void
}

export interface LenderHooks {
  readonly free: () => boolean
  /** Why nothing is lent now. */
  readonly held: () => EbbError | undefined
  readonly address: () => string
  readonly timedOut: () => EbbError
  /** A piece of work ended, with its failure if it failed. */
  readonly ended: (failed: EbbError | undefined, startedAt: number) => void
  /** The time to linger is over. */
  readonly rested: () => void
}

export function createLender(
  connection: Connection,
  timeout: number,
  { schedule, clock }: Parts,
  hooks: LenderHooks,
): Lender {
  const queue = new Set<() => void>()
  const closing = new AbortController()
  let running = 0
  const lingering = alarm(undefined, () => hooks.rested())

  /** Takes a slot, waiting for one if need be. */
  const enter = async (signal: AbortSignal): Promise<void> => {
    if (hooks.free() && queue.size === 0) {
      running++
      return
    }
    const turn = Promise.withResolvers<void>()
    let granted = false
    const go = (): void => {
      granted = true
      running++
      turn.resolve()
    }
    queue.add(go)
    try {
      await race(turn.promise, signal)
    } catch (thrown) {
      // granted in the very turn the signal aborted
      if (granted) running--
      throw thrown
    } finally {
      queue.delete(go)
    }
  }

  const use = async <T>(
    work: (service: never, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    let client: Client | undefined
    try {
      client = await connection.get()
      signal.throwIfAborted()
      client.users++
      // the scaler whose work this is opened the service
      return await work(client.service as never, signal)
    } catch (thrown) {
      if (client && isFailure(thrown, 'SOURCE_DENIED', 'SOURCE_UNREACHABLE')) {
        connection.renew(client)
      }
      throw thrown
    } finally {
      if (client !== undefined) connection.release(client)
    }
  }

  const lend: Lender['lend'] = async (work, given) => {
    const held = hooks.held()
    if (held !== undefined) throw held
    const startedAt = clock.now()
    const both = AbortSignal.any([given, closing.signal])
    const limit = deadline(schedule, timeout, both, hooks.timedOut)
    let failed: EbbError | undefined
    try {
      await enter(limit.signal)
      return await race(use(work, limit.signal), limit.signal).finally(() => running--)
    } catch (thrown) {
      given.throwIfAborted()
      failed = toFailure(thrown, hooks.address())
      throw failed
    } finally {
      limit.clear()
      if (!closing.signal.aborted) {
        schedule.set(lingering, clock.now() + linger)
        hooks.ended(failed, startedAt)
      }
    }
  }

  return {
    get running() {
      return running
    },
    get waiting() {
      return queue.size > 0
    },
    get busy() {
      return running > 0 || queue.size > 0 || lingering.place >= 0
    },
    lend,
    serve() {
      for (const go of queue) {
        if (!hooks.free()) return
        queue.delete(go)
        go()
      }
    },
    close() {
      schedule.cancel(lingering)
      closing.abort(hooks.timedOut())
    },
  }
}

/** The work, or the signal's reason as soon as it aborts; what the work does after that is nobody's. */
async function race<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>()
  const stop = (): void => over.reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, over.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
