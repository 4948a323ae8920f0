import { failure, reasonOf, type EbbError } from '../errors.ts'
import type { Answer } from '../scaler.ts'
import type { Entry } from './board.ts'
import { concernsSource, createBreaker, type Breaker } from './breaker.ts'
import type { Parts } from './parts.ts'
import { alarm } from './schedule.ts'
import { slackOf } from './spread.ts'

/** When many queries become due at once after an outage, how far apart they are (ms), within a tenth of the period. */
const revivalStep = 5

/** A call that ended. */
export interface Call {
  readonly entries: readonly Entry[]
  readonly probe: boolean
  readonly startedAt: number
}

/** What a source does while it fails: one probe per shortest period, and everyone at once when a probe succeeds. */
export interface Outage {
  readonly state: Breaker['state']
  /** Why nothing is asked just now; undefined while all is well. */
  readonly held: EbbError | undefined
  /** Draws the conclusion from a call, before its answers are recorded. True when it ended the outage: then call `revive`. */
  conclude(answers: readonly Answer<unknown>[], call: Call): boolean
  /** Makes everyone due who missed a turn. */
  revive(): void
  /** Somebody new wants the source every `period` ms: the next probe must not be later. */
  hasten(period: number): void
  /** The probe's query is not wanted any more. */
  unprobe(): void
  close(): void
}

export interface OutageParts {
  readonly entries: ReadonlyMap<string, Entry>
  /** Whether queries that are due together share a call. */
  readonly together: boolean
  /** The period of the source's most demanding query (ms). */
  readonly shortest: () => number
  /** Asks this query now, free slot or not. */
  readonly probe: (entry: Entry) => void
  /** Those who are due are not to be asked. */
  readonly opened: () => void
}

export function createOutage(
  { entries, together, shortest, probe, opened }: OutageParts,
  { clock, schedule }: Parts,
): Outage {
  const breaker = createBreaker()
  let turn = entries.values()
  let succeededAt = Number.NEGATIVE_INFINITY
  let paused: { readonly why: EbbError; readonly error: EbbError } | undefined

  /** No earlier than the source asked for; an earlier plan stands. */
  const plan = (wanted: number): void => {
    const at = Math.max(wanted, breaker.heldUntil, clock.now())
    const stands = probing.place >= 0 && probing.due >= breaker.heldUntil && probing.due <= at
    // with slack, so that a query whose turn it is anyway becomes the probe
    if (!stands && Number.isFinite(at)) schedule.set(probing, at, slackBefore(at))
  }

  /**
   * Queries that fail for good (too slow, not theirs to read) say nothing new about a source that answers others: they must
   * not open the breaker over and over. They count only once nothing has succeeded for a period.
   */
  const isTelling = (asked: readonly Entry[]): boolean =>
    asked.length === 0 || !asked.every(wasFailing) || clock.now() - succeededAt > shortest()

  const slackBefore = (at: number): number =>
    Math.min(slackOf(shortest()), Math.max(0, at - breaker.heldUntil))

  const send = (): void => {
    if (breaker.state !== 'open') return
    const entry = nextFree()
    if (entry === undefined) return plan(clock.now() + shortest())
    breaker.probe()
    probe(entry)
  }

  const probing = alarm(undefined, send)

  /** Each probe asks another query, so that one bad query cannot keep the breaker open. */
  const nextFree = (): Entry | undefined => {
    for (let left = entries.size; left > 0; left--) {
      const entry = nextOf()
      if (entry?.state === 'idle' || entry?.state === 'ready') return entry
    }
    return undefined
  }

  const nextOf = (): Entry | undefined => {
    const next = turn.next()
    if (!next.done) return next.value
    turn = entries.values()
    return turn.next().value
  }

  return {
    get state() {
      return breaker.state
    },
    get held() {
      const { why } = breaker
      if (why === undefined) return undefined
      if (paused?.why !== why) {
        paused = { why, error: failure('SOURCE_PAUSED', { why: reasonOf(why) }, why) }
      }
      return paused.error
    },
    conclude(answers, { entries: asked, probe: wasProbe, startedAt }) {
      const { fault, all, wait } = weigh(answers)
      if (!all) succeededAt = clock.now()
      if (fault !== undefined && wait > 0) breaker.hold(fault, clock.now(), wait)
      else if (fault !== undefined && all) {
        breaker.failed(fault, { probe: wasProbe, telling: isTelling(asked) })
      } else return breaker.succeeded(clock.now())
      if (breaker.state === 'open') {
        plan(startedAt + shortest())
        opened()
      }
      return false
    },
    revive() {
      schedule.cancel(probing)
      const missed = [...entries.values()].filter(missedOut)
      const step = together ? 0 : Math.min(revivalStep, shortest() / 10 / missed.length)
      for (const [i, entry] of missed.entries()) schedule.set(entry.alarm, clock.now() + i * step)
    },
    hasten(period) {
      if (breaker.state === 'open') plan(clock.now() + period)
    },
    unprobe() {
      breaker.unprobe()
      if (breaker.state === 'open') plan(clock.now() + shortest())
    },
    close: () => schedule.cancel(probing),
  }
}

const wasFailing = ({ latest }: Entry): boolean =>
  latest?.answer.kind === 'error' &&
  (concernsSource(latest.answer.error) || latest.answer.error.code === 'SOURCE_PAUSED')

const missedOut = (entry: Entry): boolean =>
  entry.state === 'idle' && entry.latest?.answer.kind === 'error'

/** The newest fault of the source among the answers, whether there is nothing but such, and how long it asks to be left alone. */
function weigh(answers: readonly Answer<unknown>[]): {
  readonly fault: EbbError | undefined
  readonly all: boolean
  readonly wait: number
} {
  let fault: EbbError | undefined
  let all = true
  let wait = 0
  for (const answer of answers) {
    if (answer.kind !== 'error') all = false
    else if (answer.retryAfter === undefined && !concernsSource(answer.error)) all = false
    else {
      fault = answer.error
      wait = Math.max(wait, answer.retryAfter ?? 0)
    }
  }
  return { fault, all, wait }
}
