import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure } from '../../src/errors.ts'
import { error, value } from '../../src/scaler.ts'
import { memoryScaler, second, setUp, steady, type Follower } from './support.ts'

const minute = 60 * second
const refusal = failure('SOURCE_DENIED', { address: 'm', why: '403' })
const denied = error(refusal)

describe('refused credentials', () => {
  test('every subscriber is heard, the client is opened anew and the ask repeated before anything is recorded', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const heard: string[] = []
    memory.answer = () => (heard.length === 2 ? value(9) : denied)
    const followers = ['a', 'b'].map((name) =>
      follow(memory, name, {
        onDenied: async (signal) => {
          await clock.sleep(200, signal)
          heard.push(name)
        },
      }),
    )
    await clock.advance(second)
    assert.deepEqual(heard, ['a', 'b'])
    for (const { samples } of followers) {
      assert.deepEqual(
        samples.map(({ answer }) => answer),
        [value(9)],
      )
    }
    assert.deepEqual([memory.opened, memory.closed], [2, 1])
    assert.equal(memory.calls.length, 4)
    await engine.close()
  })

  test('a call refused by the old client after the new one was asked for is repeated without another hearing', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    let heard = 0
    const onDenied = async (): Promise<void> => {
      heard++
    }
    memory.answer = () => (heard === 0 || clock.now() === lateAt ? denied : value(1))
    const lateAt = clock.now() + 200
    memory.delay = 100
    const early = follow(memory, 'early', { onDenied })
    await clock.advance(0)
    memory.delay = 200
    const late = follow(memory, 'late', { onDenied })
    await clock.advance(150)
    memory.delay = 10
    await clock.advance(second)
    assert.equal(heard, 2, 'both subscribers, once each')
    for (const { samples } of [early, late]) {
      assert.deepEqual(
        samples.map(({ answer }) => answer),
        [value(1)],
      )
    }
    await engine.close()
  })

  test('what stays refused is recorded once, and appealed once per period', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.answer = () => denied
    let heard = 0
    const onDenied = async (): Promise<void> => {
      heard++
    }
    const follower = follow(memory, 'a', { onDenied })
    await clock.advance(0)
    assert.deepEqual(
      follower.samples.map(({ answer }) => answer),
      [denied],
    )
    assert.deepEqual([heard, memory.calls.length], [1, 2])
    await clock.advance(5 * minute)
    assert.ok(heard >= 9 && heard <= 11, `${heard}`)
    await engine.close()
  })

  test('one query that is refused while others are not does not have all of them opened anew over and over', async () => {
    const { clock, engine, memory } = await steady(100)
    memory.answer = (name) => (Number(name.slice(1)) % 2 ? denied : value(1))
    await clock.advance(10 * minute)
    assert.ok(memory.opened <= 42, `${memory.opened} openings`)
    await engine.close()
  })

  test('a subscription replaced meanwhile gets its sample from the new source, and the old one closes', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.answer = (_, endpoint) => (endpoint === 'one' ? denied : value(4))
    const replaced: Follower[] = []
    const old: Follower = follow(memory, 'a', {
      onDenied: async () => {
        replaced.push(follow(memory, 'a', { m: { endpoint: 'two' } }))
        old.close()
      },
    })
    await clock.advance(second)
    assert.deepEqual(old.samples, [])
    assert.deepEqual(
      replaced.map((follower) => follower.latest()?.answer),
      [value(4)],
    )
    assert.deepEqual([memory.opened, memory.closed], [2, 1])
    assert.deepEqual(
      memory.calls.map(({ endpoint }) => endpoint),
      ['one', 'two'],
    )
    await engine.close()
  })

  const slow: [name: string, onDenied: (signal: AbortSignal) => Promise<void>][] = [
    ['never ends', () => new Promise(() => {})],
    ['fails', () => Promise.reject(new Error('no secret'))],
  ]
  for (const [name, onDenied] of slow) {
    test(`a handler that ${name} does not keep the refusal from being recorded within the deadline`, async () => {
      const { clock, engine, follow } = setUp()
      const memory = memoryScaler(clock)
      memory.answer = () => denied
      const follower = follow(memory, 'a', { onDenied })
      await clock.advance(3 * second)
      assert.deepEqual(
        follower.samples.map(({ answer }) => answer),
        [denied],
      )
      await engine.close()
    })
  }

  test('an opening that is refused is appealed like a call', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.openFailure = refusal
    const follower = follow(memory, 'a', {
      onDenied: async () => {
        memory.openFailure = undefined
      },
    })
    await clock.advance(0)
    assert.deepEqual(
      follower.samples.map(({ answer }) => answer),
      [value(1)],
    )
    await engine.close()
  })
})
