import type { Field, Fields, Provenance } from './fields.ts'

const types = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  list: { type: 'array', items: { type: 'string' } },
  map: { type: 'object', additionalProperties: { type: 'string' } },
  duration: { type: 'string', format: 'go-duration' },
} as const

/**
 * The parameters of a trigger as JSON Schema (2020-12), with the types that the text stands for. Covers all that a user
 * may give, wherever it is given; what comes from the cluster itself is left out.
 */
export function jsonSchema(fields: Fields): object {
  const entries = Object.entries(fields).filter(([, field]) => isGiven(field))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, property(field)])),
    required: entries.filter(([, field]) => isRequired(field)).map(([name]) => name),
  }
}

function property(field: Field<unknown>): object {
  const { choices, secret } = field
  const type =
    field.kind === 'list' && choices
      ? { type: 'array', items: { type: 'string', enum: choices } }
      : { ...types[field.kind], ...(choices && { enum: choices }) }
  return {
    ...type,
    description: field.doc,
    ...(field.default !== undefined && { default: field.default }),
    ...(secret && { writeOnly: true }),
  }
}

const isGiven = (field: Field<unknown>): boolean =>
  field.from.some((from) => from !== 'workload' && from !== 'identity')
const isRequired = (field: Field<unknown>): boolean =>
  !field.optional && field.default === undefined

const places: Readonly<Record<Provenance, string>> = {
  trigger: 'metadata',
  auth: 'TriggerAuthentication',
  env: 'container env',
  identity: 'podIdentity',
  workload: 'the workload',
}

/** The same as a Markdown table, a row per parameter. */
export function markdownTable(fields: Fields): string {
  const rows = Object.entries(fields).map(([name, field]) => {
    const names = [name, ...field.aliases].map((key) => `\`${key}\``).join(', ')
    const from = field.from
      .map((place) => (place === 'env' ? `${places.env} (\`${name}FromEnv\`)` : places[place]))
      .join('; ')
    return `| ${names} | ${kindOf(field)} | ${fallbackOf(field)} | ${from} | ${cell(field.doc)} |`
  })
  return [
    '| parameter | type | default | from, first wins | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function kindOf(field: Field<unknown>): string {
  const { choices, kind, secret } = field
  const words = choices?.map((word) => `\`${word}\``).join(', ')
  const type = !words ? kind : kind === 'list' ? `list of ${words}` : words
  return secret ? `${type}, secret` : type
}

function fallbackOf(field: Field<unknown>): string {
  if (isRequired(field)) return '**required**'
  const fallback = field.default
  if (fallback === undefined || (Array.isArray(fallback) && fallback.length === 0)) return ''
  return `\`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\``
}

/** A bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|')
