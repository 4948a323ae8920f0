import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { failure } from '../../src/errors.ts'
import { slackOf } from '../../src/poll/spread.ts'
import { error, value } from '../../src/scaler.ts'
import { memoryScaler, second, setUp, silentMeter } from './support.ts'

const minute = 60 * second

describe('spread', () => {
  for (const count of [100, 300, 1_000]) {
    test(`no second holds twice the mean when ${count} queries share a period`, async () => {
      const { clock, engine, follow } = setUp()
      const memory = memoryScaler(clock)
      for (let i = 0; i < count; i++) follow(memory, `q${i}`)
      await clock.advance(minute)
      const from = clock.now()
      memory.calls.length = 0
      await clock.advance(2 * minute)
      const slots = new Map<number, number>()
      for (const { at } of memory.calls) {
        const slot = Math.floor((at - from) / second)
        slots.set(slot, (slots.get(slot) ?? 0) + 1)
      }
      assert.equal(memory.calls.length, count * 4)
      assert.ok(Math.max(...slots.values()) <= (2 * count) / 30)
      await engine.close()
    })
  }

  test('comings and goings do not wear it out: a query that returns returns to its place', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const placeOf = async (name: string): Promise<number> => {
      const follower = follow(memory, name)
      await clock.advance(0)
      memory.calls.length = 0
      await clock.advance(30 * second)
      follower.close()
      return (memory.calls.find(({ names }) => names[0] === name)?.at ?? 0) % (30 * second)
    }
    const before = await placeOf('a')
    for (let i = 0; i < 500; i++) follow(memory, `b${i}`).close()
    assert.equal(await placeOf('a'), before)
    await engine.close()
  })

  test('is the same after a restart: each query keeps its place in the period', async () => {
    const run = async (start: number): Promise<Map<string | undefined, number>> => {
      const { clock, engine, follow } = setUp({}, start)
      const memory = memoryScaler(clock)
      for (let i = 0; i < 100; i++) follow(memory, `q${i}`)
      await clock.advance(30 * second)
      memory.calls.length = 0
      await clock.advance(30 * second)
      await engine.close()
      return new Map(memory.calls.map(({ at, names }) => [names[0], Math.round(at % 30_000)]))
    }
    const before = await run(1_700_000_000_000)
    const after = await run(1_700_000_012_345)
    assert.equal(before.size, 100)
    for (const [name, at] of before) {
      const moved = Math.abs((after.get(name) ?? -1e9) - at)
      // neighbours may ring along earlier by the slack
      assert.ok(Math.min(moved, 30_000 - moved) <= 100)
    }
  })
})

