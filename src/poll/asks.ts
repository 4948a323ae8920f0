import { failure, isFailure, type EbbError } from '../errors.ts'
import { takeOut } from '../take-out.ts'
import { error, type AnyScaler, type Answer } from '../scaler.ts'
import type { Entry } from './board.ts'
import type { Client, Connection } from './connection.ts'
import type { Parts } from './parts.ts'
import { alarm, type Alarm } from './schedule.ts'

/** One call to a source, under way. */
export interface Ask {
  readonly entries: readonly Entry[]
  /** Sent through an open breaker. */
  readonly probe: boolean
  readonly startedAt: number
  readonly controller: AbortController
  readonly alarm: Alarm<Ask>
  /** The client that was asked last. */
  client: Client | undefined
  /** Nothing is recorded for it yet. Turns false once and only then is something recorded. */
  open: boolean
  /** The refusal that is being appealed: what is recorded if the deadline comes first. */
  refusal: readonly Answer<unknown>[] | undefined
}

/** The calls of one source. */
export interface Asks {
  /** How many slots are taken, by calls under way and by abandoned ones that have not ended. */
  readonly running: number
  start(entries: readonly Entry[], probe: boolean): void
  /** Nobody wants this entry's answer any more; a call that nobody wants at all is aborted. */
  unwant(entry: Entry): void
  /** Aborts everything; nothing more is recorded. */
  close(): void
}

export interface AskHooks {
  /** The answers of a call, one per entry: exactly once for each call, unless nobody wants them. */
  readonly settled: (ask: Ask, answers: readonly Answer<unknown>[]) => void
  /** Nobody wanted the answers. */
  readonly dropped: (ask: Ask) => void
  /** A slot is free. */
  readonly freed: () => void
  /** The credentials were refused: is it worth asking again? */
  readonly appeal: (ask: Ask) => Promise<boolean>
  readonly address: () => string
  readonly timedOut: () => EbbError
}

const isDenied = (answer: Answer<unknown> | undefined): boolean =>
  answer?.kind === 'error' && answer.error.code === 'SOURCE_DENIED'

/**
 * What was thrown, as a failure of the catalogue. Scalers map what they know; of anything else only the name and code are
 * told, because the texts of SDKs may hold addresses with tokens.
 */
export function toFailure(thrown: unknown, address: string): EbbError {
  if (isFailure(thrown)) return thrown
  if (!(thrown instanceof Error))
    return failure('SOURCE_REFUSED', { address, why: 'no reason given' }, thrown)
  const { name, code }: Error & { readonly code?: unknown } = thrown
  const why = typeof code === 'string' ? `${name} (${code})` : name
  return failure('SOURCE_REFUSED', { address, why }, thrown)
}

export function createAsks(
  scaler: AnyScaler,
  connection: Connection,
  timeout: number,
  { clock, schedule, meter }: Parts,
  hooks: AskHooks,
): Asks {
  // no Set: V8 makes one that fills and empties anew each time, and what an old one still points to outlives its call
  const asks: Ask[] = []

  const start = (entries: readonly Entry[], probe: boolean): void => {
    const now = clock.now()
    const ask: { -readonly [K in keyof Ask]: Ask[K] } = {
      entries,
      probe,
      startedAt: now,
      controller: new AbortController(),
      // set in the next line: the two refer to each other
      alarm: undefined as unknown as Alarm<Ask>,
      client: undefined,
      open: true,
      refusal: undefined,
    }
    ask.alarm = alarm<Ask>(ask, expire)
    for (const entry of entries) {
      entry.state = 'asked'
      meter.late(scaler.type, Math.max(0, now - entry.alarm.due))
    }
    asks.push(ask)
    meter.inFlight(scaler.type, 1)
    schedule.set(ask.alarm, now + timeout)
    void conduct(ask)
  }

  const conduct = async (ask: Ask): Promise<void> => {
    let answers = await attempt(ask, ask.entries)
    if (ask.open && answers.some(isDenied)) {
      ask.refusal = answers
      if (await hooks.appeal(ask)) answers = await again(ask, answers)
    }
    settle(ask, answers)
    free(ask)
  }

  /** Repeats what was refused and is still wanted. */
  const again = async (
    ask: Ask,
    answers: readonly Answer<unknown>[],
  ): Promise<readonly Answer<unknown>[]> => {
    const refused = ask.entries.filter((e, i) => isDenied(answers[i]) && e.state === 'asked')
    if (!ask.open || refused.length === 0) return answers
    const second = await attempt(ask, refused)
    return answers.map((answer, i) => {
      const entry = ask.entries[i]
      return (entry && second[refused.indexOf(entry)]) ?? answer
    })
  }

  /** Never rejects: a throw is an error of every query. */
  const attempt = async (
    ask: Ask,
    entries: readonly Entry[],
  ): Promise<readonly Answer<unknown>[]> => {
    let client: Client | undefined
    try {
      const got = connection.get()
      const ready = got instanceof Promise ? await got : got
      if (!ask.open) return []
      ready.users++
      client = ready
      ask.client = ready
      const { signal } = ask.controller
      const only = entries.length === 1 ? entries[0] : undefined
      const queries = only ? [only.query] : entries.map((entry) => entry.query)
      const answers = await scaler.ask(ready.service, queries, signal)
      return answers.length === entries.length ? answers : miscounted(entries, answers.length)
    } catch (thrown) {
      const same = error(toFailure(thrown, hooks.address()))
      return entries.map(() => same)
    } finally {
      if (client !== undefined) connection.release(client)
    }
  }

  const miscounted = (entries: readonly Entry[], got: number): readonly Answer<unknown>[] => {
    const why = `${got} answers to ${entries.length} queries`
    const same = error(failure('SOURCE_GARBLED', { address: hooks.address(), why }))
    return entries.map(() => same)
  }

  const settle = (ask: Ask, answers: readonly Answer<unknown>[]): void => {
    if (!ask.open) return
    ask.open = false
    hooks.settled(ask, answers)
  }

  /** The deadline, and for a call that ignores its signal the same time again: then its slot is given away. */
  const expire = (ask: Ask): void => {
    if (!ask.controller.signal.aborted) {
      const late = hooks.timedOut()
      schedule.set(ask.alarm, clock.now() + timeout)
      settle(ask, ask.refusal ?? ask.entries.map(() => error(late)))
      ask.controller.abort(late)
    } else {
      free(ask)
    }
  }

  const free = (ask: Ask): void => {
    if (!takeOut(asks, ask)) return
    schedule.cancel(ask.alarm)
    meter.inFlight(scaler.type, -1)
    hooks.freed()
  }

  const drop = (ask: Ask): void => {
    if (!ask.open) return
    ask.open = false
    ask.controller.abort(hooks.timedOut())
    schedule.set(ask.alarm, clock.now() + timeout)
    hooks.dropped(ask)
  }

  return {
    get running() {
      return asks.length
    },
    start,
    unwant(entry) {
      for (const ask of asks) {
        if (ask.entries.includes(entry) && ask.entries.every((e) => e.state === 'closed')) drop(ask)
      }
    },
    close() {
      for (const ask of asks) drop(ask)
    },
  }
}
