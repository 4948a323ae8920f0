import type { Clock } from './clock.ts'
import type { PodBackground } from './core/usage.ts'
import type { Endpoint } from './endpoints.ts'
import type { EbbError } from './errors.ts'
import type { Outward } from './http.ts'
import type { ConnectionOf, Fields, Values } from './metadata/fields.ts'

/**
 * A scaler is what it is told (`fields`), how it is announced (`specs`), what it asks (`query`, `ask`)
 * and what it concludes (`conclude`, pure). Only `open` and what it returns may touch the outside world.
 */
export interface Scaler<F extends Fields, Q extends Query, V, S extends Service> {
  /** The trigger type, exactly as in a manifest; also the folder's name. */
  readonly type: string
  /** The value of the `scaler` label of KEDA's metrics where the trigger has no name (reference: scalers 6.10). */
  readonly label: string
  /** One sentence for the generated page. */
  readonly doc: string
  readonly fields: F
  /**
   * Problems that concern more than one field; reported together with those of single fields. Sees only the fields
   * that could be read, so that all problems are found in one round. Must not repeat a secret.
   */
  readonly check?: (m: Partial<Values<F>>) => readonly string[]
  /** The metrics this trigger announces. `use` lends the open source to scalers that must ask for their specs. */
  readonly specs: (m: Values<F>, use: Use<S>) => readonly Spec[] | Promise<readonly Spec[]>
  /**
   * Where the source is, as far as its parameters say: checked against the endpoints that are allowed before anything else is
   * done. `open` checks again, by `host.permit`, wherever it really goes.
   */
  readonly endpoints?: (c: ConnectionOf<F>) => readonly Endpoint[]
  /** Opens one source. Gets only the fields marked `connection`, which are also what the source's key is made of. */
  readonly open: (c: ConnectionOf<F>, host: Host, signal: AbortSignal) => S | Promise<S>
  /** How long one ask may take, in ms, where the trigger says so; else the process-wide timeout holds. */
  readonly timeout?: (c: ConnectionOf<F>) => number | undefined
  /** What is asked, as plain data: equal queries to one source are asked once. Thresholds stay out of it. */
  readonly query: (m: Values<F>, spec: Spec) => Q
  /** False: every query is asked alone. A number: from how many due queries one call for all of them is cheaper. */
  readonly batch: false | number
  /** Answers each query, in order. One bad query is its own `error`; a throw is an error of all of them. */
  readonly ask: (
    service: S,
    queries: readonly Q[],
    signal: AbortSignal,
  ) => Promise<readonly Answer<V>[]>
  /** Pure. `before` is the value of the sample before, for scalers that compare. */
  readonly conclude: (
    value: V,
    m: Values<F>,
    before: V | undefined,
    spec: Spec,
  ) => Reading | EbbError
  /** What an `empty` answer means. Without it, an empty answer is the failure SAMPLE_EMPTY. */
  readonly missing?: (m: Values<F>) => Reading | EbbError
  /** For sources that push: runs until the signal aborts, reporting through `push`. */
  readonly watch?: (m: Values<F>, service: S, push: Push, signal: AbortSignal) => Promise<void>
}

/** Plain data, compared by content. */
export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>

/** A metric as the HPA will see it, before the `s<index>-` prefix. */
export interface Spec {
  readonly name: string
  readonly target: number
  /** Whether the target is written as an integer quantity or with three decimals, as KEDA does per scaler. */
  readonly form: 'integer' | 'decimal'
}

/** What a source said to one query. A counted 0 is a value; `empty` is an answer that holds no measurement. */
export type Answer<V> =
  | { readonly kind: 'value'; readonly value: V }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'error'
      readonly error: EbbError
      /** How long the source asks to be left alone, in ms. */
      readonly retryAfter?: number
    }

/** An answer with its time: `at` when it arrived (epoch ms), `took` how long it was waited for (ms). */
export interface Sample<V> {
  readonly answer: Answer<V>
  readonly at: number
  readonly took: number
  /** The newest value before this sample; errors and empty answers in between do not lose it. */
  readonly before: V | undefined
}

