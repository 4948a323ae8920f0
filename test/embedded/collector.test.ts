import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import type { ConfigMap, OwnerReference } from '../../src/resources.ts'
import { configMap } from '../contract/cluster/fixtures.ts'
import { ref, stage } from './stage.ts'

const owner = ({ metadata }: ConfigMap): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: metadata.name,
  uid: metadata.uid ?? '',
})

function family(t: Parameters<typeof stage>[0]) {
  const made = stage(t)
  const { cluster, signal } = made
  return {
    ...made,
    make: (name: string, owners: readonly OwnerReference[] = [], namespace = 'ns') =>
      cluster.create(
        kinds.configMap,
        configMap(namespace, name, { metadata: { ownerReferences: owners } }),
        signal,
      ),
    get: (name: string) => cluster.get(kinds.configMap, ref(name), signal),
    remove: (name: string) => cluster.remove(kinds.configMap, ref(name), {}, signal),
  }
}

test('an object with two owners goes with the second and forgets the first', async (t) => {
  const { clock, make, get, remove } = family(t)
  const [one, two] = [await make('one'), await make('two')]
  await make('child', [owner(one), owner(two)])
  await remove('one')
  await clock.advance(0)
  assert.deepEqual((await get('child'))?.metadata.ownerReferences, [owner(two)])
  await remove('two')
  await clock.advance(0)
  assert.equal(await get('child'), undefined)
})

test('collection reaches the objects that collected objects own', async (t) => {
  const { clock, make, get, remove } = family(t)
  const parent = await make('parent')
  const child = await make('child', [owner(parent)])
  await make('grandchild', [owner(child)])
  await remove('parent')
  await clock.advance(0)
  assert.equal(await get('grandchild'), undefined)
})

test('an owner that waits for a finalizer still owns', async (t) => {
  const { cluster, clock, signal, make, get, remove } = family(t)
  const parent = await make('parent')
  const finalize = (finalizers: readonly string[]) =>
    cluster.patch(kinds.configMap, ref('parent'), { metadata: { finalizers } }, {}, signal)
  await finalize(['example.com/x'])
  await make('child', [owner(parent)])
  await remove('parent')
  await clock.advance(60_000)
  assert.ok(await get('child'))
  await finalize([])
  await clock.advance(0)
  assert.equal(await get('child'), undefined)
})

test('an object that is made for an owner that is gone, or is another of that name, is collected', async (t) => {
  const { clock, make, get, remove } = family(t)
  const parent = await make('parent')
  await remove('parent')
  await make('parent')
  await make('child', [owner(parent)])
  await clock.advance(0)
  assert.equal(await get('child'), undefined)
})

test('an owner in another namespace is none', async (t) => {
  const { clock, make, get } = family(t)
  const elsewhere = await make('parent', [], 'elsewhere')
  await make('child', [owner(elsewhere)])
  await clock.advance(0)
  assert.equal(await get('child'), undefined)
})

test('an owner of a kind that the cluster does not have is left to others', async (t) => {
  const { clock, make, get } = family(t)
  await make('child', [{ apiVersion: 'example.com/v1', kind: 'Unknown', name: 'x', uid: 'x' }])
  await clock.advance(60_000)
  assert.ok(await get('child'))
})

test('an owned object with a finalizer is marked and waits for it', async (t) => {
  const { cluster, clock, signal, make, get, remove } = family(t)
  const parent = await make('parent')
  await make('child', [owner(parent)])
  const finalizers = ['example.com/x']
  await cluster.patch(kinds.configMap, ref('child'), { metadata: { finalizers } }, {}, signal)
  await remove('parent')
  await clock.advance(0)
  assert.ok((await get('child'))?.metadata.deletionTimestamp)
  const more = { metadata: { finalizers: [...finalizers, 'example.com/late'] } }
  await assert.rejects(cluster.patch(kinds.configMap, ref('child'), more, {}, signal), {
    code: 'CLUSTER_INVALID',
  })
})
