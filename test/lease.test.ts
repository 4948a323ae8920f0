import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../src/cluster.ts'
import { kinds } from '../src/kinds.ts'
import { elect } from '../src/lease.ts'
import { settle } from './support/clock.ts'
import { place, takeover, takesOver, unreachable, vanish, world } from './support/lease.ts'

void test('the first who comes takes the Lease, with its address on it', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  assert.equal(a.elector.holding, true)
  assert.deepEqual(a.elector.holder, { identity: 'a', address: 'a:6443' })
  assert.deepEqual(a.told, ['holder a', 'won'])
  const lease = await w.lease()
  assert.equal(lease?.spec?.holderIdentity, 'a')
  assert.equal(lease.spec.leaseDurationSeconds, 15)
  assert.equal(lease.spec.leaseTransitions, 0)
  assert.match(lease.spec.renewTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  assert.equal(lease.metadata.annotations?.['ebb.dev/address'], 'a:6443')
})

void test('the holder renews and the others wait, however long it takes', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  const b = await w.join('b')
  const before = (await w.lease())?.spec
  await w.clock.advance(3_600_000)
  assert.equal(a.elector.holding, true)
  assert.equal(b.elector.holding, false)
  assert.deepEqual(b.told, ['holder a'])
  const after = (await w.lease())?.spec
  assert.equal(after?.acquireTime, before?.acquireTime)
  assert.equal(after?.leaseTransitions, 0)
  assert.notEqual(after?.renewTime, before?.renewTime)
})

void test('a Lease that is given back is taken at once', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  const b = await w.join('b')
  await a.stop()
  assert.equal(a.elector.holding, false)
  assert.equal(b.elector.holding, true)
  assert.deepEqual(b.elector.holder, { identity: 'b', address: 'b:6443' })
  assert.deepEqual(b.told, ['holder a', 'holder none', 'holder b', 'won'])
  assert.deepEqual(a.told, ['holder a', 'won'])
})

void test('a Lease whose holder vanishes is taken the moment its duration is over, not before', async (t) => {
  const w = world(t)
  const b = await vanish(w)
  await takesOver(w, b)
  assert.equal((await w.lease())?.spec?.leaseTransitions, 1)
})

for (const skew of [-3_600_000, 3_600_000]) {
  const direction = skew < 0 ? 'behind' : 'ahead'
  void test(`a clock that is an hour ${direction} neither takes a live Lease nor leaves a dead one`, async (t) => {
    const w = world(t)
    const a = await w.join('a')
    const b = await w.join('b', { skew })
    await w.clock.advance(600_000)
    assert.equal(a.elector.holding, true)
    assert.equal(b.elector.holding, false)
    const other = world(t)
    const c = await vanish(other, skew)
    await other.clock.advance(14_000)
    assert.equal(c.elector.holding, false)
    await other.clock.advance(takeover)
    assert.equal(c.elector.holding, true)
  })
}

void test('a holder that cannot renew stops acting before anyone else may begin', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  w.cluster.setFaults({ before: unreachable })
  await w.clock.advance(9_900)
  assert.equal(a.elector.holding, true)
  await w.clock.advance(2_100)
  assert.equal(a.elector.holding, false)
  assert.equal(a.told.at(-1)?.startsWith('lost: cannot reach'), true, a.told.join(' | '))
  w.cluster.setFaults({})
  const b = await w.join('b')
  assert.equal(b.elector.holding, false, 'the Lease still counts')
})

void test('a short outage is no loss, and is told of once', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  w.cluster.setFaults({ before: unreachable })
  await w.clock.advance(7_000)
  w.cluster.setFaults({})
  await w.clock.advance(60_000)
  assert.equal(a.elector.holding, true)
  const trouble = 'trouble cannot reach the Kubernetes API server at embedded: cut off'
  assert.deepEqual(a.told, ['holder a', 'won', trouble, 'trouble over'])
})

void test('a request that hangs leaves time for another before the deadline', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  let calls = 0
  const hang = (_: unknown, signal: AbortSignal): Promise<void> =>
    calls++ > 0 ? Promise.resolve() : w.clock.sleep(3_600_000, signal)
  w.cluster.setFaults({ before: hang })
  await w.clock.advance(12_000)
  assert.equal(a.elector.holding, true)
  assert.ok(calls > 1)
  assert.ok(!a.told.some((word) => word.startsWith('lost')))
})

void test('a renewal is one write and no read', async (t) => {
  const w = world(t)
  await w.join('a')
  const calls: string[] = []
  w.cluster.setFaults({ before: (call) => void calls.push(call.verb) })
  await w.clock.advance(20_000)
  assert.deepEqual(
    calls,
    Array.from({ length: 10 }, () => 'replace'),
  )
})

