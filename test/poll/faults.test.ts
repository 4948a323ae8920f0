import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { failure, type Code, type EbbError } from '../../src/errors.ts'
import { error, value, type Answer } from '../../src/scaler.ts'
import { memoryScaler, second, setUp, steady, type Follower } from './support.ts'

const minute = 60 * second

const down = error(failure('SOURCE_UNREACHABLE', { address: 'm', why: 'down' }))
const denied = error(failure('SOURCE_DENIED', { address: 'm', why: '403' }))
const absent = error(failure('SOURCE_NOT_FOUND', { address: 'm', what: 'q' }))

const failureOf = (follower: Follower): EbbError | undefined => {
  const answer = follower.latest()?.answer
  return answer?.kind === 'error' ? answer.error : undefined
}
const codeOf = (follower: Follower): Code | undefined => failureOf(follower)?.code

describe('deadlines', () => {
  const cases: [name: string, scalerTimeout: number | undefined, expected: number][] = [
    ['the process-wide one', undefined, 3 * second],
    ["the trigger's own, where it has one", 500, 500],
  ]
  for (const [name, timeout, expected] of cases) {
    test(`a call that does not end is a SOURCE_TIMEOUT after ${name}`, async () => {
      const { clock, engine, follow } = setUp()
      const memory = memoryScaler(clock, { timeout })
      memory.delay = Number.POSITIVE_INFINITY
      const follower = follow(memory, 'a')
      await clock.advance(expected - 1)
      assert.equal(follower.samples.length, 0)
      await clock.advance(1)
      assert.deepEqual(
        follower.samples.map(({ took }) => took),
        [expected],
      )
      assert.equal(codeOf(follower), 'SOURCE_TIMEOUT')
      assert.equal(engine.sources()[0]?.inFlight, 0)
      await engine.close()
    })
  }

  test('an opening that does not end, too', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.openDelay = Number.POSITIVE_INFINITY
    const follower = follow(memory, 'a')
    await clock.advance(3 * second)
    assert.equal(codeOf(follower), 'SOURCE_TIMEOUT')
    memory.openDelay = 0
    await clock.advance(30 * second)
    assert.deepEqual(follower.latest()?.answer, value(1))
    await engine.close()
  })

  test('a late answer is dropped, and its slot is kept for one more deadline at most', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.delay = 10 * second
    memory.deaf = true
    const follower = follow(memory, 'a')
    await clock.advance(3 * second)
    assert.equal(engine.sources()[0]?.inFlight, 1)
    await clock.advance(3 * second)
    assert.equal(engine.sources()[0]?.inFlight, 0)
    await clock.advance(6 * second)
    assert.deepEqual(
      follower.samples.map(({ answer }) => answer.kind),
      ['error'],
    )
    await engine.close()
  })

  test('a call that nobody wants any more is aborted', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    follow(memory, 'other')
    await clock.advance(second)
    memory.delay = Number.POSITIVE_INFINITY
    const follower = follow(memory, 'a')
    await clock.advance(10)
    assert.equal(engine.sources()[0]?.inFlight, 1)
    follower.close()
    await clock.advance(0)
    assert.equal(engine.sources()[0]?.inFlight, 0)
    assert.deepEqual(follower.samples, [])
    await engine.close()
  })

  test('what a scaler throws is an error that tells no text of an SDK', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.answer = () => {
      throw Object.assign(new TypeError('https://x/?sig=secret'), { code: 'E_X' })
    }
    const follower = follow(memory, 'a')
    await clock.advance(0)
    assert.equal(codeOf(follower), 'SOURCE_REFUSED')
    assert.match(failureOf(follower)?.message ?? '', /TypeError \(E_X\)/)
    assert.doesNotMatch(failureOf(follower)?.message ?? '', /secret/)
    await engine.close()
  })
})

describe('a busy source', () => {
  test('has no more calls under way than its cap, and serves all in turn', async () => {
    const { clock, engine, follow } = setUp({ concurrency: 4 })
    const memory = memoryScaler(clock)
    memory.delay = 100
    const followers = Array.from({ length: 40 }, (_, i) => follow(memory, `q${i}`))
    await clock.advance(1_000)
    assert.equal(memory.most, 4)
    assert.ok(followers.every(({ samples }) => samples.length === 1))
    await engine.close()
  })

  test('that hangs delays nobody else', async () => {
    const { clock, engine, follow } = setUp()
    const hanging = memoryScaler(clock, { type: 'hanging' })
    hanging.delay = Number.POSITIVE_INFINITY
    hanging.deaf = true
    const fine = memoryScaler(clock, { type: 'fine' })
    for (let i = 0; i < 100; i++) follow(hanging, `q${i}`)
    const others = Array.from({ length: 100 }, (_, i) => follow(fine, `q${i}`))
    await clock.advance(5 * minute)
    assert.ok(others.every(({ samples }) => samples.length === 11))
    assert.ok(others.every(({ samples }) => samples.every(({ took }) => took === 0)))
    const closing = engine.close()
    await clock.advance(10 * second)
    await closing
  })
})