describe('polling', () => {
  test('asks a new query at once and then once per period, never later than due', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const { samples } = follow(memory, 'a')
    const start = clock.now()
    await clock.advance(0)
    assert.deepEqual(
      memory.calls.map(({ at }) => at - start),
      [0],
    )
    await clock.advance(5 * minute)
    assert.equal(memory.calls.length, 11)
    assert.equal(samples.length, 11)
    const gaps = memory.calls.slice(1).map(({ at }, i) => at - (memory.calls[i]?.at ?? 0))
    assert.ok(gaps.slice(1).every((gap) => Math.abs(gap - 30 * second) < 1))
    await engine.close()
  })

  test('asks once for a thousand subscribers of one query', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const followers = Array.from({ length: 1_000 }, () => follow(memory, 'a'))
    await clock.advance(0)
    memory.calls.length = 0
    await clock.advance(10 * minute)
    assert.equal(memory.calls.length, 20)
    assert.ok(followers.every(({ samples }) => samples.length === 21))
    assert.deepEqual(
      engine.sources().map(({ queries, subscribers }) => [queries, subscribers]),
      [[1, 1_000]],
    )
    await engine.close()
  })

  test('asks as often as the most demanding subscriber wants, and less again when it leaves', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    follow(memory, 'a')
    const hasty = follow(memory, 'a', { period: 5 * second })
    await clock.advance(minute)
    memory.calls.length = 0
    await clock.advance(minute)
    assert.equal(memory.calls.length, 12)
    hasty.close()
    await clock.advance(5 * second)
    memory.calls.length = 0
    await clock.advance(5 * minute)
    assert.equal(memory.calls.length, 10)
    await engine.close()
  })

  test('follows a change of the polling interval within the new one', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const follower = follow(memory, 'a', { period: 10 * minute })
    await clock.advance(second)
    follower.repeat(10 * second)
    memory.calls.length = 0
    await clock.advance(minute)
    assert.equal(memory.calls.length, 6)
    assert.equal(follower.period(), 10 * second)
    await engine.close()
  })

  test('gives a subscriber of a known query what is known, and asks anew only if that is too old for it', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    follow(memory, 'a', { period: 10 * minute })
    await clock.advance(20 * second)
    memory.calls.length = 0
    assert.deepEqual(follow(memory, 'a').latest()?.answer, value(1))
    await clock.advance(0)
    assert.equal(memory.calls.length, 0)
    follow(memory, 'a', { period: 10 * second })
    await clock.advance(0)
    assert.equal(memory.calls.length, 1)
    await engine.close()
  })

  test('hands over the newest value before a sample, over errors in between', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const answers = [value(1), error(failure('SAMPLE_EMPTY', { what: 'x' })), value(2), value(3)]
    memory.answer = () => answers.shift() ?? value(4)
    const { samples } = follow(memory, 'a')
    await clock.advance(100 * second)
    assert.deepEqual(
      samples.slice(0, 4).map(({ before }) => before),
      [undefined, 1, 1, 2],
    )
    await engine.close()
  })

  test('never asks one query twice at a time, and asks each within period and slack, whatever comes and goes', async () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 20_000 }),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      does: fc.constantFrom('follow', 'close', 'read', 'repeat'),
      period: fc.constantFrom(1_000, 5_000, 30_000),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 0, max: 2_500 }),
        async (steps, delay) => {
          const { clock, engine, follow } = setUp()
          const memory = memoryScaler(clock)
          memory.delay = delay
          const followers = new Map<string, ReturnType<typeof follow>>()
          const reads: Promise<unknown>[] = []
          for (const { wait, name, does, period } of steps) {
            const known = followers.get(name)
            if (does === 'follow' && !known) followers.set(name, follow(memory, name, { period }))
            if (does === 'close') {
              known?.close()
              followers.delete(name)
            }
            if (does === 'repeat') known?.repeat(period)
            if (does === 'read' && known) reads.push(known.read(1_000))
            await clock.advance(wait)
          }
          await clock.advance(35_000)
          for (const [name, follower] of followers) {
            const period = follower.period()
            const times = memory.calls.filter(({ names }) => names.includes(name))
            const last = times.at(-1)?.at ?? 0
            assert.ok(clock.now() - last <= period + slackOf(period) + delay)
          }
          assert.ok(memory.mostOfOne <= 1)
          await engine.close()
          await clock.advance(minute)
          await Promise.all(reads)
          assert.equal(memory.opened, memory.closed)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('batching', () => {
  const cases: [name: string, queries: number, calls: number][] = [
    ['asks alone below the number from which a call for all is cheaper', 4, 4],
    ['asks all in one call from that number on', 5, 1],
    ['and however many there are', 500, 1],
  ]
  for (const [name, queries, calls] of cases) {
    test(name, async () => {
      const { clock, engine, follow } = setUp()
      const memory = memoryScaler(clock, { batch: 5 })
      const followers = Array.from({ length: queries }, (_, i) => follow(memory, `q${i}`))
      memory.answer = (asked) => value(asked)
      await clock.advance(minute)
      memory.calls.length = 0
      await clock.advance(30 * second)
      assert.equal(memory.calls.length, calls)
      for (const [i, follower] of followers.entries()) {
        assert.deepEqual(follower.latest()?.answer, value(`q${i}`))
      }
      await engine.close()
    })
  }

  test('queries of different periods share calls when their turns meet', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { batch: 2 })
    for (let i = 0; i < 10; i++)
      follow(memory, `q${i}`, { period: i % 2 ? 5 * second : 10 * second })
    await clock.advance(minute)
    memory.calls.length = 0
    await clock.advance(minute)
    assert.equal(memory.calls.length, 12)
    await engine.close()
  })

  test('what a follower is told of one of them, it knows of all', async () => {
    const { clock, engine } = setUp()
    const memory = memoryScaler(clock, { batch: 2 })
    memory.answer = () => value(clock.now())
    const ages = new Set<number>()
    const followed = ['a', 'b', 'c'].map((name) =>
      engine.subscribe({
        scaler: memory.scaler,
        m: { endpoint: 'm', password: '', threshold: '' },
        query: { name },
        period: 10 * second,
        cached: false,
        onSample() {},
        onAnswered() {
          for (const one of followed) ages.add(clock.now() - (one.latest()?.at ?? 0))
        },
        onDenied: async () => undefined,
      }),
    )
    await clock.advance(minute)
    assert.deepEqual([...ages], [0])
    await engine.close()
  })

  test('one bad query is its own error, and a wrong number of answers is an error of all', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { batch: 2 })
    const missing = error(failure('SOURCE_NOT_FOUND', { address: 'm', what: 'b' }))
    memory.answer = (name) => (name === 'b' ? missing : value(1))
    const [a, b] = ['a', 'b'].map((name) => follow(memory, name))
    await clock.advance(0)
    assert.deepEqual([a?.latest()?.answer, b?.latest()?.answer], [value(1), missing])
    await engine.close()

    const short = setUp()
    const scaler = { ...memory.scaler, ask: () => Promise.resolve([value(1)]) }
    const follower = short.follow({ ...memory, scaler }, 'a')
    short.follow({ ...memory, scaler }, 'b')
    await short.clock.advance(0)
    const latest = follower.latest()
    assert.ok(latest?.answer.kind === 'error' && latest.answer.error.code === 'SOURCE_GARBLED')
    await short.engine.close()
  })
})

