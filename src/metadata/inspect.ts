import { reasonOf } from '../errors.ts'
import type { Field, Fields, Provenance, Values } from './fields.ts'
import { wayOut } from './schema.ts'

/** What of a trigger's configuration cannot be seen where it is looked at: who knows only the manifest knows no Secret. */
export interface Hidden {
  /** The parameters that its authentication gives, whatever their values; `any` where that is not known either. */
  readonly auth: ReadonlySet<string> | 'any'
  /** The pod identity of its authentication; undefined where that is not known. */
  readonly identity: Readonly<Record<string, string>> | undefined
  /** What the workload says of itself beyond its own namespace and name. */
  readonly workload?: Readonly<Record<string, string>>
}

/** What is wrong with one parameter; `key` is where it is written, or the field's own name where it is not. */
export interface KeyProblem {
  readonly key: string
  readonly problem: string
}

type Metadata = Readonly<Record<string, string>>

/** A value that is there but cannot be seen. */
const unseen = Symbol('unseen')

/**
 * Reads metadata as the controller will, as far as it can be read without the cluster: what a Secret or the container's
 * environment gives is taken for given and good. All problems at once; none holds a secret.
 */
export function inspect<F extends Fields>(
  fields: F,
  metadata: Metadata,
  hidden: Hidden,
  check: ((m: Partial<Values<F>>) => readonly string[]) | undefined,
): readonly KeyProblem[] {
  const problems: KeyProblem[] = []
  const values: Record<string, unknown> = {}
  let complete = true
  for (const [name, field] of Object.entries(fields)) {
    const given = lookUp(name, field, metadata, hidden)
    if (given === unseen) {
      // its own namespace and name are good whatever they are
      if (field.from.some((place) => place !== 'workload')) complete = false
    } else if (given !== undefined) {
      try {
        values[name] = field.parse(given.text, name)
      } catch (error) {
        problems.push({ key: given.key, problem: reasonOf(error) })
      }
    } else if (field.default !== undefined || field.optional) values[name] = field.default
    else problems.push({ key: name, problem: `${name} is required: ${wayOut(name, field)}` })
  }
  // rules over several fields cannot be judged while one of them is unseen
  if (check && complete)
    // The loop above has set each key to what its own field parsed.
    for (const problem of check(values as Partial<Values<F>>))
      problems.push({ key: keyNamed(problem, metadata), problem })
  return problems
}

function lookUp(
  name: string,
  field: Field<unknown>,
  metadata: Metadata,
  hidden: Hidden,
): { readonly key: string; readonly text: string } | typeof unseen | undefined {
  for (const from of field.from)
    for (const key of [name, ...field.aliases]) {
      const found = one(from, key, metadata, hidden)
      if (found === unseen) return unseen
      if (found) return { key, text: found }
    }
  return undefined
}

function one(
  from: Provenance,
  key: string,
  metadata: Metadata,
  { auth, identity, workload = {} }: Hidden,
): string | typeof unseen | undefined {
  if (from === 'trigger') return own(metadata, key)
  if (from === 'env') return own(metadata, `${key}FromEnv`) ? unseen : undefined
  if (from === 'auth') return auth === 'any' || auth.has(key) ? unseen : undefined
  if (from === 'identity') return identity ? own(identity, key) : unseen
  return own(workload, key) ?? unseen
}

const own = (map: Metadata, key: string): string | undefined =>
  Object.hasOwn(map, key) ? map[key]?.trim() : undefined

/** The parameter a message is about: the first that is written and that it names. */
const keyNamed = (problem: string, metadata: Metadata): string =>
  problem.split(/[^\w$]+/).find((word) => word !== '' && Object.hasOwn(metadata, word)) ?? ''
