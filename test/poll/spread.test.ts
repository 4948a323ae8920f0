import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createSpread, hash, nextTick, slackOf } from '../../src/poll/spread.ts'

const period = fc.integer({ min: 1, max: 3_600_000 })
const phase = fc.integer({ min: 0, max: 0xffffffff })
const time = fc.double({ min: 1.6e12, max: 2e12, noNaN: true })

describe('the grid of times', () => {
  test('the next tick is after now and no more than a period away', () => {
    fc.assert(
      fc.property(time, period, phase, (now, every, at) => {
        const next = nextTick(now, every, at)
        assert.ok(next > now && next <= now + every + 0.001)
      }),
    )
  })

  test('every tick of a period is a tick of half of it, so queries of both share calls', () => {
    fc.assert(
      fc.property(time, period, phase, (now, half, at) => {
        const tick = nextTick(now, 2 * half, at)
        assert.equal(nextTick(tick - 0.5, half, at), tick)
      }),
    )
  })

  test('the slack is a fiftieth of the period and 100 ms at most', () => {
    assert.deepEqual([1_000, 5_000, 30_000].map(slackOf), [20, 100, 100])
  })
})

describe('the choice of phases', () => {
  const phases = (count: number, source: string, every: number): number[] => {
    const spread = createSpread()
    return Array.from(
      { length: count },
      (_, i) => spread.choose(hash(`${source} q${i}`), every) % every,
    )
  }

  test('no second holds twice the mean, for 100 queries and more in 30 s, whatever they are called', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 100, max: 600 }), (source, count) => {
        const seconds = Array.from({ length: 30 }, () => 0)
        for (const at of phases(count, source, 30_000)) {
          const second = Math.floor(at / 1_000)
          seconds[second] = (seconds[second] ?? 0) + 1
        }
        assert.ok(Math.max(...seconds) <= (2 * count) / 30)
      }),
      { numRuns: 50 },
    )
  })

  test('is the same after a restart', () => {
    assert.deepEqual(phases(500, 'a', 5_000), phases(500, 'a', 5_000))
  })

  test('forgets what has left, so that many comings and goings do not wear it out', () => {
    const spread = createSpread()
    const first = spread.choose(hash('a'), 1_000)
    for (let i = 0; i < 100; i++) spread.leave(spread.choose(hash(`b${i}`), 1_000), 1_000)
    spread.leave(first, 1_000)
    assert.equal(spread.choose(hash('a'), 1_000), first)
  })
})
