import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decimal, integer, optional, text } from '../../src/metadata/fields.ts'
import { type Hidden, inspect } from '../../src/metadata/inspect.ts'

const fields = {
  queue: text({ doc: 'd' }),
  length: integer({ doc: 'd', default: 5, aliases: ['size'] }),
  rate: optional(decimal({ doc: 'd' })),
  password: text({ doc: 'd', from: ['auth', 'env'], secret: true }),
  tenant: optional(text({ doc: 'd', from: ['identity'] })),
}
const none: Hidden = { auth: new Set(), identity: {} }
const given: Hidden = { auth: new Set(['password']), identity: {} }

const rows: readonly (readonly [name: string, Record<string, string>, Hidden, found: string[]])[] =
  [
    ['all that is needed', { queue: 'q' }, given, []],
    ['a missing one', {}, given, ['queue']],
    ['a blank one', { queue: '  ' }, given, ['queue']],
    ['a wrong number', { queue: 'q', length: '5.0' }, given, ['length']],
    ['a wrong number by another name', { queue: 'q', size: 'x' }, given, ['size']],
    ['several at once', { length: 'x', rate: 'y' }, none, ['queue', 'length', 'rate', 'password']],
    ['a secret that nobody gives', { queue: 'q' }, none, ['password']],
    [
      'a secret in the metadata, where it is not read',
      { queue: 'q', password: 'p' },
      none,
      ['password'],
    ],
    ['a secret from the environment', { queue: 'q', passwordFromEnv: 'P' }, none, []],
    [
      'a secret of an authentication that is not known',
      { queue: 'q' },
      { auth: 'any', identity: undefined },
      [],
    ],
    ['a name like any other', { queue: 'q', constructor: 'x' }, given, []],
  ]

void describe('inspect', () => {
  for (const [name, metadata, hidden, found] of rows)
    void it(`finds ${found.join(', ') || 'nothing'} in ${name}`, () =>
      assert.deepEqual(
        inspect(fields, metadata, hidden, undefined).map(({ key }) => key),
        found,
      ))

  void it('judges rules over several fields only where all of them are seen', () => {
    const check = () => ['rate and queue do not go together']
    const metadata = { queue: 'q', rate: '1' }
    assert.deepEqual(inspect(fields, metadata, given, check), [])
    const { password: _, tenant: __, ...seen } = fields
    assert.deepEqual(inspect(seen, metadata, given, check), [
      { key: 'rate', problem: 'rate and queue do not go together' },
    ])
  })

  void it('says where a missing parameter may be given, and never shows a secret', () => {
    const [problem] = inspect(fields, { queue: 'q' }, none, undefined)
    assert.match(
      problem?.problem ?? '',
      /^password is required: set it in the TriggerAuthentication, or name/,
    )
    const numeric = { key: integer({ doc: 'd', secret: true }) }
    const [wrong] = inspect(numeric, { key: 'hunter2' }, none, undefined)
    assert.equal(wrong?.problem, 'key must be a whole number')
  })
})
