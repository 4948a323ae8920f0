import type { Within } from '../endpoints.ts'
import type { AnyScaler, Query, Sample } from '../scaler.ts'

/** What a trigger wants of its source, over and over. */
export interface Want {
  readonly scaler: AnyScaler
  /** The trigger's parsed metadata; the source's key is derived from its `connection` fields. */
  readonly m: Readonly<Record<string, unknown>>
  readonly query: Query
  /** The workload's pollingInterval, in ms. */
  readonly period: number
  /** `useCachedMetrics`: readers never shorten the period. */
  readonly cached: boolean
  /** Where this source may be besides what holds for all; part of what makes it one source. */
  readonly within?: Within | undefined
  /** Takes in every new sample, errors included; must not throw, block or touch a subscription. */
  readonly onSample: (sample: Sample<unknown>) => void
  /**
   * Called after `onSample`, once everything that came in the same answer is taken in: what several queries say together is
   * known only then. Must not throw and must not block.
   */
  readonly onAnswered?: (sample: Sample<unknown>) => void
  /**
   * The source refused the credentials. The engine waits for the promise (within the ask's deadline) before it rebuilds
   * the client and repeats the ask once, so that a rotated Secret costs no failed poll. The handler may replace the
   * subscription by one with new credentials.
   */
  readonly onDenied: (signal: AbortSignal) => Promise<void>
}

/** One trigger's place in the engine. Holds the board's entry for its query. */
export interface Subscription {
  /** The newest sample, whatever it is. */
  latest(): Sample<unknown> | undefined
  /** The newest sample that is not an error. */
  good(): Sample<unknown> | undefined
  /** The period in force now, in ms: shorter than asked for while an HPA reads. */
  period(): number
  /**
   * For readers that are not the poll loop (HPA, gRPC). The last good sample while it is young enough, else the error;
   * makes the query due at once only when there is nothing young enough, and then waits `patience` ms at most.
   * Answers at once while the breaker is open. Marks the query as read, which sets the shorter period.
   */
  read(patience: number): Promise<Sample<unknown>>
  /** Changes the polling interval (ms). */
  repeat(period: number): void
  /** Takes the subscription back; the source closes with its last subscriber. */
  close(): void
}

/** The poll engine: who is due, asked once for everyone, answers kept on the board. */
export interface Engine {
  /**
   * Takes a place in the engine. A query that nobody asked before is asked at once; where somebody did, `latest` and `good`
   * are there already and `onSample` is called with the next sample. Never calls a handler before it has returned.
   */
  subscribe(want: Want): Subscription
  /** Lends the source of these values to one piece of work (asynchronous specs), under its deadline and breaker. */
  use<T>(
    scaler: AnyScaler,
    m: Readonly<Record<string, unknown>>,
    work: (service: never, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    within?: Within,
  ): Promise<T>
  /** Whether any source's breaker is open, with how many queries stand on each: for metrics and the page. */
  sources(): readonly SourceFacts[]
  /** Stops asking, waits for what is under way (bounded), closes every source. */
  close(): Promise<void>
}

export interface SourceFacts {
  readonly scaler: string
  /** An opaque name of the source; holds nothing secret. */
  readonly id: string
  readonly queries: number
  readonly subscribers: number
  readonly breaker: 'closed' | 'open' | 'probing'
  readonly inFlight: number
}

/** What the engine tells of itself; implemented on prom-client, and by a no-op in tests. */
export interface EngineMeter {
  /** A query was asked `ms` later than it was due. */
  late(scaler: string, ms: number): void
  /** One call to a source ended. */
  asked(scaler: string, queries: number, ms: number, outcome: 'ok' | 'error'): void
  inFlight(scaler: string, change: 1 | -1): void
}
