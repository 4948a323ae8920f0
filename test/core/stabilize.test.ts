import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { record, stabilize, stabilizeDown, type Recommendation } from '../../src/core/stabilize.ts'

const now = 100_000
const past: Recommendation[] = [
  { at: 80_000, replicas: 9 },
  { at: 90_000, replicas: 3 },
  { at: 99_000, replicas: 6 },
]

describe('stabilize', () => {
  const cases: [
    name: string,
    current: number,
    wanted: number,
    up: number,
    down: number,
    replicas: number,
  ][] = [
    ['follows without windows', 5, 8, 0, 0, 8],
    ['follows down without windows', 5, 2, 0, 0, 2],
    ['goes up to the lowest in the window', 5, 8, 5_000, 0, 6],
    ['stays where the lowest is below the count', 5, 8, 15_000, 0, 5],
    ['goes down to the highest in the window', 8, 2, 0, 5_000, 6],
    ['stays where the highest is above the count', 8, 2, 0, 25_000, 8],
    ['forgets what is just as old as the window', 8, 2, 0, 20_000, 6],
    ['remembers what is a little younger', 8, 2, 0, 20_001, 8],
    ['forgets the same going up', 5, 8, 10_000, 0, 6],
    ['stays between both', 5, 5, 15_000, 25_000, 5],
  ]
  for (const [name, current, wanted, up, down, replicas] of cases)
    test(name, () =>
      assert.equal(stabilize(now, current, wanted, { up, down }, past).replicas, replicas),
    )

  test('keeps what the longer of its windows still sees', () => {
    const windows = { up: 5_000, down: 25_000 }
    const { recommendations } = stabilize(now, 5, 7, windows, past)
    assert.deepEqual(recommendations, [...past, { at: now, replicas: 7 }])
  })

  test('lies between the extremes of what was ever asked for and what there is', () => {
    const some = fc.array(fc.record({ at: fc.nat(now), replicas: fc.nat(9) }))
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), fc.nat(now), fc.nat(now), some, (c, w, up, down, list) => {
        const all = [c, w, ...list.map((r) => r.replicas)]
        const { replicas } = stabilize(now, c, w, { up, down }, list)
        return replicas >= Math.min(...all) && replicas <= Math.max(...all)
      }),
    )
  })
})

describe('stabilizeDown', () => {
  const cases: [name: string, wanted: number, window: number, replicas: number][] = [
    ['never holds what goes up', 12, 99_000, 12],
    ['goes down to the highest in the window', 2, 5_000, 6],
    ['remembers what is just as old as the window', 2, 20_000, 9],
    ['forgets what is older', 2, 19_999, 6],
  ]
  for (const [name, wanted, window, replicas] of cases)
    test(name, () => assert.equal(stabilizeDown(now, wanted, window, past).replicas, replicas))
})

describe('record', () => {
  const entry = { at: now, replicas: 1 }
  test('adds where nothing is outdated', () =>
    assert.deepEqual(record(past, entry, 80_000), [...past, entry]))
  test('takes the place of the last outdated entry, and leaves the others', () =>
    assert.deepEqual(record(past, entry, 95_000), [past[0], entry, past[2]]))
  test('leaves what it was given alone', () => {
    record(past, entry, 95_000)
    assert.equal(past[1]?.replicas, 3)
  })
  test('never holds more than a window’s worth', () => {
    let list: readonly Recommendation[] = []
    for (let at = 0; at < 10_000; at += 10) list = record(list, { at, replicas: 1 }, at - 1000)
    assert.ok(list.length <= 102, String(list.length))
  })
})
