import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { endpointOf, permitWithin, type Within } from '../endpoints.ts'
import type { Host } from '../scaler.ts'
import { takeOut } from '../take-out.ts'
import { makeEntry, paceOf, periodOf, type Entry, type Subscriber } from './board.ts'
import { queryKey, sourceKey } from './key.ts'
import type { Parts } from './parts.ts'
import type { Engine, EngineMeter, Subscription, Want } from './port.ts'
import { read } from './reader.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { createSource, type Source } from './source.ts'
import { createSpread, hash } from './spread.ts'

export interface EngineOptions {
  readonly clock: Clock
  readonly host: Host
  readonly meter: EngineMeter
  /** Digests what sources are reached by into their keys. The same in all replicas; by default one of this process. */
  readonly digestKey?: Uint8Array
  /** How often the cluster's HPAs read (ms); the default is the controller manager's, 15 s. */
  readonly hpaSyncPeriod?: number
  /** Calls to one source under way at once. The default stays below Prometheus's own limit of 20 concurrent queries. */
  readonly concurrency?: number
  /** The schedule to share with others; by default one of its own. */
  readonly schedule?: Schedule
  readonly random?: () => number
}

/** How long `close` waits for services that do not close (ms). */
const patience = 5_000

/** The poll engine. Asks nothing until somebody subscribes. */
export function createEngine(options: EngineOptions): Engine {
  const { clock, host, meter } = options
  const schedule = options.schedule ?? createSchedule(clock)
  const digestKey = options.digestKey ?? randomBytes(32)
  const parts: Parts = {
    clock,
    schedule,
    host,
    meter,
    hpaSyncPeriod: options.hpaSyncPeriod ?? 15_000,
    concurrency: options.concurrency ?? 16,
    random: options.random ?? Math.random,
  }
  const sources = new Map<string, Source>()
  const spread = createSpread()
  const grids = new Map<Source, { readonly phase: number; readonly period: number }>()
  const closings = new Set<Promise<void>>()
  let closed = false

  const sourceOf = (
    scaler: Want['scaler'],
    m: Readonly<Record<string, unknown>>,
    within: Within | undefined,
  ): Source => {
    if (closed) throw new TypeError('the engine is closed')
    const key = sourceKey(scaler, m, digestKey, within?.endpoints.text)
    const known = sources.get(key)
    if (known !== undefined) return known
    const source = createSource(key, scaler, m, partsWithin(parts, within), () =>
      closeSource(source),
    )
    sources.set(key, source)
    return source
  }

  const closeSource = (source: Source): void => {
    sources.delete(source.key)
    const grid = grids.get(source)
    if (grid !== undefined) spread.leave(grid.phase, grid.period)
    grids.delete(source)
    const closing = source.close().finally(() => closings.delete(closing))
    closings.add(closing)
  }

  /** Queries that can share a call are due together: one phase for all of the source, counted once. */
  const gridOf = (source: Source, period: number): number => {
    const known = grids.get(source)
    if (known !== undefined) return known.phase
    const phase = spread.choose(hash(source.key), period)
    grids.set(source, { phase, period })
    return phase
  }

  const entryOf = (source: Source, want: Want): Entry => {
    const key = queryKey(want.query)
    const known = source.entries.get(key)
    if (known !== undefined) return known
    const phase = together(source)
      ? gridOf(source, want.period)
      : spread.choose(hash(`${source.key} ${key}`), want.period)
    return makeEntry(key, want.query, phase, want.period, source.due)
  }

  /** After a change of who wants it how often: keeps the count of taken phases true, and the next turn early enough. */
  const settle = (source: Source, entry: Entry): void => {
    const nominal = Math.min(...entry.subscribers.map(({ period }) => period))
    if (nominal !== entry.nominal && !together(source))
      spread.move(entry.phase, entry.nominal, nominal)
    entry.nominal = nominal
    source.quicken(entry)
  }

  const join = (source: Source, entry: Entry, subscriber: Subscriber): void => {
    const first = entry.subscribers.length === 0
    entry.subscribers.push(subscriber)
    if (first) return source.add(entry)
    settle(source, entry)
    const known = entry.latest
    const pace = paceOf(entry, clock.now(), parts.hpaSyncPeriod)
    if (known !== undefined && clock.now() - known.at > pace) source.demand(entry)
  }

  const leave = (source: Source, entry: Entry, subscriber: Subscriber): void => {
    if (!takeOut(entry.subscribers, subscriber)) return
    if (entry.subscribers.length > 0) return settle(source, entry)
    if (!together(source)) spread.leave(entry.phase, entry.nominal)
    source.remove(entry)
  }

  const subscriptionOf = (source: Source, entry: Entry, subscriber: Subscriber): Subscription => ({
    latest: () => entry.latest,
    good: () => entry.good,
    period: () => periodOf(subscriber, clock.now(), parts.hpaSyncPeriod),
    read: (wait) => read(entry, subscriber, source, parts, wait),
    repeat(period) {
      subscriber.period = period
      settle(source, entry)
    },
    close: () => leave(source, entry, subscriber),
  })

  return {
    subscribe(want) {
      const source = sourceOf(want.scaler, want.m, want.within)
      const entry = entryOf(source, want)
      const subscriber: Subscriber = {
        want,
        period: want.period,
        readAt: Number.NEGATIVE_INFINITY,
      }
      join(source, entry, subscriber)
      return subscriptionOf(source, entry, subscriber)
    },
    use: (scaler, m, work, signal, within) => sourceOf(scaler, m, within).lend(work, signal),
    sources: () => [...sources.values()].map((source) => source.facts()),
    async close() {
      closed = true
      for (const source of sources.values()) closeSource(source)
      const over = Promise.withResolvers<void>()
      const cancel = schedule.after(patience, over.resolve)
      await Promise.race([Promise.all(closings), over.promise])
      cancel()
      if (options.schedule === undefined) schedule.close()
    },
  }
}

/** A source under a limit of its own is lent a host that keeps it. */
function partsWithin(parts: Parts, within: Within | undefined): Parts {
  const { host } = parts
  if (within === undefined) return parts
  const permit: Host['permit'] = (endpoint) => {
    host.permit(endpoint)
    permitWithin(within, endpoint)
  }
  return {
    ...parts,
    host: {
      ...host,
      permit,
      token(request, signal, refused) {
        // no URL: whoever asks for the token says so
        const url = 'tokenUrl' in request ? URL.parse(request.tokenUrl) : null
        if (url) permit(endpointOf(url))
        return host.token(request, signal, refused)
      },
      get trust() {
        return host.trust
      },
    },
  }
}

const together = (source: Source): boolean => source.scaler.batch !== false
