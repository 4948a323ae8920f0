import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure } from '../../src/errors.ts'
import { error, value, type Push } from '../../src/scaler.ts'
import { memoryScaler, second, setUp } from './support.ts'

const minute = 60 * second

describe('a source that pushes', () => {
  test('is watched once per query, and what it hands over is a sample for everyone', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { pushes: true })
    const pushes: Push[] = []
    memory.watch = (push, signal) => {
      pushes.push(push)
      return clock.sleep(60 * minute, signal)
    }
    const followers = [1, 2].map(() => follow(memory, 'a'))
    await clock.advance(second)
    assert.equal(pushes.length, 1)
    pushes[0]?.answer(value(7))
    assert.deepEqual(
      followers.map((follower) => [follower.latest()?.answer, follower.latest()?.before]),
      [
        [value(7), 1],
        [value(7), 1],
      ],
    )
    await engine.close()
  })

  test('serves a reader that waits', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { pushes: true })
    let push: Push | undefined
    memory.watch = async (given, signal) => {
      push = given
      await clock.sleep(60 * minute, signal)
    }
    memory.delay = Number.POSITIVE_INFINITY
    const follower = follow(memory, 'a')
    const read = follower.read(second)
    await clock.advance(100)
    push?.answer(value(7))
    assert.deepEqual((await read).answer, value(7))
    await engine.close()
  })

  test('is watched again after a pause that doubles up to a minute, and starts small after a long run', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { pushes: true })
    const starts: number[] = []
    let length = 0
    const start = clock.now()
    memory.watch = async (_push, signal) => {
      starts.push((clock.now() - start) / second)
      if (length > 0) await clock.sleep(length, signal)
      throw failure('SOURCE_REFUSED', { address: 'm', why: 'no' })
    }
    follow(memory, 'a')
    await clock.advance(5 * minute)
    assert.deepEqual(starts, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    length = 5 * minute
    await clock.advance(2 * minute)
    starts.length = 0
    await clock.advance(10 * minute)
    assert.equal(starts.length, 2)
    assert.equal((starts[1] ?? 0) - (starts[0] ?? 0), (5 * minute) / second + 1)
    await engine.close()
  })

  test('is no longer listened to when the last subscriber has left', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { pushes: true })
    let push: Push | undefined
    let ended = 0
    memory.watch = async (given, signal) => {
      push = given
      await clock.sleep(60 * minute, signal).finally(() => ended++)
    }
    const follower = follow(memory, 'a')
    await clock.advance(second)
    follower.close()
    await clock.advance(0)
    assert.equal(ended, 1)
    assert.equal(memory.closed, 1)
    const seen = follower.samples.length
    push?.answer(value(9))
    assert.equal(follower.samples.length, seen)
    assert.equal(clock.pending(), 0)
    await engine.close()
  })

  test('is watched through the new client when the old one is replaced', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { pushes: true })
    const openedAt: number[] = []
    memory.watch = (_push, signal) => {
      openedAt.push(memory.opened)
      return clock.sleep(60 * minute, signal)
    }
    follow(memory, 'a')
    await clock.advance(minute)
    memory.answer = () =>
      memory.opened === 1
        ? error(failure('SOURCE_UNREACHABLE', { address: 'm', why: 'x' }))
        : value(1)
    await clock.advance(2 * minute)
    assert.deepEqual(openedAt, [1, 2])
    assert.equal(memory.closed, 1)
    await engine.close()
  })
})
