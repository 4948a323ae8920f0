import { setTimeout as delay } from 'node:timers/promises'

/** All that Ebb asks of time. The only file that may touch timers or `Date`. */
export interface Clock {
  /** Epoch milliseconds (fractions allowed). Never goes back, whatever is done to the machine's wall clock. */
  now(): number
  /** Calls `fire` once, `ms` from now. The function returned takes it back; after it has fired that does nothing. */
  after(ms: number, fire: () => void): () => void
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const { timeOrigin } = performance
/** A timer of more (ms, some 25 days) would fire at once. A pollingInterval may be 68 years. */
const longest = 2 ** 31 - 1

/** The machine's own time: the wall clock at the start of the process, moved on by the monotonic clock. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  after(ms, fire) {
    const start = (left: number): NodeJS.Timeout =>
      left > longest
        ? setTimeout(() => {
            timer = start(left - longest)
          }, longest)
        : setTimeout(fire, left)
    // a longer time than a timer takes is waited for by several, one after the other
    let timer = start(ms)
    return () => clearTimeout(timer)
  },
  async sleep(ms, signal) {
    // counts down, as above
    let left = ms
    for (; left > longest; left -= longest) await delay(longest, undefined, { signal })
    await delay(left, undefined, { signal })
  },
}

/** RFC 3339 in UTC with whole seconds, the form Kubernetes stores times in. */
export const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

/** The same with microseconds: what the MicroTime fields (Lease, Event) demand, which refuse whole seconds. */
export const rfc3339Micro = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

/** Epoch milliseconds of an RFC 3339 time; `undefined` where the text is absent or no time at all. */
export function parseTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

/** Waits for `work`, but `ms` at most, and no longer than the signal lets it. Failures of `work` are not told. */
export function within(
  work: Promise<unknown>,
  ms: number,
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    if (signal.aborted) return end()
    signal.addEventListener('abort', end, { once: true })
    work.then(end, end)
  })
}

/** Waits for `work` until the signal aborts; then it rejects with the signal's reason, and what comes of `work` is not told. */
export function heeding<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/**
 * A signal that aborts when the parent does or after `ms`, whichever is first.
 * The caller must `clear` it, so that no timer and no listener outlives the work.
 */
export function deadline(
  clock: Pick<Clock, 'after'>,
  ms: number,
  parent: AbortSignal,
  reason: () => Error,
): { readonly signal: AbortSignal; clear(): void } {
  const own = new AbortController()
  const follow = (): void => own.abort(parent.reason)
  if (parent.aborted) follow()
  parent.addEventListener('abort', follow, { once: true })
  const cancel = clock.after(ms, () => own.abort(reason()))
  return {
    signal: own.signal,
    clear() {
      cancel()
      parent.removeEventListener('abort', follow)
    },
  }
}
