import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { goBoolean, goDecimal, goDuration, goInteger } from '../../src/metadata/go.ts'

const table = <T extends number | boolean>(
  title: string,
  parse: (raw: string) => T | undefined,
  rows: readonly (readonly [raw: string, expected: T | undefined])[],
): void => {
  describe(title, () => {
    for (const [raw, expected] of rows) {
      test(`${JSON.stringify(raw)} is ${expected === undefined ? 'refused' : expected}`, () =>
        assert.equal(parse(raw), expected))
    }
  })
}

table('an integer by the rules of int64 in JSON', goInteger, [
  ['5', 5],
  ['-5', -5],
  ['0', 0],
  ['-0', 0],
  ['5.0', undefined],
  ['05', undefined],
  ['+5', undefined],
  ['1e3', undefined],
  ['abc', undefined],
  ['null', undefined],
  ['', undefined],
  ['9223372036854775807', 9_223_372_036_854_774_784],
  ['-9223372036854775808', -(2 ** 63)],
  ['9223372036854775808', undefined],
])

table('a number by the rules of float64 in JSON', goDecimal, [
  ['5', 5],
  ['1e3', 1000],
  ['0.5', 0.5],
  ['-2.5E-1', -0.25],
  ['.5', undefined],
  ['5.', undefined],
  ['NaN', undefined],
  ['Inf', undefined],
  ['1e999', undefined],
  ['0x10', undefined],
])

table('a boolean by strconv.ParseBool', goBoolean, [
  ['T', true],
  ['1', true],
  ['True', true],
  ['f', false],
  ['FALSE', false],
  ['yes', undefined],
  ['tRUE', undefined],
  ['', undefined],
])

table('a duration in Go or in milliseconds', goDuration, [
  ['1000', 1000],
  ['0', 0],
  ['+5', 5],
  ['5s', 5000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['250us', 0.25],
  ['-1', undefined],
  ['-5s', undefined],
  ['1.5', undefined],
  ['5 s', undefined],
  ['s', undefined],
  ['5d', undefined],
])

test('every number that JSON writes is read as itself', () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (n) => {
      assert.equal(goDecimal(JSON.stringify(n)), n + 0)
    }),
  )
  fc.assert(fc.property(fc.maxSafeInteger(), (n) => goInteger(String(n)) === n))
})

test('what is read is always finite, whatever the text', () => {
  fc.assert(
    fc.property(fc.string(), (raw) => {
      for (const n of [goInteger(raw), goDecimal(raw), goDuration(raw)]) {
        assert.ok(n === undefined || Number.isFinite(n))
      }
    }),
  )
})
