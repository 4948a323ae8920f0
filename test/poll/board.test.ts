import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeEntry, publish, type Entry } from '../../src/poll/board.ts'
import type { Want } from '../../src/poll/port.ts'
import { value } from '../../src/scaler.ts'
import { memoryScaler } from './support.ts'
import { manualClock } from '../support/clock.ts'

interface Told {
  readonly onSample?: () => void
  readonly onAnswered?: () => void
}

/** A query with one who follows it. */
function followed(name: string, { onSample = () => {}, onAnswered = () => {} }: Told): Entry {
  const entry = makeEntry(name, { name }, 0, 1_000, () => {})
  const want: Want = {
    scaler: memoryScaler(manualClock()).scaler,
    m: {},
    query: { name },
    period: 1_000,
    cached: false,
    onSample,
    onAnswered,
    onDenied: async () => undefined,
  }
  entry.subscribers.push({ want, period: 1_000, readAt: 0 })
  return entry
}

describe('what came together', () => {
  test('is on the board, all of it, before anyone is told', () => {
    const seen: unknown[] = []
    const onAnswered = (): void => {
      seen.push([a, b].map(({ latest }) => latest?.answer))
    }
    const a = followed('a', { onAnswered })
    const b = followed('b', { onAnswered })
    publish([a, b], [value(1), value(2)], 5, 0)
    const both = [value(1), value(2)]
    assert.deepEqual(seen, [both, both])
  })

  test('reaches who waits for it', async () => {
    const a = followed('a', {})
    const sample = new Promise((resolve) => (a.waiters = [{ resolve }]))
    publish([a], [value(3)], 5, 2)
    assert.deepEqual(await sample, { answer: value(3), at: 5, took: 2, before: undefined })
    assert.equal(a.waiters, undefined)
  })

  for (const when of ['onSample', 'onAnswered'] as const)
    test(`is told of no query that another one's ${when} has taken back`, () => {
      const told: string[] = []
      const note = (word: string) => (): void => void told.push(word)
      const a = followed('a', { [when]: () => (b.state = 'closed') })
      const b = followed('b', { onSample: note('sample'), onAnswered: note('answered') })
      publish([a, b], [value(1), value(2)], 5, 0)
      assert.deepEqual(told, when === 'onSample' ? [] : ['sample'])
    })
})