describe('the breaker', () => {
  test('opens after three failed calls in a row: then one probe per period, and an error for each who missed a turn', async () => {
    const { clock, engine, memory, followers } = await steady(50)
    memory.answer = () => down
    await clock.advance(minute)
    assert.equal(engine.sources()[0]?.breaker, 'open')
    memory.calls.length = 0
    const before = followers.map(({ samples }) => samples.length)
    await clock.advance(5 * minute)
    assert.equal(memory.calls.length, 10)
    assert.ok(memory.calls.every(({ names }) => names.length === 1))
    assert.ok(new Set(memory.calls.map(({ names }) => names[0])).size > 5, 'probes take turns')
    for (const [i, { samples }] of followers.entries()) {
      const got = samples.length - (before[i] ?? 0)
      assert.ok(got === 10 || got === 11, `${got} errors`)
    }
    await engine.close()
  })

  test('a source of one query gets one sample per period while it fails, asked each time', async () => {
    const { clock, engine, memory, followers } = await steady(1)
    memory.answer = () => down
    await clock.advance(2 * minute)
    assert.equal(engine.sources()[0]?.breaker, 'open')
    memory.calls.length = 0
    const before = followers[0]?.samples.length ?? 0
    await clock.advance(10 * minute)
    assert.equal(memory.calls.length, 20)
    assert.equal((followers[0]?.samples.length ?? 0) - before, 20)
    await engine.close()
  })

  test('is not opened over and over by queries that fail for good while others are answered', async () => {
    for (const bad of [down, denied]) {
      const { clock, engine, memory, followers } = await steady(100)
      memory.answer = (name) => (Number(name.slice(1)) % 5 ? bad : value(1))
      await clock.advance(5 * minute)
      for (const { samples } of followers) samples.length = 0
      await clock.advance(10 * minute)
      for (const { samples } of followers.filter((_, i) => i % 5 === 0)) {
        assert.deepEqual(new Set(samples.map(({ answer }) => answer.kind)), new Set(['value']))
      }
      await engine.close()
    }
  })

  test('tells those who were not asked why', async () => {
    const { clock, engine, memory, followers } = await steady(50)
    memory.answer = () => down
    await clock.advance(minute)
    const paused = followers.map(failureOf).filter((e) => e?.code === 'SOURCE_PAUSED')
    assert.ok(paused.length > 40)
    assert.match(paused[0]?.message ?? '', /cannot reach m: down/)
    await engine.close()
  })

  test('stays closed for errors that concern single queries, however many', async () => {
    const { clock, engine, memory } = await steady(50)
    memory.answer = () => absent
    await clock.advance(minute)
    assert.equal(engine.sources()[0]?.breaker, 'closed')
    assert.equal(memory.calls.length, 100)
    await engine.close()
  })

  test('stays closed while some calls succeed', async () => {
    const { clock, engine, memory } = await steady(50)
    let turn = 0
    memory.answer = () => (turn++ % 3 === 2 ? value(1) : down)
    await clock.advance(5 * minute)
    assert.equal(memory.calls.length, 500)
    await engine.close()
  })

  test('recovery is seen within one period by every query, whenever the source returns', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200_000 }),
        fc.boolean(),
        async (outage, hangs) => {
          const { clock, engine, memory, followers } = await steady(40)
          if (hangs) memory.delay = Number.POSITIVE_INFINITY
          else memory.answer = () => down
          await clock.advance(outage)
          memory.delay = 0
          memory.answer = () => value(2)
          await clock.advance(30 * second + 3 * second + second)
          for (const follower of followers) assert.deepEqual(follower.latest()?.answer, value(2))
          await engine.close()
        },
      ),
      { numRuns: 15 },
    )
  })

  test('those who are asked again at once after an outage come a little apart, unless they share a call', async () => {
    for (const batch of [false, 2] as const) {
      const { clock, engine, memory } = await steady(100, { batch })
      memory.answer = () => down
      await clock.advance(5 * minute)
      memory.answer = () => value(2)
      memory.calls.length = 0
      for (let i = 0; i < 60 && memory.calls.length === 0; i++) await clock.advance(second)
      await clock.advance(2 * second)
      const others = memory.calls.slice(1)
      const asked = new Set(memory.calls.flatMap(({ names }) => names))
      assert.equal(asked.size, 100)
      if (batch) assert.equal(others.length, 1)
      else assert.ok((others.at(-1)?.at ?? 0) - (others[0]?.at ?? 0) > 300)
      await engine.close()
    }
  })

  test('a newcomer brings the next probe forward to its own period', async () => {
    const { clock, engine, memory, follow } = await steady(20)
    memory.answer = () => down
    await clock.advance(minute)
    const hasty = follow(memory, 'hasty', { period: 2 * second })
    await clock.advance(0)
    assert.equal(codeOf(hasty), 'SOURCE_PAUSED')
    memory.answer = () => value(1)
    await clock.advance(2 * second + 200)
    assert.deepEqual(hasty.latest()?.answer, value(1))
    await engine.close()
  })

  test('goes on when the probe it waits for is not wanted any more', async () => {
    const { clock, engine, memory, followers } = await steady(4)
    memory.answer = () => down
    await clock.advance(2 * minute)
    memory.delay = Number.POSITIVE_INFINITY
    for (let i = 0; i < 60 && engine.sources()[0]?.breaker !== 'probing'; i++)
      await clock.advance(second)
    const probed = memory.calls.at(-1)?.names[0]
    followers[Number(probed?.slice(1))]?.close()
    memory.delay = 0
    memory.answer = () => value(3)
    await clock.advance(31 * second)
    const left = followers.filter((_, i) => `q${i}` !== probed)
    for (const follower of left) assert.deepEqual(follower.latest()?.answer, value(3))
    await engine.close()
  })

  test('an old client closes only when the calls on it have ended', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.delay = 2 * second
    const slow = follow(memory, 'slow')
    await clock.advance(0)
    memory.delay = 0
    memory.answer = (name) => (name === 'gone' ? down : value(1))
    follow(memory, 'gone')
    await clock.advance(0)
    follow(memory, 'next')
    await clock.advance(second)
    assert.deepEqual([memory.opened, memory.closed], [2, 0])
    await clock.advance(second)
    assert.deepEqual([slow.latest()?.answer, memory.closed], [value(1), 1])
    await engine.close()
  })

  test('a client that cannot be reached is opened anew, the new one before the old one closes', async () => {
    const { clock, engine, memory } = await steady(1)
    memory.answer = () => (memory.opened === 1 ? down : value(5))
    await clock.advance(minute + second)
    assert.deepEqual([memory.opened, memory.closed], [2, 1])
    await engine.close()
  })
})