void test('an annotation put on the Lease of a dead holder does not make it live', async (t) => {
  const w = world(t)
  const b = await vanish(w)
  await w.clock.advance(14_000)
  const touch = { metadata: { annotations: { seen: 'yes' } } }
  await w.cluster.patch(kinds.lease, place, touch, {}, t.signal)
  await w.clock.advance(takeover - 14_000)
  assert.equal(b.elector.holding, true)
})

void test('the moment the deadline passes it no longer holds, even if no timer could run', async (t) => {
  const w = world(t)
  const frozen = {
    ...w.clock,
    after: () => () => undefined,
    sleep: () => new Promise<void>(() => {}),
  }
  const options = { ...place, identity: 'a', address: undefined, random: () => 0 }
  const handlers = { onWon: () => undefined, onLost: () => undefined }
  const elector = elect(w.cluster, frozen, options, handlers, t.signal)
  await settle()
  assert.equal(elector.holding, true)
  await w.clock.advance(10_000)
  assert.equal(elector.holding, false)
})

void test('a holder whose Lease was taken by force yields at once and tells who has it', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  const patch = { spec: { holderIdentity: 'thief', renewTime: '2030-01-01T00:00:00.000000Z' } }
  await w.cluster.patch(kinds.lease, place, patch, {}, t.signal)
  await w.clock.advance(2_000)
  assert.equal(a.elector.holding, false)
  assert.deepEqual(a.told, ['holder a', 'won', 'holder thief', 'lost: it is held by thief'])
})

void test('a Lease that was deleted is made again by its holder', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  await w.cluster.remove(kinds.lease, place, {}, t.signal)
  await w.clock.advance(4_000)
  assert.equal(a.elector.holding, true)
  assert.equal((await w.lease())?.spec?.holderIdentity, 'a')
  assert.deepEqual(a.told, ['holder a', 'won'])
})

void test('a renewal whose answer is lost is not taken for a loss', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  w.cluster.setFaults({ after: (call) => (call.verb === 'replace' ? unreachable() : undefined) })
  await w.clock.advance(3_000)
  w.cluster.setFaults({})
  await w.clock.advance(30_000)
  assert.equal(a.elector.holding, true)
  assert.equal(a.told.filter((word) => word.startsWith('lost')).length, 0)
})

void test('of many candidates one holds the Lease at any time, whatever is cut off', async (t) => {
  const w = world(t)
  const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => w.join(name)))
  let n = 0
  w.cluster.setFaults({ before: () => (n++ % 3 === 0 ? unreachable() : undefined) })
  for (let i = 0; i < 300; i++) {
    await w.clock.advance(500)
    const holding = all.filter((candidate) => candidate.elector.holding)
    assert.ok(holding.length <= 1, holding.map((h) => h.elector.holder?.identity).join())
  }
  assert.ok(all.some((candidate) => candidate.told.includes('won')))
})

void test('who is not ready leaves the Lease to others, and takes it at once when it is', async (t) => {
  const w = world(t)
  const ready = Promise.withResolvers<void>()
  const a = await w.join('a', { ready: ready.promise })
  await w.clock.advance(60_000)
  assert.equal(a.elector.holding, false)
  assert.equal(await w.lease(), undefined)
  const b = await w.join('b')
  assert.equal(b.elector.holding, true)
  await w.clock.advance(5_000)
  assert.deepEqual(a.told, ['holder b'])
  await b.stop()
  ready.resolve()
  await settle()
  assert.equal(a.elector.holding, true)
})

void test('who cannot be made ready never takes it', async (t) => {
  const w = world(t)
  const a = await w.join('a', { ready: Promise.reject(new Error('ended')) })
  await w.clock.advance(60_000)
  assert.equal(a.elector.holding, false)
})

void test('a Lease that was taken late, after a look that took long, is held from then on', async (t) => {
  const w = world(t)
  let suspended = 0
  const clock = { ...w.clock, now: () => w.clock.now() + suspended }
  const cluster: Cluster = {
    ...w.cluster,
    async get(...asked) {
      const found = await w.cluster.get(...asked)
      suspended = 60_000
      return found
    },
  }
  const options = { ...place, identity: 'a', address: undefined, random: () => 0 }
  const told: string[] = []
  const handlers = { onWon: () => told.push('won'), onLost: () => told.push('lost') }
  const elector = elect(cluster, clock, options, handlers, t.signal)
  await settle()
  assert.equal(elector.holding, true)
  await w.clock.advance(30_000)
  assert.deepEqual(told, ['won'])
})

