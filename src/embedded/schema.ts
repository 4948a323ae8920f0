import { parseTime } from '../clock.ts'
import type { Tree } from './json.ts'
import { isTree, same } from './json.ts'

/**
 * The part of a structural OpenAPI v3 schema (apiextensions.k8s.io/v1) that the embedded cluster understands. Anything
 * else in a schema, CEL rules among it, is ignored, so the embedded cluster may accept what a real one refuses.
 */
export interface Schema {
  readonly type?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly nullable?: boolean
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly anyOf?: readonly Schema[]
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
}

/**
 * Prunes what the schema does not name and fills in defaults, as an API server does before it stores a custom resource.
 * A null for a field that has a default and is not nullable counts as absent. Names `apiVersion`, `kind` and `metadata`
 * of the object itself are the caller's to keep.
 */
export function shaped(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.map((item) => shaped(item, items)) : value
  }
  return isTree(value) ? shapedTree(value, schema) : value
}

function shapedTree(value: Tree, schema: Schema): Tree {
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const known = memberSchema(schema, key)
    if (known === undefined) continue
    const dropped = member === null && known.default !== undefined && known.nullable !== true
    if (!dropped) result[key] = shaped(member, known)
  }
  for (const [key, known] of Object.entries(schema.properties ?? {}))
    if (result[key] === undefined && known.default !== undefined)
      result[key] = shaped(known.default, known)
  return result
}

const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true }

function memberSchema(schema: Schema, key: string): Schema | undefined {
  const own = schema.properties
  if (own && Object.hasOwn(own, key)) return own[key]
  const more = schema.additionalProperties
  if (typeof more === 'object') return more
  if (schema['x-kubernetes-embedded-resource'] && ['apiVersion', 'kind', 'metadata'].includes(key))
    return anything
  return more === true || schema['x-kubernetes-preserve-unknown-fields'] ? anything : undefined
}

/** Everything that is wrong with a value, each with the path it is at; empty where it fits. */
export function problems(value: unknown, schema: Schema, path = ''): readonly string[] {
  const here = path === '' ? 'the object' : path
  if (value === null && schema.nullable === true) return []
  const wrongType = typeProblem(value, schema)
  if (wrongType !== undefined) return [`${here}: ${wrongType}`]
  const own = [...valueProblems(value, schema), ...sizeProblems(value, schema)]
  return [...own.map((why) => `${here}: ${why}`), ...innerProblems(value, schema, path)]
}

function typeProblem(value: unknown, schema: Schema): string | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return Number.isInteger(value) || typeof value === 'string'
      ? undefined
      : 'must be an integer or a string'
  const { type } = schema
  return type === undefined || hasType(value, type) ? undefined : `must be of type ${type}`
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'object') return isTree(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function valueProblems(value: unknown, schema: Schema): readonly string[] {
  const found: string[] = []
  if (schema.enum && !schema.enum.some((allowed) => same(allowed, value)))
    found.push(`must be one of ${schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ')}`)
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? value)) found.push(`must be at least ${schema.minimum}`)
    if (value > (schema.maximum ?? value)) found.push(`must be at most ${schema.maximum}`)
  }
  if (!hasFormat(value, schema.format)) found.push(`must have the format ${schema.format}`)
  if (typeof value === 'string' && schema.pattern !== undefined)
    if (!new RegExp(schema.pattern).test(value)) found.push(`must match ${schema.pattern}`)
  if (schema.anyOf && !schema.anyOf.some((branch) => problems(value, branch).length === 0))
    found.push('fits none of the forms allowed')
  return found
}

function hasFormat(value: unknown, format: string | undefined): boolean {
  if (format === 'date-time') return typeof value !== 'string' || parseTime(value) !== undefined
  if (format === 'int32') return typeof value !== 'number' || Math.abs(value) < 2 ** 31
  return true
}

function sizeProblems(value: unknown, schema: Schema): readonly string[] {
  const size =
    typeof value === 'string'
      ? Array.from(value).length
      : Array.isArray(value)
        ? value.length
        : undefined
  if (size === undefined) return []
  const text = typeof value === 'string'
  const [least, most] = text
    ? [schema.minLength, schema.maxLength]
    : [schema.minItems, schema.maxItems]
  const unit = text ? 'characters' : 'items'
  const found: string[] = []
  if (least !== undefined && size < least) found.push(`must have at least ${least} ${unit}`)
  if (most !== undefined && size > most) found.push(`must have at most ${most} ${unit}`)
  return found
}

function innerProblems(value: unknown, schema: Schema, path: string): readonly string[] {
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((item, at) => problems(item, items, `${path}[${at}]`)) : []
  }
  if (!isTree(value)) return []
  const join = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const missing = (schema.required ?? [])
    .filter((key) => value[key] === undefined)
    .map((key) => `${join(key)}: is required`)
  const inner = Object.entries(value).flatMap(([key, member]) => {
    const known = memberSchema(schema, key)
    return known === undefined || known === anything ? [] : problems(member, known, join(key))
  })
  return [...missing, ...inner]
}
