import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Described } from '../../src/admission/metadata.ts'
import { shown } from '../../src/admission/problem.ts'
import { isFailure, reasonOf } from '../../src/errors.ts'
import type { Field } from '../../src/metadata/fields.ts'
import { inspect } from '../../src/metadata/inspect.ts'
import { read } from '../../src/metadata/schema.ts'
import { load, types } from '../../src/registry.ts'
import { givenBy } from '../contract/scaler.ts'

/** What nobody means, and what has the form of it all the same. */
const values: readonly string[] = [
  ...'x -1 0 1.5 05 +5 1e3 1e400 NaN -Infinity 0x1F 2147483648 9223372036854775808 true yes'.split(
    ' ',
  ),
  ...', = a=b=c a,b ../../etc/passwd __proto__ constructor {} [] null'.split(' '),
  '9'.repeat(400),
  'x'.repeat(1_000_000),
  '=,'.repeat(500_000),
  ...['1', ';', '/', 'http://a/', '1h', ' ', '(', 'a in ('].map(
    (piece) => `${piece}${piece.at(-1)?.repeat(500_000)}x`,
  ),
  `a${';'.repeat(500_000)}x`,
  '💥\u202Eπ\u0000\n',
  '\u0665',
  '\r\nHost: elsewhere',
]

/** A value of that kind which its own field takes, so that only the one under test is wrong. */
const plain = ({ choices, kind }: Field<unknown>): string =>
  choices?.[0] ??
  { string: 'http://a/b', boolean: 'true', duration: '1s', list: 'a', map: 'a=b' }[
    kind as 'string'
  ] ??
  '5'

const hidden = { auth: new Set<string>(), identity: {} }

for (const type of types)
  describe(`a wrong parameter of ${type} is named, by the webhook and by the controller alike`, async () => {
    const { fields, check }: Described = await load(type)
    const mine = Object.entries(fields).filter(([, { from }]) => from.includes('trigger'))
    const base = Object.fromEntries(
      mine.flatMap(([name, field]) =>
        field.default === undefined && !field.optional ? [[name, plain(field)]] : [],
      ),
    )
    for (const [name] of mine)
      test(name, { timeout: 20_000 }, () => {
        for (const value of values) {
          const metadata = { ...base, [name]: value }
          const found = inspect(fields, metadata, hidden, check)
          let said = ''
          try {
            read(type, fields, givenBy(metadata), check)
          } catch (error) {
            assert.ok(isFailure(error, 'METADATA_INVALID'), reasonOf(error))
            said = error.message
          }
          assert.equal(
            found.length > 0,
            said !== '',
            `"${value.slice(0, 40)}": ${said.slice(0, 200)}`,
          )
          assert.ok(said.length < 2_500, `${said.length} characters`)
          for (const { problem } of found) {
            assert.ok(problem.length < 1_000, `${problem.length} characters`)
            assert.ok(said.includes(shown(problem, 1_000)), `${problem}: ${said}`)
          }
        }
      })
  })
