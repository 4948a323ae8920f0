import { crds } from '../../src/crds/crds.ts'
import type { Shape } from '../../src/crds/conform.ts'

/** One field of a spec with one value that nobody means. */
export interface Wrong {
  readonly path: readonly (string | number)[]
  readonly what: string
  readonly value: unknown
}

export const specOf = (kind: string): Shape => {
  const crd = crds().find(({ spec }) => spec.names.kind === kind)
  return crd?.spec.versions[0]?.schema.openAPIV3Schema?.properties?.['spec'] ?? {}
}

const megabyte = 'x'.repeat(1_000_000)
const texts: readonly (readonly [string, unknown])[] = [
  ['a number', 5],
  ['a boolean', true],
  ['a map', { a: 'b' }],
  ['a list', ['a']],
  ['empty', ''],
  ['blank', '   '],
  ['unicode', '💥\u202Eπ\u0000\n'],
  ['a megabyte', megabyte],
  ['a number that does not end as one', `${'1'.repeat(1_000_000)}x`],
  ['an address of slashes', `http://a/${'/'.repeat(1_000_000)}x`],
  ['a path', '../../../etc/passwd'],
  ['a prototype', '__proto__'],
]
const numbers: readonly (readonly [string, unknown])[] = [
  ['text', '5'],
  ['a boolean', true],
  ['a fraction', 1.5],
  ['negative', -1],
  ['zero', 0],
  ['the least int32', -(2 ** 31)],
  ['the largest int32', 2 ** 31 - 1],
  ['above int32', 2 ** 31],
  ['above what is exact', 2 ** 53 + 2],
  ['huge', 1e308],
]
const flags: readonly (readonly [string, unknown])[] = [
  ['text', 'true'],
  ['a number', 1],
  ['a map', {}],
]
const maps: readonly (readonly [string, unknown])[] = [
  ['text', 'x'],
  ['a number', 5],
  ['a list', []],
  ['empty', {}],
  ['odd keys', { '': 'x', constructor: 'y', [megabyte]: 'z', 'π\n': '' }],
]
const lists: readonly (readonly [string, unknown])[] = [
  ['text', 'x'],
  ['a map', {}],
  ['empty', []],
  ['a list of nothing that fits', [5, 'x', {}, []]],
]

const valuesFor = (shape: Shape): readonly (readonly [string, unknown])[] => {
  if (shape['x-kubernetes-int-or-string']) return [...texts.slice(1), ...numbers.slice(2)]
  if (shape.enum) return [['unknown', 'unheard-of'], ...texts]
  if (shape.type === 'integer') return numbers
  if (shape.type === 'boolean') return flags
  if (shape.type === 'array') return lists
  return shape.type === 'object' ? maps : texts
}

/** Every field of a schema with each of the values that its type invites; lists by their first item. */
export function* wrongs(shape: Shape, path: Wrong['path'] = []): Generator<Wrong> {
  if (path.length > 0) for (const [what, value] of valuesFor(shape)) yield { path, what, value }
  for (const [name, member] of Object.entries(shape.properties ?? {}))
    yield* wrongs(member, [...path, name])
  if (shape.items) yield* wrongs(shape.items, [...path, 0])
  if (typeof shape.additionalProperties === 'object')
    yield* wrongs(shape.additionalProperties, [...path, 'queue'])
}

/** The plainest value that fits. */
export function plain(shape: Shape): unknown {
  if (shape.default !== undefined) return shape.default
  if (shape.enum) return shape.enum[0]
  if (shape.type === 'integer') return Math.max(1, shape.minimum ?? 1)
  if (shape.type === 'boolean') return true
  if (shape.type === 'array') return [plain(shape.items ?? {})]
  if (shape.type !== 'object') return 'x'
  const required = (shape.required ?? []).map((key) => [key, plain(shape.properties?.[key] ?? {})])
  return Object.fromEntries(required)
}

/** A copy with the value at the path; what is missing on the way is filled in as plainly as the schema lets it be. */
export function withWrong(
  base: unknown,
  shape: Shape,
  [step, ...rest]: Wrong['path'],
  value: unknown,
): unknown {
  if (step === undefined) return value
  if (typeof step === 'number') {
    const items = Array.isArray(base) && base.length > 0 ? base : [plain(shape.items ?? {})]
    return [withWrong(items[0], shape.items ?? {}, rest, value), ...items.slice(1)]
  }
  const before = typeof base === 'object' && base !== null ? base : Object(plain(shape))
  const more = shape.additionalProperties
  const inner = shape.properties?.[step] ?? (typeof more === 'object' ? more : {})
  return {
    ...before,
    [step]: withWrong(Reflect.get(before, step) ?? plain(inner), inner, rest, value),
  }
}
