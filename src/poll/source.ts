import { error, type AnyScaler, type Answer } from '../scaler.ts'
import { failure, type EbbError } from '../errors.ts'
import { takeOut } from '../take-out.ts'
import { connectionOf } from '../metadata/schema.ts'
import { createAppeal } from './appeal.ts'
import { createAsks, type Ask } from './asks.ts'
import { isWanted, paceOf, publish, release, type Entry } from './board.ts'
import { createConnection } from './connection.ts'
import { createGuard } from './guard.ts'
import { createLender, type Lender } from './lend.ts'
import { createOutage } from './outage.ts'
import type { Parts } from './parts.ts'
import type { SourceFacts } from './port.ts'
import { createWatches } from './push.ts'
import { gone } from './reader.ts'
import { nextTick, slackOf } from './spread.ts'

/** One remote system reached as one identity, with the queries that are asked of it. */
export interface Source {
  readonly key: string
  readonly scaler: AnyScaler
  readonly entries: ReadonlyMap<string, Entry>
  /** How long one call may take (ms). */
  readonly timeout: number
  /** Why nothing is asked just now; undefined while all is well. */
  readonly held: EbbError | undefined
  readonly timedOut: (ms: number) => EbbError
  /** What the alarms of the source's entries ring. */
  readonly due: (entry: Entry) => void
  /** Takes in a new query and asks it at once. */
  add(entry: Entry): void
  remove(entry: Entry): void
  /** Makes the query due now, unless it is under way. */
  demand(entry: Entry): void
  /** The entry's pace may have become quicker: moves its next turn forward if so. */
  quicken(entry: Entry): void
  readonly lend: Lender['lend']
  facts(): SourceFacts
  close(): Promise<void>
}

