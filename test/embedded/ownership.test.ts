import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import type { ConfigMap } from '../../src/resources.ts'
import { configMap, scaledObject } from '../contract/cluster/fixtures.ts'
import { ref, stage } from './stage.ts'

type Data = Readonly<Record<string, string>>

function applied(t: TestContext) {
  const { cluster, signal } = stage(t)
  const kind = kinds.configMap
  return {
    create: (data: Data) => cluster.create(kind, configMap('ns', 'a', { data }), signal),
    apply: (data: Data, metadata: Partial<ConfigMap['metadata']> = {}) =>
      cluster.apply(kind, configMap('ns', 'a', { data, metadata }), signal),
    patch: (patch: object) => cluster.patch(kind, ref('a'), patch, {}, signal),
    replace: (data: Data) => cluster.replace(kind, configMap('ns', 'a', { data }), signal),
  }
}

test('a field that others set too stays when it is no longer applied', async (t) => {
  const { create, apply } = applied(t)
  await create({ shared: 'x' })
  await apply({ shared: 'x', mine: 'x' })
  assert.deepEqual((await apply({})).data, { shared: 'x' })
})

test('a field of others whose value was forced is the applier’s alone, and goes with it', async (t) => {
  const { create, apply } = applied(t)
  await create({ shared: 'x', theirs: 'x' })
  await apply({ shared: 'y' })
  assert.deepEqual((await apply({})).data, { theirs: 'x' })
})

test('a field that others change is theirs from then on', async (t) => {
  const { apply, patch } = applied(t)
  await apply({ a: '1', b: '1' })
  await patch({ data: { a: '2' } })
  assert.deepEqual((await apply({})).data, { a: '2' })
  await apply({ a: '2' })
  assert.deepEqual((await apply({})).data, { a: '2' }, 'applied by both it stays')
})

test('a field that others remove and set again is theirs', async (t) => {
  const { apply, patch, replace } = applied(t)
  await apply({ a: '1' })
  await replace({ b: '1' })
  await patch({ data: { a: '1' } })
  assert.deepEqual((await apply({})).data, { a: '1', b: '1' })
})

test('finalizers and owners are applied item by item', async (t) => {
  const { apply, patch } = applied(t)
  const own = (name: string) => ({ apiVersion: 'v1', kind: 'Unknown', name, uid: name })
  await apply({}, { finalizers: ['example.com/mine'], ownerReferences: [own('mine')] })
  await patch({
    metadata: {
      finalizers: ['example.com/theirs', 'example.com/mine'],
      ownerReferences: [own('mine'), own('theirs')],
    },
  })
  const again = await apply({}, { finalizers: ['example.com/mine', 'example.com/more'] })
  assert.deepEqual(again.metadata.finalizers, [
    'example.com/theirs',
    'example.com/mine',
    'example.com/more',
  ])
  assert.deepEqual(again.metadata.ownerReferences, [own('theirs')])
  assert.deepEqual((await apply({})).metadata.finalizers, ['example.com/theirs'])
})

test('applying an empty object keeps what others have in it', async (t) => {
  const { create, apply } = applied(t)
  await create({ theirs: 'x' })
  const now = await apply({}, { labels: {} })
  assert.deepEqual(now.data, { theirs: 'x' })
})

test('applying with a version that is no longer the newest is a conflict', async (t) => {
  const { create, apply, patch } = applied(t)
  const { metadata } = await create({})
  await patch({ data: { a: '1' } })
  const { resourceVersion = '' } = metadata
  await assert.rejects(apply({}, { resourceVersion }), { code: 'CLUSTER_CONFLICT' })
})

test('applying never touches the status, and lists are set whole', async (t) => {
  const { cluster, signal } = stage(t)
  const object = scaledObject('ns', 'so')
  await cluster.apply(kinds.scaledObject, { ...object, status: { hpaName: 'x' } }, signal)
  const status = { hpaName: 'mine' }
  await cluster.patch(kinds.scaledObject, ref('so'), { status }, { subresource: 'status' }, signal)
  const triggers = [{ type: 'cron', metadata: { timezone: 'UTC' } }]
  const now = await cluster.apply(
    kinds.scaledObject,
    scaledObject('ns', 'so', { triggers }),
    signal,
  )
  assert.deepEqual(now.status, status)
  assert.deepEqual(now.spec.triggers, triggers)
})
