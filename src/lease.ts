import { deadline, type Clock } from './clock.ts'
import type { Cluster } from './cluster.ts'
import { failure, isFailure } from './errors.ts'
import { claim, type Claim } from './lease/attempt.ts'
import { changes, type LeaseHandlers, type News } from './lease/news.ts'
import type { Holder } from './lease/record.ts'

export { addressAnnotation, type Holder } from './lease/record.ts'

/** Times are in ms; the defaults are those of KEDA and client-go. */
export interface LeaseOptions {
  readonly namespace: string
  readonly name: string
  /** Names this process among all that want the Lease: no two may share it. */
  readonly identity: string
  /** `host:port` under which the others reach this process; noted on the Lease while it is held. */
  readonly address: string | undefined
  /** How long the Lease counts after a renewal (15 s). */
  readonly duration?: number
  /** How long after the last renewal the holder still acts (10 s); shorter than `duration`, so that two never act at once. */
  readonly renewDeadline?: number
  /** How often the Lease is renewed, and tried for where it cannot be followed (2 s). */
  readonly retryPeriod?: number
  /** Resolves once this process could do what the Lease guards; until then it looks who has it and does not take it. At once where left out. */
  readonly ready?: Promise<unknown>
  /** Uniform in [0, 1): spreads the attempts of those who wait for the Lease. */
  readonly random: () => number
}

export interface Elector {
  /** Whether the Lease is ours at this moment: false as soon as the renew deadline is over, even if nothing could run since. */
  readonly holding: boolean
  /** Who holds it, as far as known. */
  readonly holder: Holder | undefined
  /** Until when (epoch ms) what the Lease guards may go on; in the past when it is not ours. */
  readonly until: number
  /** Looks at the Lease now instead of at the next attempt: who holds it may have changed. At most some times a second, and not while it is ours. */
  poke(): void
  /**
   * Gives the Lease back for good; what it guards must have ended. An attempt under way is cut off. Who holds it is still
   * looked at. Resolves when it is given back, or cannot be.
   */
  resign(): Promise<void>
  /** Resolves when the election has ended and the Lease is given back. */
  readonly stopped: Promise<void>
}

/** How long giving the Lease back may take (ms): it ends by itself soon after. */
const releaseWithin = 3_000
/** The shortest time between two looks at the Lease that were asked for (ms). */
const patience = 200

/**
 * Tries for a Lease until the signal aborts, and holds it as long as it can. After losing it, it tries again. Whoever waits for it
 * follows it by a watch, and takes it as soon as it is given back or its time is over. When the signal aborts the Lease is given
 * back, so that the next holder need not wait: abort it only once the work that it guards has ended.
 */
