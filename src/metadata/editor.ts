import type { Field, Fields } from './fields.ts'
import { lies, patterns, truths } from './go.ts'

/**
 * `triggers[].metadata` of one trigger type as JSON Schema (2020-12), as it is written: every value is text. For editors,
 * which complete and check by it; values that come from elsewhere are not asked for.
 */
export function metadataTextSchema(fields: Fields): object {
  const properties = Object.entries(fields).flatMap(([name, field]) =>
    [name, ...field.aliases].flatMap((key): [string, object][] => [
      ...(field.from.includes('trigger') ? [[key, written(field)] as [string, object]] : []),
      ...(field.from.includes('env') ? [[`${key}FromEnv`, variable(key)] as [string, object]] : []),
    ]),
  )
  const asked = Object.entries(fields).flatMap(([name, field]) => demand(name, field))
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
    ...(asked.length > 0 && { allOf: asked }),
  }
}

function written(field: Field<unknown>): object {
  const { kind, choices, doc, default: fallback } = field
  return {
    type: 'string',
    description: doc,
    ...form(kind, choices),
    ...(isPlain(fallback) && { default: `${fallback}` }),
  }
}

const isPlain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)

function form(kind: Field<unknown>['kind'], choices: readonly string[] | undefined): object {
  if (kind === 'integer' || kind === 'number') return { pattern: patterns[kind] }
  if (kind === 'boolean') return { enum: [...truths, ...lies].toSorted() }
  // a list may hold several of them
  return choices && kind !== 'list' ? { enum: choices } : {}
}

const variable = (key: string): object => ({
  type: 'string',
  description: `The variable of the container's environment that ${key} is read from.`,
})

/** A parameter that can be written nowhere but here must be. */
function demand(name: string, field: Field<unknown>): readonly object[] {
  const elsewhere = field.from.some((from) => from !== 'trigger' && from !== 'env')
  if (elsewhere || field.optional || field.default !== undefined) return []
  const keys = [name, ...field.aliases].flatMap((key) => [
    ...(field.from.includes('trigger') ? [key] : []),
    ...(field.from.includes('env') ? [`${key}FromEnv`] : []),
  ])
  const [only, ...more] = keys
  if (only === undefined) return []
  return more.length === 0
    ? [{ required: [only] }]
    : [{ anyOf: keys.map((key) => ({ required: [key] })) }]
}
