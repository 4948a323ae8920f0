import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createTokenCache, type Token } from '../../src/auth/token-cache.ts'
import { manualClock } from '../support/clock.ts'
import { forever } from '../support/controller.ts'

const minute = 60_000
const hour = 60 * minute

function open() {
  const clock = manualClock()
  const cache = createTokenCache(clock)
  let asked = 0
  let fail: Error | undefined
  let life = hour
  const obtain = async (): Promise<Token> => {
    asked++
    if (fail) throw fail
    return { value: `token-${asked}`, expires: clock.now() + life }
  }
  return {
    clock,
    cache,
    asked: () => asked,
    fail: (error: Error | undefined) => (fail = error),
    live: (ms: number) => (life = ms),
    get: (refused?: string, key = 'a') => cache.get(key, obtain, forever, refused),
  }
}

describe('tokens', () => {
  test('are had once for everyone who wants the same at once or later', async () => {
    const s = open()
    assert.deepEqual(await Promise.all([s.get(), s.get(), s.get()]), [
      'token-1',
      'token-1',
      'token-1',
    ])
    await s.clock.advance(54 * minute)
    assert.equal(await s.get(), 'token-1')
    assert.equal(s.asked(), 1)
    assert.equal(await s.get(undefined, 'b'), 'token-2')
  })
  test('are had anew five minutes before their end, and nobody waits for that', async () => {
    const s = open()
    await s.get()
    await s.clock.advance(55 * minute)
    assert.equal(await s.get(), 'token-1')
    assert.equal(await s.get(), 'token-2')
    assert.equal(s.asked(), 2)
  })
  test('of a short life are had anew in its last fifth', async () => {
    const s = open()
    s.live(10 * minute)
    await s.get()
    await s.clock.advance(8 * minute - 1)
    await s.get()
    assert.equal(s.asked(), 1)
    await s.clock.advance(1)
    await s.get()
    assert.equal(await s.get(), 'token-2')
  })
  test('are used to their end while the server is out, which is asked every ten seconds', async () => {
    const s = open()
    await s.get()
    s.fail(new Error('out'))
    await s.clock.advance(55 * minute)
    for (let i = 0; i < 60; i++) {
      assert.equal(await s.get(), 'token-1')
      await s.clock.advance(1_000)
    }
    assert.ok(s.asked() <= 8, `${s.asked()}`)
    await s.clock.advance(4 * minute)
    await assert.rejects(s.get(), /out/)
    s.fail(undefined)
    await s.clock.advance(1_000)
    assert.match(await s.get(), /^token-/)
  })
  test('that cannot be had are asked for once a second, however many ask', async () => {
    const s = open()
    s.fail(new Error('no'))
    for (let i = 0; i < 50; i++) await assert.rejects(s.get(), /no/)
    assert.equal(s.asked(), 1)
    await s.clock.advance(1_000)
    await assert.rejects(s.get(), /no/)
    assert.equal(s.asked(), 2)
  })
  test('that a server did not take are not handed out again; one refused before changes nothing', async () => {
    const s = open()
    await s.get()
    assert.equal(await s.get('token-1'), 'token-2')
    assert.equal(await s.get('token-1'), 'token-2')
    assert.equal(s.asked(), 2)
  })
  test('a caller who gives up takes nothing from the others', async () => {
    const clock = manualClock()
    const cache = createTokenCache(clock)
    const held = Promise.withResolvers<Token>()
    const one = new AbortController()
    const first = cache.get('a', () => held.promise, one.signal)
    const second = cache.get('a', () => held.promise, forever)
    one.abort(new Error('gave up'))
    await assert.rejects(first, /gave up/)
    held.resolve({ value: 'token', expires: clock.now() + hour })
    assert.equal(await second, 'token')
  })
  test('are bounded', async () => {
    const s = open()
    for (let i = 0; i < 1_100; i++) await s.get(undefined, `k${i}`)
    assert.equal(s.cache.size, 1_000)
  })
})