export function elect(
  cluster: Cluster,
  clock: Clock,
  options: LeaseOptions,
  handlers: LeaseHandlers,
  signal: AbortSignal,
): Elector {
  const { namespace, name, identity, address } = options
  const { duration = 15_000, renewDeadline = 10_000, retryPeriod = 2_000 } = options
  if (!(retryPeriod < renewDeadline && renewDeadline < duration)) {
    throw new TypeError('the times of a Lease must be: retry period < renew deadline < duration')
  }
  const me = { identity, address }
  const lease = claim({ cluster, clock, place: { namespace, name }, me, duration })
  const news = changes(handlers, lease)
  const resigned = Promise.withResolvers<void>()
  let state: 'running' | 'resigning' | 'resigned' = 'running'
  let actsUntil = Number.NEGATIVE_INFINITY
  let looked = Number.NEGATIVE_INFINITY
  let wake: (() => void) | undefined
  let able = options.ready === undefined
  let poked = false
  /** When it was looked at the Lease, or something of it was heard. */
  let heard = Number.NEGATIVE_INFINITY
  /** A holder that lives has renewed it within this (ms): else it is gone, or the watch has died without a word. */
  const quiet = 2.2 * retryPeriod
  /** Aborts the attempts to have the Lease once it is not wanted any more. */
  const enough = new AbortController()

  /** One attempt. Tells whether the Lease is ours; trouble is told to the handlers. */
  const attempt = async (left: number): Promise<boolean> => {
    // A connection that hangs must leave time for a second try on another one.
    const within = Math.min(left, renewDeadline / 2)
    const started = clock.now()
    looked = started
    const wants = state === 'running' && able
    const until = state === 'running' ? AbortSignal.any([signal, enough.signal]) : signal
    const limit = deadline(clock, within, until, () =>
      failure('CLUSTER_UNREACHABLE', {
        server: cluster.server,
        why: `no answer within ${within / 1000} s`,
      }),
    )
    try {
      const outcome = await (wants ? lease.attempt(limit.signal) : lease.look(limit.signal))
      // it counts from when it was written: the look before may have taken long
      if (outcome.mine) actsUntil = outcome.until - duration + renewDeadline
      else actsUntil = Number.NEGATIVE_INFINITY
      news.trouble(undefined)
      return outcome.mine
    } catch (error) {
      if (until.aborted) return false
      if (!isFailure(error)) throw error
      news.trouble(error.message)
      return clock.now() < actsUntil
    } finally {
      limit.clear()
      poked = false
      news.holder()
    }
  }

  /** Sleeps until the time is over, somebody pokes, or the signal aborts. */
  const pause = async (ms: number): Promise<void> => {
    if (signal.aborted || state === 'resigning') return
    const over = Promise.withResolvers<void>()
    const end = (): void => over.resolve()
    const cancel = clock.after(ms, end)
    wake = end
    signal.addEventListener('abort', end, { once: true })
    await over.promise
    cancel()
    signal.removeEventListener('abort', end)
    wake = undefined
  }

  const win = async (): Promise<void> => {
    while (!signal.aborted) {
      const tried = able
      const mine = await attempt(renewDeadline)
      if (state !== 'running') await handBack()
      else if (mine) return
      else if (await awaitTurn()) continue
      const spread = retryPeriod * (1 + 1.2 * options.random())
      const left = lease.takenUntil - clock.now()
      if (tried === able) await pause(left > 0 ? Math.min(spread, left) : spread)
    }
  }

  const hasTurn = (): boolean => poked || clock.now() >= lease.takenUntil

  /**
   * Follows the Lease of another until it may be had or is to be looked at. False where it could not be followed, so that it
   * must be looked at now and then.
   */
  const awaitTurn = async (): Promise<boolean> => {
    if (hasTurn()) return false
    const began = clock.now()
    heard = began
    const over = new AbortController()
    let follows = true
    const followed = follow(AbortSignal.any([signal, over.signal])).finally(() => {
      follows = false
      wake?.()
    })
    const isToLook = (): boolean => hasTurn() || clock.now() >= heard + quiet
    while (follows && state === 'running' && !signal.aborted && !isToLook())
      await pause(Math.min(lease.takenUntil, heard + quiet) - clock.now())
    // one that the server ended is opened anew, but not over and over
    const lived = isToLook() || clock.now() >= began + retryPeriod
    over.abort()
    return (await followed) && lived
  }

  /** Resolves when the signal aborts or the server ends the watch; false where the watch failed. */
  const follow = async (until: AbortSignal): Promise<boolean> => {
    const onChange = (): void => {
      heard = clock.now()
      news.holder()
      wake?.()
    }
    try {
      await lease.follow(() => news.blind(undefined), onChange, until)
      return true
    } catch (error) {
      if (until.aborted) return true
      if (!isFailure(error)) throw error
      news.blind(error.message)
      return false
    }
  }

  const keep = async (): Promise<void> => {
    handlers.onWon()
    do {
      await pause(Math.min(retryPeriod, actsUntil - clock.now()))
    } while (
      !signal.aborted &&
      state === 'running' &&
      clock.now() < actsUntil &&
      (await attempt(actsUntil - clock.now()))
    )
    if (state !== 'running') await handBack()
    else if (!signal.aborted) handlers.onLost(news.why())
  }

  const handBack = async (): Promise<void> => {
    actsUntil = Number.NEGATIVE_INFINITY
    await giveBack(lease, clock, news)
    state = 'resigned'
    resigned.resolve()
  }

  const setOut = (): void => {
    able = true
    wake?.()
  }
  // what is never ready is told of by whoever makes it so
  options.ready?.then(setOut, () => undefined)

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await win()
      if (!signal.aborted) await keep()
    }
    await handBack()
  }

  return {
    get holding() {
      return clock.now() < actsUntil
    },
    get holder() {
      return lease.holder
    },
    get until() {
      return actsUntil
    },
    poke() {
      const now = clock.now()
      if (now < looked + patience || now < actsUntil) return
      poked = true
      wake?.()
    },
    resign() {
      if (state === 'running') state = 'resigning'
      enough.abort()
      wake?.()
      return resigned.promise
    },
    stopped: run(),
  }
}

/** What cannot be given back ends by itself, a Lease's duration later. */
async function giveBack(lease: Claim, clock: Clock, news: News): Promise<void> {
  const limit = deadline(clock, releaseWithin, new AbortController().signal, () =>
    failure('CLUSTER_FAILED', { what: 'giving the Lease back', why: 'no answer in time' }),
  )
  try {
    await lease.release(limit.signal)
  } catch (error) {
    if (!isFailure(error)) throw error
    news.trouble(error.message)
  } finally {
    limit.clear()
  }
}
