import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { age, amount } from '../../../src/serve/dashboard/words.ts'

describe('amount', () => {
  for (const [value, text] of [
    [0, '0'],
    [12345, '12,345'],
    [0.123456, '0.123'],
    [99.96, '100'],
    [12345.6, '12,346'],
    [-7.12345, '-7.12'],
    [undefined, '–'],
    [null, '–'],
  ] as const) {
    test(`${value} is ${text}`, () => assert.equal(amount(value), text))
  }
})

describe('age', () => {
  for (const [ms, text] of [
    [-200, 'now'],
    [999, 'now'],
    [1000, '1 s ago'],
    [4999, '4 s ago'],
    [200_000, '3 min 20 s ago'],
  ] as const) {
    test(`${ms} ms is ${text}`, () => assert.equal(age(ms), text))
  }
})