describe('a source that asks to be left alone', () => {
  const throttled = (retryAfter: number): Answer<never> =>
    error(failure('SOURCE_THROTTLED', { address: 'm', why: '429' }), retryAfter)

  test('is left alone for that long, at once and by all, and then probed', async () => {
    const { clock, engine, memory, followers } = await steady(50)
    memory.answer = () => throttled(2 * minute)
    for (let i = 0; i < 300 && memory.calls.length === 0; i++) await clock.advance(100)
    const first = memory.calls[0]?.at ?? 0
    memory.answer = () => value(1)
    await clock.advance(2 * minute - second)
    assert.equal(memory.calls.length, 1)
    await clock.advance(3 * second)
    assert.ok((memory.calls[1]?.at ?? 0) - first >= 2 * minute)
    for (const follower of followers) assert.deepEqual(follower.latest()?.answer, value(1))
    await engine.close()
  })

  test('an answer that was under way does not cut the rest short', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.delay = 100
    memory.answer = (name) => (name === 'a' ? throttled(20 * second) : value(1))
    for (const name of ['a', 'b']) follow(memory, name, { period: second })
    await clock.advance(19 * second)
    assert.equal(memory.calls.length, 2)
    await engine.close()
  })

  test('a probe shortly after a turn waits for no second wake-up: the turn is the probe', async () => {
    const { clock, engine, memory, followers } = await steady(1)
    memory.answer = () => throttled(30 * second + 50)
    for (let i = 0; i < 300 && memory.calls.length === 0; i++) await clock.advance(100)
    memory.answer = () => down
    await clock.advance(45 * second)
    memory.calls.length = 0
    const before = followers[0]?.samples.length ?? 0
    await clock.advance(5 * minute)
    assert.equal(memory.calls.length, 10)
    assert.equal((followers[0]?.samples.length ?? 0) - before, 10)
    await engine.close()
  })

  test('cannot ask for more than five minutes', async () => {
    const { clock, engine, memory } = await steady(3)
    memory.answer = () => throttled(24 * 60 * minute)
    await clock.advance(30 * second)
    memory.answer = () => value(1)
    memory.calls.length = 0
    await clock.advance(5 * minute)
    assert.ok(memory.calls.length > 0)
    await engine.close()
  })
})
