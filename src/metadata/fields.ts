import { goBoolean, goDecimal, goDuration, goInteger } from './go.ts'

/**
 * Where a value may come from. The first three are KEDA's triggerMetadata, authParams and resolvedEnv;
 * `identity` is the pod identity of the TriggerAuthentication, `workload` what is known of the workload itself.
 */
export type Provenance = 'trigger' | 'auth' | 'env' | 'identity' | 'workload'

/**
 * The string maps a trigger is configured by.
 * - `trigger`: its `metadata`, as written.
 * - `auth`: the parameters of its authenticationRef.
 * - `env`: the resolved environment of the workload's container, name -> value. A field `x` is found there under the
 *   name that `metadata.xFromEnv` gives.
 * - `identity`: `spec.podIdentity` as written (`provider`, `identityId`, `identityTenantId`, `identityAuthorityHost`).
 * - `workload`: `namespace` and `name` of the ScaledObject or ScaledJob, and `composed: 'true'` where scalingModifiers make
 *   one value of all triggers, so that nobody looks at their targets.
 */
export type Given = Readonly<Record<Provenance, Readonly<Record<string, string>>>>

export interface Field<T, C extends boolean = boolean> {
  /** Takes text that is trimmed and not blank; throws a TypeError that says what the parameter must be. */
  readonly parse: (raw: string, name: string) => T
  readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'map' | 'duration'
  readonly doc: string
  /** In order: the first place with a value that is not blank wins. */
  readonly from: readonly Provenance[]
  readonly default: T | undefined
  readonly optional: boolean
  readonly choices: readonly string[] | undefined
  readonly aliases: readonly string[]
  readonly secret: boolean
  /** Part of what a source is reached by: enters the source's key and is handed to `open`. */
  readonly connection: C
}

export type Fields = Readonly<Record<string, Field<unknown>>>
export type Values<F extends Fields> = { readonly [K in keyof F]: ReturnType<F[K]['parse']> }
/** Only the fields marked `connection: true`. */
export type ConnectionOf<F extends Fields> = {
  readonly [K in keyof F as F[K]['connection'] extends true ? K : never]: ReturnType<F[K]['parse']>
}

/** What a field says of itself; all but `doc` may be left out. */
export interface Options<T> {
  /** One sentence for the generated page and the JSON Schema. */
  readonly doc: string
  /** Only the trigger's metadata where left out. */
  readonly from?: readonly Provenance[]
  /** With a default, the parameter is never missing. */
  readonly default?: T
  /** Other names, tried after the field's own in each place. */
  readonly aliases?: readonly string[]
  /** The value is never shown and enters keys only as a digest. */
  readonly secret?: boolean
  readonly connection?: boolean
}
/** Whether the options say `connection: true`, as a literal type. */
type Marked<O> = O extends { readonly connection: true } ? true : false

export const text = <const O extends Options<string>>(o: O): Field<string, Marked<O>> =>
  field('string', (raw) => raw, o)

/** A whole number by Go's int64 rules; beyond what a double holds exactly it is the nearest that one does. */
export const integer = <const O extends Options<number>>(o: O): Field<number, Marked<O>> =>
  field('integer', must(goInteger, 'a whole number', o), o)

/** A finite number by Go's float64 rules. */
export const decimal = <const O extends Options<number>>(o: O): Field<number, Marked<O>> =>
  field('number', must(goDecimal, 'a number', o), o)

/** Accepts what Go's strconv.ParseBool accepts and nothing else. */
export const flag = <const O extends Options<boolean>>(o: O): Field<boolean, Marked<O>> =>
  field('boolean', must(goBoolean, 'true or false', o), o)

/** A length of time in ms: a Go duration (`30s`, `1m30s`) or a whole number of milliseconds. */
export const duration = <const O extends Options<number>>(o: O): Field<number, Marked<O>> =>
  field('duration', must(goDuration, 'a duration such as 30s, or whole milliseconds', o), o)

/** One of a closed set of words, case-sensitive. */
export const choice = <const C extends readonly string[], const O extends Options<C[number]>>(
  choices: C,
  o: O,
): Field<C[number], Marked<O>> => ({
  ...field<C[number], O>(
    'string',
    must((raw) => choices.find((c) => c === raw), `one of ${choices.join(', ')}`, o),
    o,
  ),
  choices,
})

interface ListOptions extends Options<readonly string[]> {
  /** The words an item may be. */
  readonly choices?: readonly string[]
  /** At most one of these may be in the list. */
  readonly exclusive?: readonly string[]
}

/** Items separated by commas, each trimmed; empty items are kept, as KEDA keeps them. */
export const list = <const O extends ListOptions>(o: O): Field<readonly string[], Marked<O>> => ({
  ...field<readonly string[], O>('list', (raw, name) => listed(raw, name, o), o),
  choices: o.choices,
})

function listed(raw: string, name: string, o: ListOptions): readonly string[] {
  const items = raw.split(',').map((item) => item.trim())
  const { choices, exclusive = [] } = o
  const wrong = choices && items.find((item) => !choices.includes(item))
  if (wrong !== undefined) reject(name, wrong, `a list of ${choices?.join(', ')}`, o)
  const rivals = exclusive.filter((item) => items.includes(item))
  if (rivals.length > 1) reject(name, rivals.join(','), `at most one of ${exclusive.join(', ')}`, o)
  return items
}

/** `key=value` pairs separated by commas, trimmed. A value can hold neither `,` nor `=`. */
export const map = <const O extends Options<Readonly<Record<string, string>>>>(
  o: O,
): Field<Readonly<Record<string, string>>, Marked<O>> =>
  field('map', must(pairs, 'key=value pairs separated by commas', o), o)

function pairs(raw: string): Readonly<Record<string, string>> | undefined {
  const entries = raw.split(',').map((item) => item.split('=').map((side) => side.trim()))
  if (entries.some((entry) => entry.length !== 2)) return undefined
  return Object.fromEntries(entries.map(([key = '', value = '']) => [key, value]))
}

/** The same field, absent when not given. */
export const optional = <T, C extends boolean>(f: Field<T, C>): Field<T | undefined, C> => ({
  ...f,
  optional: true,
})

function field<T, O extends Options<T>>(
  kind: Field<T>['kind'],
  parse: Field<T>['parse'],
  o: O,
): Field<T, Marked<O>> {
  return {
    kind,
    parse,
    doc: o.doc,
    from: o.from ?? ['trigger'],
    default: o.default,
    optional: false,
    choices: undefined,
    aliases: o.aliases ?? [],
    secret: o.secret ?? false,
    // The compiler does not see that Marked<O> is exactly this comparison.
    connection: (o.connection === true) as Marked<O>,
  }
}

function must<T>(
  read: (raw: string) => T | undefined,
  wanted: string,
  o: Options<T>,
): (raw: string, name: string) => T {
  return (raw, name) => read(raw) ?? reject(name, raw, wanted, o)
}

/** A secret is never repeated, and long text is cut. */
function reject(
  name: string,
  raw: string,
  wanted: string,
  o: { readonly secret?: boolean | undefined },
): never {
  const shown = raw.length > 60 ? `${raw.slice(0, 60)}…` : raw
  throw new TypeError(`${name} must be ${wanted}${o.secret === true ? '' : `, not "${shown}"`}`)
}
