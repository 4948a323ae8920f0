import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure, isFailure, type Code } from '../../src/errors.ts'
import { memoryScaler, second, setUp } from './support.ts'

const never = new AbortController().signal
const m = { endpoint: 'one', password: '' }
const code = (expected: Code) => (thrown: unknown) => isFailure(thrown, expected)

describe('lending a source', () => {
  test('opens it for the work, keeps it for the subscription that follows, and closes it if none does', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock)
    const answer = engine.use(memory.scaler, m, async () => 'specs', never)
    await clock.advance(0)
    assert.equal(await answer, 'specs')
    const follower = follow(memory, 'a')
    await clock.advance(second)
    assert.equal(memory.opened, 1)
    await clock.advance(60 * second)
    follower.close()
    await clock.advance(0)
    assert.equal(memory.closed, 1)

    void engine.use(memory.scaler, m, async () => 'again', never)
    await clock.advance(9 * second)
    assert.equal(memory.closed, 1)
    await clock.advance(second)
    assert.equal(memory.closed, 2)
    assert.deepEqual(engine.sources(), [])
    await engine.close()
  })

  test('ends work that does not end with SOURCE_TIMEOUT at the deadline', async () => {
    const { clock, engine } = setUp()
    const memory = memoryScaler(clock)
    const work = engine.use(memory.scaler, m, () => new Promise(() => {}), never)
    const failed = assert.rejects(work, code('SOURCE_TIMEOUT'))
    await clock.advance(3 * second)
    await failed
    assert.equal(engine.sources()[0]?.inFlight, 0)
    const closing = engine.close()
    await clock.advance(10 * second)
    await closing
  })

  test('ends at once when the borrower gives up, with its reason', async () => {
    const { clock, engine } = setUp()
    const memory = memoryScaler(clock)
    const mine = new AbortController()
    const work = engine.use(memory.scaler, m, () => new Promise(() => {}), mine.signal)
    const failed = assert.rejects(work, /mine/)
    await clock.advance(100)
    mine.abort(new Error('mine'))
    await failed
    const closing = engine.close()
    await clock.advance(10 * second)
    await closing
  })

  test('takes slots like polls do', async () => {
    const { clock, engine } = setUp({ concurrency: 2 })
    const memory = memoryScaler(clock)
    let running = 0
    let most = 0
    const work = async (_service: never, signal: AbortSignal): Promise<number> => {
      most = Math.max(most, ++running)
      await clock.sleep(100, signal)
      return running--
    }
    const all = Promise.all([1, 2, 3, 4, 5].map(() => engine.use(memory.scaler, m, work, never)))
    await clock.advance(300)
    await all
    assert.equal(most, 2)
    await engine.close()
  })

  test('counts for the breaker, and is refused at once while that is open', async () => {
    const { clock, engine } = setUp()
    const memory = memoryScaler(clock)
    const fail = async (): Promise<never> => {
      throw failure('SOURCE_UNREACHABLE', { address: 'm', why: 'down' })
    }
    for (let i = 0; i < 3; i++) {
      const failed = assert.rejects(
        engine.use(memory.scaler, m, fail, never),
        code('SOURCE_UNREACHABLE'),
      )
      await clock.advance(0)
      await failed
    }
    await assert.rejects(engine.use(memory.scaler, m, fail, never), code('SOURCE_PAUSED'))
    await engine.close()
  })

  test('what a scaler throws tells no text of an SDK', async () => {
    const { clock, engine } = setUp()
    const memory = memoryScaler(clock)
    const work = engine.use(memory.scaler, m, () => Promise.reject(new Error('key=secret')), never)
    const failed = assert.rejects(work, (thrown: Error) => !thrown.message.includes('secret'))
    await clock.advance(0)
    await failed
    await engine.close()
  })
})
