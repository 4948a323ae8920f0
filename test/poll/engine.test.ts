import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryScaler, second, setUp } from './support.ts'

const minute = 60 * second

/** The most calls in any window of a second, sliding. */
function crowd(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  let most = 0
  let first = 0
  for (const [i, at] of sorted.entries()) {
    while (at - (sorted[first] ?? 0) >= second) first++
    most = Math.max(most, i - first + 1)
  }
  return most
}

describe('spread', () => {
  for (const count of [100, 300, 1_000]) {
    test(`${count} queries of one source are asked evenly over their period`, async () => {
      const { clock, engine, follow } = setUp()
      const memory = memoryScaler(clock)
      for (let i = 0; i < count; i++) follow(memory, `q${i}`)
      await clock.advance(minute)
      const from = clock.now()
      memory.calls.length = 0
      await clock.advance(5 * minute)
      const times = memory.calls.map(({ at }) => at)
      assert.equal(times.length, count * 10)
      for (let second = from; second < clock.now(); second += 1_000) {
        const slot = times.filter((at) => at >= second && at < second + 1_000).length
        assert.ok(slot <= (2 * count) / 30, `${slot} asks in one second`)
      }
      assert.ok(crowd(times) <= (2 * count) / 30 + 1)
      await engine.close()
    })
  }
})
