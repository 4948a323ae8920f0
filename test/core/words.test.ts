import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { duration, list, plural } from '../../src/core/words.ts'

describe('duration', () => {
  const cases: [ms: number, text: string][] = [
    [-5000, '0 s'],
    [0, '0 s'],
    [1, '1 s'],
    [45_000, '45 s'],
    [60_000, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ]
  for (const [ms, text] of cases) {
    test(`of ${ms} ms is ${text}`, () => assert.equal(duration(ms), text))
  }
})

describe('list', () => {
  const cases: [items: string[], text: string][] = [
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b, c, d and e'],
    [['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'a, b, c, d, e and 2 more'],
  ]
  for (const [items, text] of cases) {
    test(`of ${items.length} is "${text}"`, () => assert.equal(list(items), text))
  }
})

test('plural counts', () => {
  assert.equal(plural(0, 'replica'), '0 replicas')
  assert.equal(plural(1, 'replica'), '1 replica')
  assert.equal(plural(2, 'replica'), '2 replicas')
})
