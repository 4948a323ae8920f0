import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { problems, type Schema, shaped } from '../../src/embedded/schema.ts'

const text: Schema = { type: 'string' }
const of = (properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
})

const shapes: readonly {
  readonly name: string
  readonly schema: Schema
  readonly given: unknown
  readonly kept: unknown
}[] = [
  { name: 'unknown fields go', schema: of({ a: text }), given: { a: 'x', b: 1 }, kept: { a: 'x' } },
  {
    name: 'unknown fields go at any depth',
    schema: of({ list: { type: 'array', items: of({ a: text }) } }),
    given: { list: [{ a: 'x', b: 1 }, { b: 2 }] },
    kept: { list: [{ a: 'x' }, {}] },
  },
  {
    name: 'any key of a map is kept, its values are pruned',
    schema: { type: 'object', additionalProperties: of({ a: text }) },
    given: { one: { a: 'x', b: 1 } },
    kept: { one: { a: 'x' } },
  },
  {
    name: 'a schema may preserve what it does not know',
    schema: of({}, { 'x-kubernetes-preserve-unknown-fields': true }),
    given: { a: { b: 1 } },
    kept: { a: { b: 1 } },
  },
  {
    name: 'what is preserved is pruned where it is known',
    schema: of({ a: of({}) }, { 'x-kubernetes-preserve-unknown-fields': true }),
    given: { a: { b: 1 }, c: { b: 1 } },
    kept: { a: {}, c: { b: 1 } },
  },
  {
    name: 'a default fills what is absent',
    schema: of({ a: { ...text, default: 'd' }, b: text }),
    given: {},
    kept: { a: 'd' },
  },
  {
    name: 'a default does not make the object it stands in',
    schema: of({ outer: of({ a: { ...text, default: 'd' } }) }),
    given: {},
    kept: {},
  },
  {
    name: 'a default of an object is completed too',
    schema: of({ outer: of({ a: { ...text, default: 'd' } }, { default: {} }) }),
    given: {},
    kept: { outer: { a: 'd' } },
  },
  {
    name: 'null counts as absent where there is a default',
    schema: of({ a: { ...text, default: 'd' } }),
    given: { a: null },
    kept: { a: 'd' },
  },
  {
    name: 'null stays where it is allowed',
    schema: of({ a: { ...text, default: 'd', nullable: true } }),
    given: { a: null },
    kept: { a: null },
  },
]
for (const { name, schema, given, kept } of shapes)
  test(`shaping: ${name}`, () => assert.deepEqual(shaped(given, schema), kept))

const faults: readonly (readonly [schema: Schema, given: unknown, found: readonly string[]])[] = [
  [of({ a: text }), { a: 'x' }, []],
  [of({ a: text }), { a: 1 }, ['a: must be of type string']],
  [of({ a: text }), 'x', ['the object: must be of type object']],
  [of({ a: text }), { a: null }, ['a: must be of type string']],
  [of({ a: { ...text, nullable: true } }), { a: null }, []],
  [of({ a: text }, { required: ['a', 'b'] }), {}, ['a: is required', 'b: is required']],
  [of({ a: { type: 'integer' } }), { a: 1.5 }, ['a: must be of type integer']],
  // an API server looks at the bounds and not at the format
  [of({ a: { type: 'integer', format: 'int32' } }), { a: 2 ** 31 }, []],
  [of({ a: { type: 'integer' } }), { a: 2 ** 62 }, []],
  [of({ a: { type: 'integer' } }), { a: 1e308 }, ['a: must be of type integer']],
  [of({ a: { type: 'number' } }), { a: 1.5 }, []],
  [of({ a: { type: 'boolean' } }), { a: 'true' }, ['a: must be of type boolean']],
  [of({ a: { type: 'integer', minimum: 1, maximum: 3 } }), { a: 0 }, ['a: must be at least 1']],
  [of({ a: { type: 'integer', minimum: 1, maximum: 3 } }), { a: 4 }, ['a: must be at most 3']],
  [of({ a: { ...text, enum: ['x', 'y'] } }), { a: 'z' }, ['a: must be one of "x", "y"']],
  [of({ a: { ...text, pattern: '^x+$' } }), { a: 'y' }, ['a: must match ^x+$']],
  [
    of({ a: { ...text, format: 'date-time' } }),
    { a: 'noon' },
    ['a: must have the format date-time'],
  ],
  [of({ a: { ...text, minLength: 2 } }), { a: '😀' }, ['a: must have at least 2 characters']],
  [of({ a: { ...text, maxLength: 1 } }), { a: '😀' }, []],
  [
    of({ a: { type: 'array', minItems: 1, items: text } }),
    { a: [] },
    ['a: must have at least 1 items'],
  ],
  [of({ a: { type: 'array', items: text } }), { a: ['x', 2] }, ['a[1]: must be of type string']],
  [of({ a: { 'x-kubernetes-int-or-string': true } }), { a: '50%' }, []],
  [
    of({ a: { 'x-kubernetes-int-or-string': true } }),
    { a: 1.5 },
    ['a: must be an integer or a string'],
  ],
  [
    of({ a: { anyOf: [{ type: 'integer' }, { type: 'string' }] } }),
    { a: true },
    ['a: fits none of the forms allowed'],
  ],
  [{ type: 'object', additionalProperties: text }, { a: 'x', b: 1 }, ['b: must be of type string']],
]
for (const [schema, given, found] of faults)
  test(`judging ${JSON.stringify(given)} by ${JSON.stringify(schema)}`, () =>
    assert.deepEqual(problems(given, schema), found))

test('shaping what is shaped changes nothing', () => {
  const schema = of(
    {
      a: { ...text, default: 'd' },
      list: { type: 'array', items: of({ b: { ...text, default: 'e' } }) },
      map: { type: 'object', additionalProperties: { type: 'integer' } },
    },
    { required: ['a'] },
  )
  const keys = fc.constantFrom('a', 'b', 'list', 'map', 'x')
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, 1, 'x', true),
      fc.array(tie('any'), { maxLength: 2 }),
      fc.dictionary(keys, tie('any'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).any
  fc.assert(
    fc.property(value, (given) => {
      const once = shaped(given, schema)
      assert.deepEqual(shaped(once, schema), once)
    }),
  )
})
