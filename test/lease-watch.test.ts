import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failure } from '../src/errors.ts'
import { kinds } from '../src/kinds.ts'
import { settle } from './support/clock.ts'
import { place, takeover, takesOver, vanish, world } from './support/lease.ts'

void test('after a crash the next one leads when the last renewal is as old as the Lease lasts', async (t) => {
  for (const crash of [0, 1, 700, 1_999, 60_000]) {
    const w = world(t)
    const a = await w.join('a')
    const b = await w.join('b')
    await w.clock.advance(crash)
    a.die()
    const sinceRenewal = crash % 2_000
    await w.clock.advance(takeover - sinceRenewal - 1)
    assert.equal(b.elector.holding, false)
    await w.clock.advance(1)
    assert.equal(b.elector.holding, true, `crash after ${crash} ms`)
  }
})

void test('one that waits reads the Lease once and follows it from then on', async (t) => {
  const w = world(t)
  await w.join('a')
  const calls: string[] = []
  w.cluster.setFaults({ before: ({ verb }) => void (verb !== 'replace' && calls.push(verb)) })
  await w.join('b')
  await w.clock.advance(3_600_000)
  assert.deepEqual(calls, ['get', 'watch'])
})

void test('a watch that the server ends is opened anew at once where it lived, and not over and over where it did not', async (t) => {
  const w = world(t)
  await w.join('a')
  const b = await w.join('b')
  await w.clock.advance(60_000)
  const calls: string[] = []
  w.cluster.setFaults({ before: ({ verb }) => void (verb !== 'replace' && calls.push(verb)) })
  w.cluster.cutWatches()
  await settle()
  assert.deepEqual(calls, ['get', 'watch'])
  for (let i = 0; i < 100; i++) {
    w.cluster.cutWatches()
    await w.clock.advance(100)
  }
  assert.ok(calls.length <= 2 * (1 + 10_000 / 2_000), calls.join())
  assert.equal(b.elector.holding, false)
})

void test('a watch that has died without a word costs no live Lease, and of a dead one no more than a Lease', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  const b = await w.join('b')
  for (let i = 0; i < 20; i++) {
    w.cluster.muteWatches()
    await w.clock.advance(7_000)
    assert.equal(b.elector.holding, false)
  }
  assert.equal(a.elector.holding, true)
  assert.deepEqual(b.told, ['holder a'])
})

void test('a watch that has died without a word before a crash costs no more than a look', async (t) => {
  for (const mutedFor of [100, 1_900, 2_100, 4_300]) {
    const w = world(t)
    const a = await w.join('a')
    const b = await w.join('b')
    await w.clock.advance(60_000)
    w.cluster.muteWatches()
    await w.clock.advance(mutedFor)
    a.die()
    await w.clock.advance(takeover + 4_400)
    assert.equal(b.elector.holding, true, `muted ${mutedFor} ms before`)
  }
})

void test("where the watch is refused, a Lease that somebody deletes is nobody else's before its time either", async (t) => {
  const w = world(t)
  w.cluster.setFaults({
    before({ verb }) {
      if (verb === 'watch') throw failure('CLUSTER_FORBIDDEN', { what: 'watch', why: 'no' })
    },
  })
  const b = await vanish(w)
  await w.cluster.remove(kinds.lease, place, {}, t.signal)
  await takesOver(w, b)
})

void test('where the watch is refused it is said once, and the Lease is looked at now and then', async (t) => {
  const w = world(t)
  const refuse = (call: { readonly verb: string }): void => {
    if (call.verb === 'watch') throw failure('CLUSTER_FORBIDDEN', { what: 'watch', why: 'no' })
  }
  w.cluster.setFaults({ before: refuse })
  const b = await vanish(w)
  assert.equal(b.told.filter((word) => word.startsWith('trouble')).length, 1)
  await takesOver(w, b)
  assert.equal(b.told.filter((word) => word.startsWith('trouble')).length, 1, b.told.join())
  await b.elector.resign()
  const c = await w.join('c')
  assert.equal(c.elector.holding, true)
})
