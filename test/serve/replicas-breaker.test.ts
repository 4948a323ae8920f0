import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failure, isFailure } from '../../src/errors.ts'
import { createBreaker, type Breaker } from '../../src/serve/replicas/breaker.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'

const lost = failure('REPLICA_UNREACHABLE', { which: 'a', why: 'no answer within 1 s' })
const isLost = (error: unknown): boolean => isFailure(error, 'REPLICA_UNREACHABLE')

interface World {
  readonly clock: ManualClock
  readonly breaker: Breaker
  /** How often somebody was asked. */
  readonly asked: () => number
  fail(address?: string, error?: Error): Promise<void>
  answer(address?: string): Promise<unknown>
}

function world(): World {
  const clock = manualClock()
  const breaker = createBreaker(clock)
  let asked = 0
  const fail = async (address = 'a', error: Error = lost): Promise<void> => {
    const ask = async (): Promise<never> => {
      asked++
      await clock.sleep(1, new AbortController().signal)
      throw error
    }
    const run = assert.rejects(breaker.run(address, ask))
    await clock.advance(1)
    await run
  }
  const answer = (address = 'a'): Promise<unknown> =>
    breaker.run(address, async () => {
      asked++
      return 'well'
    })
  return { clock, breaker, asked: () => asked, fail, answer }
}

void test('after three failures in a row an address is held for a second, then tried by one', async () => {
  const w = world()
  await w.fail()
  await w.fail()
  assert.equal(w.breaker.held('a'), undefined)
  await w.fail()
  assert.equal(w.breaker.held('a'), lost)
  await assert.rejects(w.answer(), isLost)
  assert.equal(w.asked(), 3)
  await w.clock.advance(999)
  assert.equal(w.breaker.held('a'), lost)
  await w.clock.advance(1)
  await w.fail()
  assert.equal(w.breaker.held('a'), lost, 'another second')
  await w.clock.advance(1_000)
  assert.equal(await w.answer(), 'well')
  await w.fail()
  assert.equal(w.breaker.held('a'), undefined, 'it counts anew')
})

void test('while one tries it, nobody else does', async () => {
  const w = world()
  for (let i = 0; i < 3; i++) await w.fail()
  await w.clock.advance(1_000)
  const probe = Promise.withResolvers<string>()
  const probing = w.breaker.run('a', () => probe.promise)
  await w.clock.advance(60_000)
  assert.equal(w.breaker.held('a'), lost)
  probe.resolve('well')
  await probing
  assert.equal(w.breaker.held('a'), undefined)
})

void test('what fails at once together counts once', async () => {
  const w = world()
  const all = Array.from({ length: 50 }, () => w.fail())
  await w.clock.advance(10)
  await Promise.all(all)
  assert.equal(w.breaker.held('a'), undefined)
})

void test('a failure that the other one tells is an answer', async () => {
  const w = world()
  await w.fail()
  await w.fail()
  await w.fail('a', failure('METRIC_FAILED', { metric: 's0-q', why: 'down' }))
  await w.fail()
  await w.fail()
  assert.equal(w.breaker.held('a'), undefined)
})

void test('another address is asked whatever became of the one before', async () => {
  const w = world()
  for (let i = 0; i < 3; i++) await w.fail()
  assert.equal(w.breaker.held('b'), undefined)
  assert.equal(await w.answer('b'), 'well')
})
