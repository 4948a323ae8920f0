import type { Answer, Query, Sample } from '../scaler.ts'
import type { Want } from './port.ts'
import { alarm, type Alarm } from './schedule.ts'
import { slackOf } from './spread.ts'

/** One trigger's place at an entry. */
export interface Subscriber {
  readonly want: Want
  /** The polling interval asked for (ms). */
  period: number
  /** When an HPA read it last (epoch ms). */
  readAt: number
}

/** Somebody who waits for the next sample. */
export interface Waiter {
  resolve(sample: Sample<unknown>): void
}

/**
 * The board's row of one query of one source. Thousands of them lie idle, so it is plain data: its alarm is its only tie
 * to time, and what is rare is undefined until it is needed.
 */
export interface Entry {
  readonly key: string
  readonly query: Query
  /** Which grid of times it is asked on. */
  readonly phase: number
  /** The shortest period its subscribers asked for (ms), under which its phase is counted as taken. */
  nominal: number
  readonly alarm: Alarm<Entry>
  readonly subscribers: Subscriber[]
  /** `ready`: due and waiting for its turn at the source. `asked`: under way, at most once at a time. */
  state: 'idle' | 'ready' | 'asked' | 'closed'
  latest: Sample<unknown> | undefined
  good: Sample<unknown> | undefined
  waiters: Waiter[] | undefined
  /** For how many more rounds an empty answer counts as SOURCE_FORGOT. */
  doubted: number
}

export const makeEntry = (
  key: string,
  query: Query,
  phase: number,
  nominal: number,
  ring: (entry: Entry) => void,
): Entry => {
  const entry: { -readonly [K in keyof Entry]: Entry[K] } = {
    key,
    query,
    phase,
    nominal,
    // set in the next line: the two refer to each other
    alarm: undefined as unknown as Alarm<Entry>,
    subscribers: [],
    state: 'idle',
    latest: undefined,
    good: undefined,
    waiters: undefined,
    doubted: 0,
  }
  entry.alarm = alarm<Entry>(entry, ring)
  return entry
}

/** For how long after a read by an HPA its trigger is polled at the HPA's pace (ms): three syncs of its default 15 s. */
const readMemory = 45_000

/** The period in force for one trigger (ms): as fast as its HPA looks while an HPA looks, else as its spec says. */
export function periodOf(subscriber: Subscriber, now: number, hpaSyncPeriod: number): number {
  const { want, period, readAt } = subscriber
  return !want.cached && now - readAt <= readMemory ? Math.min(period, hpaSyncPeriod) : period
}

/** How often a query is asked now (ms): as often as its most demanding subscriber wants. */
export function paceOf(entry: Entry, now: number, hpaSyncPeriod: number): number {
  let least = Number.POSITIVE_INFINITY
  for (const subscriber of entry.subscribers) {
    least = Math.min(least, periodOf(subscriber, now, hpaSyncPeriod))
  }
  return least
}

/**
 * How old an answer may be that a reader is given (ms). A healthy source's newest answer is as old as one period, plus the
 * slack the next poll may take, plus the time that poll may wait for its answer: any less, and readers of a healthy but slow
 * source would ask a second time for what is under way.
 */
export const acceptedAge = (period: number, timeout: number): number =>
  period + slackOf(period) + timeout

/**
 * What a reader gets at once: the last good sample while it is young enough, else the error while that is; undefined when
 * there is nothing young enough.
 */
export function youngest(entry: Entry, now: number, age: number): Sample<unknown> | undefined {
  const { good, latest } = entry
  if (good !== undefined && now - good.at <= age) return good
  if (latest !== undefined && now - latest.at <= age) return latest
  return undefined
}

/**
 * Puts on the board what came together, `answers[i]` of `entries[i]`. Everyone who follows a query takes its sample in
 * before anyone is told that the answers are there: whoever follows several of them would else go by what some said before.
 * An entry that is closed by then is left out: a handler may take back its own query or another.
 */
export function publish(
  entries: readonly Entry[],
  answers: readonly Answer<unknown>[],
  at: number,
  took: number,
): void {
  for (const [i, entry] of entries.entries()) {
    const answer = answers[i]
    if (answer !== undefined && isWanted(entry)) record(entry, answer, at, took)
  }
  for (const entry of entries) if (isWanted(entry)) announce(entry)
}

/** Somebody follows it still. */
export const isWanted = (entry: Entry): boolean => entry.state !== 'closed'

function record(entry: Entry, answer: Answer<unknown>, at: number, took: number): void {
  const sample: Sample<unknown> = { answer, at, took, before: lastValue(entry) }
  entry.latest = sample
  if (answer.kind !== 'error') entry.good = sample
  for (const { want } of entry.subscribers) want.onSample(sample)
}

/** Tells everyone who follows the query, and who waits for it. */
function announce(entry: Entry): void {
  const { latest: sample } = entry
  if (sample === undefined) return
  // a handler may close its own or another subscription
  const followers = entry.subscribers.length === 1 ? entry.subscribers : [...entry.subscribers]
  for (const { want } of followers) want.onAnswered?.(sample)
  release(entry, sample)
}

/** The newest value, over errors and empty answers in between: a failed poll must not make a scaler that compares start anew. */
function lastValue({ good }: Entry): unknown {
  if (good === undefined) return undefined
  return good.answer.kind === 'value' ? good.answer.value : good.before
}

/** Gives the sample to all who wait for one. */
export function release(entry: Entry, sample: Sample<unknown>): void {
  const { waiters } = entry
  if (waiters === undefined) return
  entry.waiters = undefined
  for (const waiter of waiters) waiter.resolve(sample)
}
