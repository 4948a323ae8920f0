import { type Shape as Schema, memberOf, misfits } from '../crds/conform.ts'
import type { Tree } from './json.ts'
import { isTree } from './json.ts'

export type { Schema }

/**
 * Prunes what the schema does not name and fills in defaults, as an API server does before it stores a custom resource.
 * A null for a field that has a default and is not nullable counts as absent. Names `apiVersion`, `kind` and `metadata`
 * of the object itself are the caller's to keep. What needs nothing stays the same object.
 */
export function shaped(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    if (!items) return value
    const made = value.map((item) => shaped(item, items))
    return made.every((item, index) => item === value[index]) ? value : made
  }
  return isTree(value) ? shapedTree(value, schema) : value
}

function shapedTree(value: Tree, schema: Schema): Tree {
  const result: Record<string, unknown> = {}
  let changed = false
  for (const [key, member] of Object.entries(value)) {
    const known = memberOf(schema, key)
    const dropped = member === null && known?.default !== undefined && known.nullable !== true
    if (known !== undefined && !dropped) result[key] = shaped(member, known)
    if (result[key] !== member) changed = true
  }
  for (const [key, known] of Object.entries(schema.properties ?? {}))
    if (result[key] === undefined && known.default !== undefined) {
      result[key] = shaped(known.default, known)
      changed = true
    }
  return changed ? result : value
}

/** Everything that is wrong with a value, each with the path it is at; empty where it fits. */
export const problems = (value: unknown, schema: Schema): readonly string[] =>
  [...misfits(value, schema)].map(({ path, why }) => `${textOf(path)}: ${why}`)

const textOf = (path: readonly (string | number)[]): string =>
  path.length === 0
    ? 'the object'
    : path
        .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
        .join('')
        .replace(/^\./, '')