describe('life', () => {
  test('opens a source once for all, and closes it with the last subscriber', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.openDelay = 100
    const followers = ['a', 'b', 'c', 'c'].map((name) => follow(memory, name))
    await clock.advance(minute)
    assert.equal(memory.opened, 1)
    for (const follower of followers) {
      assert.equal(memory.closed, 0)
      follower.close()
      follower.close()
      await clock.advance(0)
    }
    assert.equal(memory.closed, 1)
    assert.deepEqual(engine.sources(), [])
    memory.calls.length = 0
    await clock.advance(10 * minute)
    assert.deepEqual(memory.calls, [])
  })

  test('identities do not share a source, endpoints and scalers neither', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    follow(memory, 'a', { m: { password: 'one' } })
    follow(memory, 'a', { m: { password: 'two' } })
    follow(memory, 'a', { m: { endpoint: 'two' } })
    await clock.advance(0)
    assert.equal(memory.opened, 3)
    assert.ok(!JSON.stringify(engine.sources()).includes('password'))
    await engine.close()
  })

  test('a service that opens after it was given up is closed', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const opens: (() => void)[] = []
    const scaler = {
      ...memory.scaler,
      open: () =>
        new Promise((resolve) => {
          opens.push(() => resolve({ close: () => memory.closed++ }))
        }),
    }
    const follower = follow({ ...memory, scaler }, 'a')
    await clock.advance(4 * second)
    assert.ok(follower.latest()?.answer.kind === 'error')
    follower.close()
    for (const open of opens) open()
    await clock.advance(0)
    assert.equal(memory.closed, opens.length)
    await engine.close()
  })

  test('closing leaves nothing: no call, no timer, no open source, no reader that waits', async () => {
    let flying = 0
    const meter = { ...silentMeter, inFlight: (_: string, change: number) => (flying += change) }
    const { clock, engine, follow } = setUp({ meter })
    const memory = memoryScaler(clock)
    const follower = follow(memory, 'a')
    await clock.advance(second)
    memory.delay = Number.POSITIVE_INFINITY
    const slow = follow(memory, 'b')
    const read = slow.read(minute)
    await clock.advance(10)
    assert.equal(flying, 1)
    await engine.close()
    assert.ok((await read).answer.kind === 'error')
    assert.equal(flying, 0)
    assert.equal(memory.closed, memory.opened)
    follower.close()
    slow.close()
    memory.calls.length = 0
    assert.equal(clock.pending(), 0)
    await clock.advance(10 * minute)
    assert.deepEqual(memory.calls, [])
    assert.throws(() => follow(memory, 'c'), /closed/)
  })

  test('closing does not wait for a service that does not close', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const scaler = { ...memory.scaler, open: () => ({ close: () => new Promise(() => {}) }) }
    follow({ ...memory, scaler }, 'a')
    await clock.advance(second)
    const closing = engine.close()
    await clock.advance(10 * second)
    await closing
  })
})

describe('the meter', () => {
  test('counts asks and queries, their ratio being the coalescing', async () => {
    const seen: unknown[][] = []
    const late: number[] = []
    const { clock, engine, follow } = setUp({
      meter: {
        late: (_, ms) => late.push(ms),
        asked: (...told) => seen.push(told),
        inFlight: () => {},
      },
    })
    const memory = memoryScaler(clock, { batch: 2 })
    memory.delay = 20
    for (const name of ['a', 'b', 'c']) follow(memory, name)
    await clock.advance(100)
    memory.answer = () => error(failure('SOURCE_GARBLED', { address: 'm', why: 'x' }))
    await clock.advance(30 * second)
    assert.deepEqual(seen, [
      ['memory', 3, 20, 'ok'],
      ['memory', 3, 20, 'error'],
    ])
    assert.equal(late.length, 6)
    assert.ok(late.every((ms) => ms >= 0 && ms <= 1))
    await engine.close()
  })
})
