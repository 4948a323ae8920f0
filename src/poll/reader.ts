import { failure, type EbbError } from '../errors.ts'
import { error, type Sample } from '../scaler.ts'
import type { Entry, Subscriber, Waiter } from './board.ts'
import { acceptedAge, periodOf, youngest } from './board.ts'
import type { Parts } from './parts.ts'
import { alarm } from './schedule.ts'

/** What a reader needs of the source. */
interface Readable {
  readonly timeout: number
  readonly held: EbbError | undefined
  readonly timedOut: (ms: number) => EbbError
  demand(entry: Entry): void
  quicken(entry: Entry): void
}

/** A sample that was never taken: what a reader is told instead. */
const told = (why: EbbError, now: number, took: number): Sample<never> => ({
  answer: error(why),
  at: now,
  took,
  before: undefined,
})

/**
 * Answers a reader from the board. Only where there is nothing young enough is the query made due at once, and the reader
 * waits with all others who want it, `patience` ms at most; a source that is left alone for now is not waited for.
 */
export async function read(
  entry: Entry,
  subscriber: Subscriber,
  source: Readable,
  { clock, schedule, hpaSyncPeriod }: Parts,
  patience: number,
): Promise<Sample<unknown>> {
  const now = clock.now()
  subscriber.readAt = now
  source.quicken(entry)
  const age = acceptedAge(periodOf(subscriber, now, hpaSyncPeriod), source.timeout)
  const known = youngest(entry, now, age)
  if (known !== undefined) return known
  const { held } = source
  if (held !== undefined) return told(held, now, 0)

  const { promise, resolve } = Promise.withResolvers<Sample<unknown>>()
  const giveUp = (waiter: Waiter): void => {
    entry.waiters = entry.waiters?.filter((other) => other !== waiter)
    resolve(told(source.timedOut(patience), clock.now(), patience))
  }
  const waiter: Waiter = {
    resolve(sample) {
      schedule.cancel(limit)
      resolve(sample)
    },
  }
  const limit = alarm(waiter, giveUp)
  entry.waiters = [...(entry.waiters ?? []), waiter]
  schedule.set(limit, now + patience)
  source.demand(entry)
  return promise
}

/** What those are told who wait for a query that is taken back. */
export const gone = (now: number): Sample<never> =>
  told(failure('SAMPLE_MISSING', { what: 'a query that is no longer wanted' }), now, 0)
