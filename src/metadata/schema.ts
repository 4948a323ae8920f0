import { failure, reasonOf } from '../errors.ts'
import type { ConnectionOf, Field, Fields, Given, Provenance, Values } from './fields.ts'

/**
 * Reads every field and reports every problem at once, so a user corrects a manifest in one round.
 * Fails with METADATA_INVALID. `check` sees only the values that could be read.
 */
export function read<F extends Fields>(
  trigger: string,
  fields: F,
  given: Given,
  check?: (m: Partial<Values<F>>) => readonly string[],
): Values<F> {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, field] of Object.entries(fields)) {
    try {
      values[name] = readOne(name, field, given)
    } catch (error) {
      problems.push(reasonOf(error))
    }
  }
  // The loop above has set each key to what its own field parsed.
  if (check) problems.push(...check(values as Partial<Values<F>>))
  if (problems.length > 0) throw failure('METADATA_INVALID', { trigger, problems })
  return values as Values<F>
}

function readOne(name: string, field: Field<unknown>, given: Given): unknown {
  for (const from of field.from) {
    for (const key of [name, ...field.aliases]) {
      const raw = lookUp(from, key, given)?.trim()
      if (raw) return field.parse(raw, name)
    }
  }
  if (field.default !== undefined || field.optional) return field.default
  throw new TypeError(`${name} is required: ${wayOut(name, field, given)}`)
}

function lookUp(from: Provenance, key: string, given: Given): string | undefined {
  if (from !== 'env') return own(given[from], key)
  const variable = own(given.trigger, `${key}FromEnv`)?.trim()
  return variable ? own(given.env, variable) : undefined
}

/** The entry of a map that users name the keys of; what every object has is none. */
export const own = (map: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined

const places: Readonly<Record<Provenance, (name: string) => string>> = {
  trigger: () => "set it in the trigger's metadata",
  auth: () => 'set it in the TriggerAuthentication',
  env: (name) => `name a variable of the container's environment in ${name}FromEnv`,
  identity: () => 'set it in podIdentity of the TriggerAuthentication',
  workload: () => 'it comes from the workload itself',
}

/** Where a missing value may be given, and why a reference to the environment led nowhere. */
export function wayOut(name: string, field: Field<unknown>, given?: Given): string {
  const ways = field.from.map((from) => places[from](name)).join(', or ')
  const keys = field.from.includes('env') ? [name, ...field.aliases] : []
  for (const key of keys) {
    const variable = given && own(given.trigger, `${key}FromEnv`)?.trim()
    if (variable)
      return `${ways} (${key}FromEnv names ${variable}, which the container's environment does not have or has empty)`
  }
  return ways
}

/** The values a source is reached by: what `open` is given and what its key is made of. */
export function connectionOf<F extends Fields>(
  fields: F,
  values: Readonly<Record<string, unknown>>,
): ConnectionOf<F> {
  const entries = Object.entries(fields)
    .filter(([, field]) => field.connection)
    .map(([name]) => [name, values[name]])
  // Exactly the names that ConnectionOf keeps.
  return Object.fromEntries(entries) as ConnectionOf<F>
}

/** Every secret text among the values, for whoever must keep them out of sight. */
export function secretsOf(
  fields: Fields,
  values: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(fields)
    .filter(([, field]) => field.secret)
    .flatMap(([name]) => textsIn(values[name]))
    .filter((text) => text !== '')
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** Metadata keys that no field reads: a misspelling most of the time, so worth a warning. */
export function unknownKeys(
  fields: Fields,
  metadata: Readonly<Record<string, string>>,
): readonly string[] {
  const known = new Set<string>()
  for (const [name, field] of Object.entries(fields)) {
    for (const key of [name, ...field.aliases]) {
      if (field.from.includes('trigger')) known.add(key)
      if (field.from.includes('env')) known.add(`${key}FromEnv`)
    }
  }
  return Object.keys(metadata).filter((key) => !known.has(key))
}
