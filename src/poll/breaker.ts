import type { Code, EbbError } from '../errors.ts'

/** Failures of the source itself. Others concern one query and say nothing about its neighbours. */
const ofTheSource: ReadonlySet<Code> = new Set([
  'SOURCE_UNREACHABLE',
  'SOURCE_TIMEOUT',
  'SOURCE_DENIED',
  'SOURCE_THROTTLED',
])

export const concernsSource = (error: EbbError): boolean => ofTheSource.has(error.code)

/** Failed calls in a row after which a source is left alone but for probes. */
const patience = 3

/** The longest pause a source may ask for (ms): a mistyped Retry-After must not silence a workload for a day. */
const longestHold = 300_000

/**
 * Keeps a failing source from being asked by everyone who is due. After a few failures in a row it opens, and only one probe
 * at a time goes through until one succeeds. Knows no time but what it is told.
 */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'probing'
  /** The failure that opened it or keeps it open. */
  readonly why: EbbError | undefined
  /** No probe before this (epoch ms): the source asked for it. */
  readonly heldUntil: number
  /** A call succeeded. True when that closed an open breaker; not while the source asked to be left alone. */
  succeeded(now: number): boolean
  /** A call failed: one more in a row if it is telling, and the end of the probe if it was one. */
  failed(error: EbbError, how: { readonly probe: boolean; readonly telling: boolean }): void
  /** The source asks to be left alone for `ms`: opens at once. */
  hold(error: EbbError, now: number, ms: number): void
  /** A probe is sent. */
  probe(): void
  /** The probe ended without an answer: its query is not wanted any more. */
  unprobe(): void
}

export function createBreaker(): Breaker {
  let state: Breaker['state'] = 'closed'
  let why: EbbError | undefined
  let heldUntil = Number.NEGATIVE_INFINITY
  let failures = 0

  return {
    get state() {
      return state
    },
    get why() {
      return state === 'closed' ? undefined : why
    },
    get heldUntil() {
      return heldUntil
    },
    succeeded(now) {
      if (state === 'closed') failures = 0
      if (state === 'closed' || now < heldUntil) return false
      failures = 0
      state = 'closed'
      why = undefined
      return true
    },
    failed(error, { probe, telling }) {
      why = error
      if (telling) failures++
      if (probe || (state === 'closed' && failures >= patience)) state = 'open'
    },
    hold(error, now, ms) {
      why = error
      state = 'open'
      heldUntil = Math.max(heldUntil, now + Math.min(longestHold, ms))
    },
    probe() {
      state = 'probing'
    },
    unprobe() {
      if (state === 'probing') state = 'open'
    },
  }
}