export function createSource(
  key: string,
  scaler: AnyScaler,
  m: Readonly<Record<string, unknown>>,
  parts: Parts,
  /** No query and no borrower is left. */
  idle: () => void,
): Source {
  const { clock, schedule, meter, host, hpaSyncPeriod, concurrency } = parts
  const c = connectionOf(scaler.fields, m)
  const timeout: number = scaler.timeout?.(c) ?? host.timeout
  const entries = new Map<string, Entry>()
  /** In the order in which they fell due. */
  const ready: Entry[] = []
  const guard = createGuard()
  let flushing = false
  let closed = false

  const address = (): string => connection.address ?? `the ${scaler.type} source`
  const timedOut = (ms: number): EbbError => failure('SOURCE_TIMEOUT', { address: address(), ms })
  const pace = (entry: Entry): number => paceOf(entry, clock.now(), hpaSyncPeriod)

  const shortest = (): number => {
    let least = Number.POSITIVE_INFINITY
    for (const entry of entries.values()) least = Math.min(least, pace(entry))
    return least
  }

  const connection = createConnection({
    schedule,
    timeout,
    open: (signal) => scaler.open(c, host, signal),
    timedOut: () => timedOut(timeout),
    swapped: () => watches.restart(),
  })

  const due = (entry: Entry): void => {
    entry.state = 'ready'
    ready.push(entry)
    flushSoon()
  }

  /** After everyone who is due in this turn has rung, so that they can share a call. */
  const flushSoon = (): void => {
    if (flushing) return
    flushing = true
    queueMicrotask(flush)
  }

  const flush = (): void => {
    flushing = false
    if (closed) return
    lender.serve()
    if (outage.held !== undefined) withhold(outage.held)
    else if (scaler.batch !== false && ready.length >= scaler.batch) {
      if (slots() > 0) asks.start(takeReady(), false)
    } else {
      for (const entry of ready.splice(0, Math.max(0, slots()))) asks.start([entry], false)
    }
  }

  const slots = (): number => concurrency - asks.running - lender.running

  const takeReady = (): readonly Entry[] => ready.splice(0)

  /** Until its next turn. */
  const rest = (entry: Entry): void => {
    const period = pace(entry)
    const slack = slackOf(period)
    const after = Math.max(clock.now(), entry.alarm.due + slack)
    entry.state = 'idle'
    schedule.set(entry.alarm, nextTick(after, period, entry.phase), slack)
  }

  /** Everyone who is due learns why nothing was asked: one error per period, as if it had been. */
  const withhold = (why: EbbError): void => {
    const paused = error(why)
    const all = takeReady()
    for (const entry of all) rest(entry)
    publish(
      all,
      all.map(() => paused),
      clock.now(),
      0,
    )
  }

  const settled = (ask: Ask, answers: readonly Answer<unknown>[]): void => {
    const now = clock.now()
    const took = now - ask.startedAt
    const fine = answers.some((answer) => answer.kind !== 'error')
    meter.asked(scaler.type, ask.entries.length, took, fine ? 'ok' : 'error')
    if (ask.client && answers.some(isUnreachable)) connection.renew(ask.client)
    const over = outage.conclude(answers, ask)
    if (ask.entries.every(isWanted)) take(ask.entries, answers, now, took)
    else {
      const theirs = answers.filter((_, i) => ask.entries[i]?.state !== 'closed')
      take(ask.entries.filter(isWanted), theirs, now, took)
    }
    if (over) outage.revive()
  }

  const take = (
    asked: readonly Entry[],
    answers: readonly Answer<unknown>[],
    now: number,
    took: number,
  ): void => {
    for (const entry of asked) rest(entry)
    publish(asked, guard.judge(asked, answers, roundOf(asked), now), now, took)
  }

  /** Within how long every query of the pace of these is asked once (ms). */
  const roundOf = ([entry]: readonly Entry[]): number => {
    const period = entry === undefined ? 0 : pace(entry)
    return period + slackOf(period) + timeout
  }

  const outage = createOutage(
    {
      entries,
      together: scaler.batch !== false,
      shortest,
      probe(entry) {
        schedule.cancel(entry.alarm)
        takeOut(ready, entry)
        entry.alarm.due = clock.now()
        asks.start([entry], true)
      },
      opened: flushSoon,
    },
    parts,
  )

  const asks = createAsks(scaler, connection, timeout, parts, {
    settled,
    dropped: ({ probe }) => {
      if (probe && !closed) outage.unprobe()
    },
    freed: () => {
      if (ready.length > 0 || lender.waiting) flushSoon()
    },
    appeal: createAppeal(entries, connection, shortest, clock),
    address,
    timedOut: () => timedOut(timeout),
  })

  const lender = createLender(connection, timeout, parts, {
    free: () => slots() > 0,
    held: () => outage.held,
    address,
    timedOut: () => timedOut(timeout),
    ended(failed, startedAt) {
      const answers = failed === undefined ? [] : [error(failed)]
      if (outage.conclude(answers, { entries: [], probe: false, startedAt })) outage.revive()
      flushSoon()
    },
    rested: () => settleDown(),
  })

  const settleDown = (): void => {
    if (!closed && entries.size === 0 && !lender.busy) idle()
  }

  const watches = createWatches(scaler, connection, parts, {
    held: () => outage.held !== undefined,
    answer(entry, answer) {
      const now = clock.now()
      publish([entry], guard.judge([entry], [answer], roundOf([entry]), now), now, 0)
    },
  })

  const shelve = (entry: Entry): void => {
    entry.state = 'closed'
    schedule.cancel(entry.alarm)
    watches.stop(entry)
    release(entry, gone(clock.now()))
  }

  return {
    key,
    scaler,
    entries,
    timeout,
    get held() {
      return outage.held
    },
    timedOut,
    due,
    add(entry) {
      entries.set(entry.key, entry)
      schedule.set(entry.alarm, clock.now())
      outage.hasten(pace(entry))
      watches.start(entry)
    },
    remove(entry) {
      const { state } = entry
      entries.delete(entry.key)
      if (state === 'ready') takeOut(ready, entry)
      shelve(entry)
      guard.forget(entry)
      if (state === 'asked') asks.unwant(entry)
      settleDown()
    },
    demand(entry) {
      if (entry.state === 'idle') schedule.set(entry.alarm, clock.now())
    },
    quicken(entry) {
      if (entry.state !== 'idle') return
      const period = pace(entry)
      const next = nextTick(clock.now(), period, entry.phase)
      if (next < entry.alarm.due) schedule.set(entry.alarm, next, slackOf(period))
    },
    lend: lender.lend,
    facts: () => ({
      scaler: scaler.type,
      id: key,
      queries: entries.size,
      subscribers: [...entries.values()].reduce((sum, entry) => sum + entry.subscribers.length, 0),
      breaker: outage.state,
      inFlight: asks.running + lender.running,
    }),
    async close() {
      closed = true
      asks.close()
      lender.close()
      outage.close()
      for (const entry of entries.values()) shelve(entry)
      await connection.close()
    },
  }
}

const isUnreachable = (answer: Answer<unknown>): boolean =>
  answer.kind === 'error' && answer.error.code === 'SOURCE_UNREACHABLE'