void test('a poke makes nobody renew who holds it', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  await w.clock.advance(1_000)
  const before = await w.lease()
  a.elector.poke()
  await settle()
  assert.deepEqual(await w.lease(), before)
})

void test('times that would let two act at once are refused', (t) => {
  const w = world(t)
  const rows = [
    { duration: 10_000, renewDeadline: 10_000 },
    { retryPeriod: 10_000, renewDeadline: 10_000 },
  ]
  for (const times of rows) {
    const options = { ...place, identity: 'a', address: undefined, random: () => 0, ...times }
    const handlers = { onWon: () => undefined, onLost: () => undefined }
    assert.throws(() => elect(w.cluster, w.clock, options, handlers, t.signal), TypeError)
  }
})

void test('asked to resign, the holder gives the Lease back at once, never takes it again and sees who has it', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  await a.elector.resign()
  assert.equal(a.elector.holding, false)
  assert.equal((await w.lease())?.spec?.holderIdentity, '')
  await w.clock.advance(60_000)
  assert.equal((await w.lease())?.spec?.holderIdentity, '', 'nobody else wants it')
  const b = await w.join('b')
  assert.equal(b.elector.holding, true)
  await w.clock.advance(4_400)
  assert.equal(a.elector.holder?.identity, 'b')
  assert.deepEqual(a.told, ['holder a', 'won', 'holder none', 'holder b'])
})

void test('a candidate that resigns while others hold the Lease does not take it when it is free', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  const b = await w.join('b')
  await b.elector.resign()
  await a.stop()
  await w.clock.advance(60_000)
  assert.equal(b.elector.holding, false)
})

void test('one that resigns during a renewal that hangs gives back what it has', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  let hung = false
  w.cluster.setFaults({
    before: (_, signal) => {
      if (hung) return undefined
      hung = true
      return w.clock.sleep(3_600_000, signal)
    },
  })
  await w.clock.advance(2_000)
  await a.elector.resign()
  assert.equal((await w.lease())?.spec?.holderIdentity, '')
  assert.equal(a.elector.until, Number.NEGATIVE_INFINITY)
})

void test('poked, a candidate looks at the Lease at once, but not more often than some times a second', async (t) => {
  const w = world(t)
  const a = await w.join('a')
  const b = await w.join('b')
  w.cluster.muteWatches()
  await a.elector.resign()
  await w.clock.advance(200)
  b.elector.poke()
  await settle()
  assert.equal(b.elector.holding, true, 'although its watch told nothing')
  let reads = 0
  const c = await w.join('c')
  await w.clock.advance(1_000)
  w.cluster.setFaults({ before: ({ verb }) => void (verb === 'get' && reads++) })
  for (let i = 0; i < 50; i++) {
    c.elector.poke()
    await settle()
  }
  assert.equal(reads, 1)
})

void test("a Lease that somebody deletes is nobody else's before its time, so that no two act", async (t) => {
  const w = world(t)
  const a = await w.join('a')
  const b = await w.join('b')
  await w.clock.advance(1_000)
  await w.cluster.remove(kinds.lease, place, {}, t.signal)
  await settle()
  assert.deepEqual([a.elector.holding, b.elector.holding], [true, false])
  assert.equal(b.elector.holder?.identity, 'a', 'who acts still')
  await w.clock.advance(60_000)
  assert.deepEqual([a.elector.holding, b.elector.holding], [true, false])
})

void test('a Lease that was deleted with its holder is made by the next one when its time is over', async (t) => {
  const w = world(t)
  const b = await vanish(w)
  await w.cluster.remove(kinds.lease, place, {}, t.signal)
  await takesOver(w, b)
  assert.equal((await w.lease())?.spec?.holderIdentity, 'b')
})

/** Which write is answered no more, though it takes place. */
for (const [what, lose] of [
  ['renewal', 'replace'],
  ['first write', 'create'],
] as const)
  void test(`one that resigns during a ${what} whose answer does not come gives the Lease back all the same, at once`, async (t) => {
    const w = world(t)
    let lost = false
    w.cluster.setFaults({
      after({ verb }, signal) {
        if (lost || verb !== lose) return undefined
        lost = true
        return w.clock.sleep(3_600_000, signal)
      },
    })
    const a = await w.join('a')
    await w.clock.advance(2_000)
    assert.equal((await w.lease())?.spec?.holderIdentity, 'a')
    await a.elector.resign()
    assert.equal((await w.lease())?.spec?.holderIdentity, '')
    assert.ok(!a.told.some((word) => word.startsWith('trouble')), a.told.join())
  })
