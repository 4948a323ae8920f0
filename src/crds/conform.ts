import { isDeepStrictEqual } from 'node:util'
import { parseTime } from '../clock.ts'

/**
 * The part of a structural OpenAPI v3 schema (apiextensions.k8s.io/v1) that is checked here. Anything else in a schema, CEL
 * rules among it, is ignored, so this may accept what an API server refuses.
 */
export interface Shape {
  readonly description?: string
  readonly type?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: boolean | Shape
  readonly items?: Shape
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
  readonly anyOf?: readonly Shape[]
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
}

/** Where a value does not fit, and why. */
export interface Misfit {
  readonly path: readonly (string | number)[]
  readonly why: string
}

interface Tree {
  readonly [key: string]: unknown
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const anything: Shape = { 'x-kubernetes-preserve-unknown-fields': true }

/** The schema of a member; undefined where the schema does not have it. */
export function memberOf(schema: Shape, key: string): Shape | undefined {
  const own = schema.properties
  if (own && Object.hasOwn(own, key)) return own[key]
  const more = schema.additionalProperties
  if (typeof more === 'object') return more
  if (schema['x-kubernetes-embedded-resource'] && ['apiVersion', 'kind', 'metadata'].includes(key))
    return anything
  return more === true || schema['x-kubernetes-preserve-unknown-fields'] ? anything : undefined
}

/** The first of what is found, without looking for the rest. */
export function first(found: Iterable<Misfit>, most: number): readonly Misfit[] {
  const taken: Misfit[] = []
  for (const one of found) {
    if (taken.push(one) >= most) break
  }
  return taken
}

/** Everything that does not fit, each with the path it is at; nothing where all does. Whoever wants few takes few. */
export function* misfits(
  value: unknown,
  schema: Shape,
  path: Misfit['path'] = [],
): Generator<Misfit> {
  if (value === null && schema.nullable === true) return
  const wrongType = typeProblem(value, schema)
  if (wrongType !== undefined) {
    yield { path, why: wrongType }
    return
  }
  for (const why of valueProblems(value, schema)) yield { path, why }
  for (const why of sizeProblems(value, schema)) yield { path, why }
  yield* innerMisfits(value, schema, path)
}

function* innerMisfits(value: unknown, schema: Shape, path: Misfit['path']): Generator<Misfit> {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items) for (const [at, item] of value.entries()) yield* misfits(item, items, [...path, at])
    return
  }
  if (!isTree(value)) return
  // what has a default is there by the time it is asked for
  for (const key of schema.required ?? [])
    if (value[key] === undefined && !hasDefault(schema, key))
      yield { path: [...path, key], why: 'is required' }
  for (const [key, member] of Object.entries(value)) {
    const known = memberOf(schema, key)
    if (known !== undefined && known !== anything) yield* misfits(member, known, [...path, key])
  }
}

/** Whether a member that is left out is filled in. */
export const hasDefault = (schema: Shape, key: string): boolean =>
  schema.properties?.[key]?.default !== undefined

/** Fields that the schema does not have, which an API server drops, or refuses where it is told to be strict. */
export function* strangers(
  value: unknown,
  schema: Shape,
  path: Misfit['path'] = [],
): Generator<Misfit> {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items)
      for (const [at, item] of value.entries()) yield* strangers(item, items, [...path, at])
    return
  }
  if (!isTree(value) || !(schema.properties || schema.additionalProperties)) return
  for (const [key, member] of Object.entries(value)) {
    const known = memberOf(schema, key)
    if (known === undefined) yield { path: [...path, key], why: 'there is no such field' }
    else if (known !== anything) yield* strangers(member, known, [...path, key])
  }
}

function typeProblem(value: unknown, schema: Shape): string | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return isWhole(value) || typeof value === 'string'
      ? undefined
      : 'must be an integer or a string'
  const { type } = schema
  return type === undefined || hasType(value, type) ? undefined : `must be of type ${type}`
}

/** Whole, and within 64 bits: what is beyond is no integer for an API server. */
const isWhole = (value: unknown): boolean =>
  Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 63

function hasType(value: unknown, type: string): boolean {
  if (type === 'object') return isTree(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return isWhole(value)
  return typeof value === type
}

function valueProblems(value: unknown, schema: Shape): readonly string[] {
  const found: string[] = []
  if (schema.enum && !schema.enum.some((allowed) => isDeepStrictEqual(allowed, value)))
    found.push(`must be one of ${schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ')}`)
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? value)) found.push(`must be at least ${schema.minimum}`)
    if (value > (schema.maximum ?? value)) found.push(`must be at most ${schema.maximum}`)
  }
  if (!hasFormat(value, schema.format)) found.push(`must have the format ${schema.format}`)
  if (typeof value === 'string' && schema.pattern !== undefined)
    if (!new RegExp(schema.pattern).test(value)) found.push(`must match ${schema.pattern}`)
  if (schema.anyOf && !schema.anyOf.some((branch) => misfits(value, branch).next().done))
    found.push('fits none of the forms allowed')
  return found
}

function hasFormat(value: unknown, format: string | undefined): boolean {
  if (format === 'date-time') return typeof value !== 'string' || parseTime(value) !== undefined
  return true
}

function sizeProblems(value: unknown, schema: Shape): readonly string[] {
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
