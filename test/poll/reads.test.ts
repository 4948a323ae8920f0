import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure, type Code } from '../../src/errors.ts'
import { error, value, type Sample } from '../../src/scaler.ts'
import { memoryScaler, second, setUp } from './support.ts'

const minute = 60 * second
const down = error(failure('SOURCE_UNREACHABLE', { address: 'm', why: 'down' }))
const codeOf = ({ answer }: Sample<unknown>): Code | undefined =>
  answer.kind === 'error' ? answer.error.code : undefined

describe('a read', () => {
  test('takes what the board has while it is young, and asks nothing', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const follower = follow(memory, 'a')
    await clock.advance(10 * second)
    memory.calls.length = 0
    assert.equal((await follower.read(second)).answer.kind, 'value')
    await clock.advance(0)
    assert.equal(memory.calls.length, 0)
    await engine.close()
  })

  test('of what is too old makes the query due at once; all readers join one ask', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const followers = Array.from({ length: 50 }, () => follow(memory, 'a', { period: 10 * minute }))
    await clock.advance(minute)
    memory.calls.length = 0
    memory.delay = 200
    memory.answer = () => value(2)
    const reads = Promise.all(followers.map((follower) => follower.read(second)))
    await clock.advance(200)
    assert.equal(memory.calls.length, 1)
    for (const { answer } of await reads) assert.deepEqual(answer, value(2))
    await engine.close()
  })

  test('waits as long as its patience, not as long as the source hangs', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.delay = Number.POSITIVE_INFINITY
    const follower = follow(memory, 'a')
    const read = follower.read(second)
    let done = false
    void read.then(() => (done = true))
    await clock.advance(999)
    assert.equal(done, false)
    await clock.advance(1)
    assert.equal(codeOf(await read), 'SOURCE_TIMEOUT')
    await engine.close()
  })

  test('gets the last good answer over a newer error while it is young, then the error', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const follower = follow(memory, 'a', { period: 10 * second })
    for (let i = 0; i < 200 && follower.samples.length < 2; i++) await clock.advance(100)
    memory.answer = () => down
    await clock.advance(10 * second + 100)
    assert.equal(follower.latest()?.answer, down)
    assert.equal((await follower.read(second)).answer.kind, 'value')
    await clock.advance(10 * second)
    assert.equal(codeOf(await follower.read(second)), 'SOURCE_UNREACHABLE')
    await engine.close()
  })

  test('of a young error asks nothing', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.answer = () => down
    const follower = follow(memory, 'a')
    await clock.advance(second)
    memory.calls.length = 0
    assert.equal(codeOf(await follower.read(second)), 'SOURCE_UNREACHABLE')
    assert.equal(memory.calls.length, 0)
    await engine.close()
  })

  test('answers at once while the breaker is open', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const quiet = follow(memory, 'quiet', { period: 30 * minute })
    await clock.advance(second)
    memory.answer = () => down
    for (let i = 0; i < 10; i++) follow(memory, `q${i}`, { period: 10 * second })
    await clock.advance(minute)
    assert.equal(engine.sources()[0]?.breaker, 'open')
    memory.calls.length = 0
    assert.equal(codeOf(await quiet.read(second)), 'SOURCE_PAUSED')
    assert.equal(memory.calls.length, 0)
    await engine.close()
  })

  test('of a subscription that is closed meanwhile ends', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.delay = Number.POSITIVE_INFINITY
    const follower = follow(memory, 'a')
    const read = follower.read(second)
    follower.close()
    assert.equal(codeOf(await read), 'SAMPLE_MISSING')
    await engine.close()
  })
})

describe('while an HPA reads', () => {
  const cases: [name: string, period: number, cached: boolean, expected: number][] = [
    ['a slow trigger is polled at the pace of the HPA', minute, false, 15 * second],
    ['a quick one at its own', 5 * second, false, 5 * second],
    ['one with cached metrics at its own, however slow', minute, true, minute],
  ]
  for (const [name, period, cached, expected] of cases) {
    test(name, async () => {
      const { clock, engine, follow } = setUp()
      const memory = memoryScaler(clock)
      const follower = follow(memory, 'a', { period, cached })
      await clock.advance(0)
      for (let i = 0; i < 8; i++) {
        const read = follower.read(second)
        await clock.advance(15 * second)
        await read
      }
      assert.equal(follower.period(), expected)
      memory.calls.length = 0
      for (let i = 0; i < 40; i++) {
        const read = follower.read(second)
        await clock.advance(15 * second)
        assert.ok((await read).answer.kind === 'value')
      }
      assert.equal(memory.calls.length, (10 * minute) / expected)
      await engine.close()
    })
  }

  test('no read of a healthy source causes an ask of its own, however slow its answers', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    memory.delay = 2_900
    const followers = Array.from({ length: 20 }, (_, i) => follow(memory, `q${i}`))
    await clock.advance(20 * second)
    for (let i = 0; i < 4; i++) {
      const warm = followers.map((follower) => follower.read(second))
      await clock.advance(15 * second)
      await Promise.all(warm)
    }
    memory.calls.length = 0
    for (let i = 0; i < 120; i++) {
      await clock.advance(5 * second)
      for (const follower of followers) await follower.read(second)
    }
    assert.equal(memory.calls.length, 20 * 40)
    await engine.close()
  })

  test('the pace falls back 45 s after the last read', async () => {
    const { clock, engine, follow } = setUp({ hpaSyncPeriod: 10 * second })
    const memory = memoryScaler(clock)
    const follower = follow(memory, 'a', { period: 5 * minute })
    await clock.advance(0)
    await follower.read(second)
    assert.equal(follower.period(), 10 * second)
    await clock.advance(45 * second)
    assert.equal(follower.period(), 10 * second)
    assert.ok(memory.calls.length >= 4)
    await clock.advance(1)
    assert.equal(follower.period(), 5 * minute)
    await clock.advance(10 * second)
    memory.calls.length = 0
    await clock.advance(10 * minute)
    assert.equal(memory.calls.length, 2)
    await engine.close()
  })
})