/** What a scaler makes of a sample. `value` is raw: negatives are clamped where it leaves Ebb, not here. */
export interface Reading {
  readonly value: number
  readonly active: boolean
}

/** A live connection; opened and closed by the poll engine, which is its only owner. */
export interface Service {
  /** Where it is, for messages: without user info and query, where secrets live. */
  readonly address?: string | undefined
  close(): void | Promise<void>
}

/** Runs `work` with the open source, under its deadline, breaker and concurrency cap. */
export type Use<S> = <T>(work: (service: S, signal: AbortSignal) => Promise<T>) => Promise<T>

export interface Push {
  /**
   * The source hands over an answer without having been asked. One that only says whether it is active does so too: the answer
   * holds what `conclude` needs. Until the next one nothing has changed, so a cooldown counts from here.
   */
  answer(answer: Answer<unknown>): void
}

/** What Ebb lends to scalers, which import none of it. `permit` is asked before anything is sent to an address. */
export interface Host extends Outward {
  readonly clock: Clock
  /** The process-wide timeout of one exchange with a source, in ms (KEDA_HTTP_DEFAULT_TIMEOUT, 3000). */
  readonly timeout: number
  /** Follows the pods of a namespace that a label selector finds: one watch for all who want the same, nothing listed per poll. */
  followPods(namespace: string, selector: string): PodView
  /** A bearer token of an identity, cached until shortly before it ends. `refused`: one that was not taken; another is had. */
  token(request: TokenRequest, signal: AbortSignal, refused?: string): Promise<string>
}

/** Pods by namespace and selector as they are now. Whoever follows them lets go of them in the end. */
export interface PodView {
  /** Resolves once all are known. Does not reject; `stale` says why it takes long. */
  readonly synced: Promise<void>
  /** Set while they cannot be followed: what is listed is as old as this (epoch ms). */
  readonly stale: { readonly since: number; readonly why: string } | undefined
  list(): Iterable<PodFacts>
  /** Called after every change; must not throw. The function returned takes it back. */
  onChange(listener: () => void): () => void
  release(): void
}

export interface PodFacts {
  readonly name: string
  readonly phase: string
  readonly ready: boolean
  readonly node: string | undefined
  /** Types of its conditions that are True. */
  readonly conditions: readonly string[]
  /** The Job it is of, by the Job controller's label. */
  readonly job: string | undefined
  /** What it says of itself, where it was asked for: whoever follows pods to scale them in does. */
  readonly report: PodReport | undefined
  /** What its cpu and memory are judged by, where it was asked for. */
  readonly background: PodBackground | undefined
}

export interface PodReport {
  readonly idle: boolean
  /** Its deletion cost as it is written. */
  readonly cost: string | undefined
  /** It is being deleted. */
  readonly leaving: boolean
  readonly resourceVersion: string
}

/** A token of Entra ID: by workload identity or, with a secret, as that client. What is undefined the environment says. */
export interface EntraRequest {
  readonly scope: string
  readonly clientId: string | undefined
  readonly tenantId: string | undefined
  readonly authorityHost: string | undefined
  readonly clientSecret?: string
}

/** A token by OAuth 2 client credentials. */
export interface OauthRequest {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: readonly string[]
  /** Further parameters of the request. */
  readonly params: Readonly<Record<string, string>>
}

export type TokenRequest = EntraRequest | OauthRequest

/** Any scaler, for code that treats all alike: the engine, the registry, the docs. */
// oxlint-disable-next-line typescript/no-explicit-any -- the one place where the four type parameters are forgotten
export type AnyScaler = Scaler<any, any, any, any>

export const defineScaler = <const F extends Fields, Q extends Query, V, S extends Service>(
  scaler: Scaler<F, Q, V, S>,
): Scaler<F, Q, V, S> => scaler

export const value = <V>(v: V): Answer<V> => ({ kind: 'value', value: v })
export const empty: Answer<never> = { kind: 'empty' }
export const error = (e: EbbError, retryAfter?: number): Answer<never> =>
  retryAfter === undefined ? { kind: 'error', error: e } : { kind: 'error', error: e, retryAfter }
