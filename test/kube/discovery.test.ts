import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Cluster } from '../../src/cluster.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'
import { connect, fakeApi, json, status, type FakeApi } from './fake-api.ts'

const found = { group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets' }

interface Asked {
  readonly api: FakeApi
  readonly clock: ManualClock
  readonly cluster: Cluster
  /** What the group example.com/v1 has. */
  readonly resources: { name: string; kind: string }[]
}

async function asked(t: TestContext): Promise<Asked> {
  const resources = [
    { name: 'widgets', kind: 'Widget' },
    { name: 'widgets/scale', kind: 'Scale' },
  ]
  const api = await fakeApi(t, (got, response) => {
    const known = got.path === '/apis/example.com/v1'
    const answer = known ? json({ resources }) : status(404, 'NotFound')
    answer(got, response)
  })
  const clock = manualClock()
  const cluster = await connect(t, api.url, {}, clock)
  return { api, clock, cluster, resources }
}

void test('a kind is asked for once, however many want it', async (t) => {
  const a = await asked(t)
  const resolve = () => a.cluster.resolve('example.com/v1', 'Widget', t.signal)
  assert.deepEqual(await Promise.all([resolve(), resolve(), resolve()]), [found, found, found])
  await a.clock.advance(9 * 60_000)
  assert.deepEqual(await resolve(), found)
  assert.equal(a.api.got.length, 1)
})

void test('what is known is asked for again after ten minutes', async (t) => {
  const a = await asked(t)
  await a.cluster.resolve('example.com/v1', 'Widget', t.signal)
  a.resources.length = 0
  await a.clock.advance(10 * 60_000)
  assert.equal(await a.cluster.resolve('example.com/v1', 'Widget', t.signal), undefined)
  assert.equal(a.api.got.length, 2)
})

void test('a kind that was not there is found soon after it has come, and not asked for in between', async (t) => {
  const a = await asked(t)
  const resolve = () => a.cluster.resolve('example.com/v1', 'Gadget', t.signal)
  for (let i = 0; i < 10; i++) assert.equal(await resolve(), undefined)
  assert.equal(a.api.got.length, 1)
  a.resources.push({ name: 'gadgets', kind: 'Gadget' })
  await a.clock.advance(2_000)
  assert.deepEqual(await resolve(), { ...found, kind: 'Gadget', plural: 'gadgets' })
})

void test('a subresource is no kind, and a group or version that is not there has none', async (t) => {
  const a = await asked(t)
  assert.equal(await a.cluster.resolve('example.com/v1', 'Scale', t.signal), undefined)
  for (const apiVersion of ['example.com/v2', 'other.com/v1', 'v1', '', 'example.com/']) {
    assert.equal(await a.cluster.resolve(apiVersion, 'Widget', t.signal), undefined, apiVersion)
  }
})

void test('one who stops waiting does not spoil it for the others', async (t) => {
  const a = await asked(t)
  const own = new AbortController()
  const one = a.cluster.resolve('example.com/v1', 'Widget', own.signal)
  const other = a.cluster.resolve('example.com/v1', 'Widget', t.signal)
  own.abort(new Error('enough'))
  await assert.rejects(one, { message: 'enough' })
  assert.deepEqual(await other, found)
})

void test('a failure is not kept', async (t) => {
  let good = false
  const api = await fakeApi(t, (got, response) => {
    const answer = good
      ? json({ resources: [{ name: 'widgets', kind: 'Widget' }] })
      : status(503, 'Gone')
    answer(got, response)
  })
  const cluster = await connect(t, api.url)
  const resolve = () => cluster.resolve('example.com/v1', 'Widget', t.signal)
  await assert.rejects(resolve(), { code: 'CLUSTER_FAILED' })
  good = true
  assert.deepEqual(await resolve(), found)
})

void test('it remembers a bounded number of groups', async (t) => {
  const a = await asked(t)
  await a.cluster.resolve('example.com/v1', 'Widget', t.signal)
  for (let i = 0; i < 100; i++) await a.cluster.resolve(`g${i}.com/v1`, 'Widget', t.signal)
  assert.equal(a.api.got.length, 101)
  await a.cluster.resolve('example.com/v1', 'Widget', t.signal)
  assert.equal(a.api.got.length, 102)
})
