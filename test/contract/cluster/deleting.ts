import assert from 'node:assert/strict'
import { kinds } from '../../../src/kinds.ts'
import type { ConfigMap } from '../../../src/resources.ts'
import { configMap } from './fixtures.ts'
import { check, eventually, type Open } from './stage.ts'

export function deleting(open: Open): void {
  check(open, 'a removed object is gone, and removing it again is fine', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
    await s.cluster.remove(kinds.configMap, ref, {}, signal)
    assert.equal(await s.cluster.get(kinds.configMap, ref, signal), undefined)
    await s.cluster.remove(kinds.configMap, ref, {}, signal)
  })

  check(open, 'removing by uid spares another object of the same name', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const made = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
    const other = { uid: '00000000-0000-4000-8000-000000000000' }
    const wrong = s.cluster.remove(kinds.configMap, ref, other, signal)
    await assert.rejects(wrong, { code: 'CLUSTER_CONFLICT' })
    const { uid } = made.metadata
    assert.ok(uid)
    await s.cluster.remove(kinds.configMap, ref, { uid }, signal)
    assert.equal(await s.cluster.get(kinds.configMap, ref, signal), undefined)
  })

  check(
    open,
    'an object with finalizers goes when the last one is removed',
    [],
    async (s, signal) => {
      const ref = { namespace: s.namespace, name: 'a' }
      const metadata = { finalizers: ['example.com/one', 'example.com/two'] }
      await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a', { metadata }), signal)
      await s.cluster.remove(kinds.configMap, ref, {}, signal)
      const dying = await s.cluster.get(kinds.configMap, ref, signal)
      assert.ok(dying?.metadata.deletionTimestamp)
      const left = (finalizers: readonly string[]): Promise<ConfigMap> =>
        s.cluster.patch(kinds.configMap, ref, { metadata: { finalizers } }, {}, signal)
      await left(['example.com/two'])
      assert.ok(await s.cluster.get(kinds.configMap, ref, signal))
      await left([])
      assert.equal(await s.cluster.get(kinds.configMap, ref, signal), undefined)
    },
  )

  check(open, 'a new object under an old name has a new uid', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const first = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
    await s.cluster.remove(kinds.configMap, ref, {}, signal)
    const second = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
    assert.notEqual(second.metadata.uid, first.metadata.uid)
  })

  check(open, 'what an object owns is collected after it', [], async (s, signal) => {
    const owner = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'owner'), signal)
    const { uid } = owner.metadata
    assert.ok(uid)
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }]
    const owned = configMap(s.namespace, 'owned', { metadata: { ownerReferences } })
    await s.cluster.create(kinds.configMap, owned, signal)
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'free'), signal)
    await s.cluster.remove(kinds.configMap, { namespace: s.namespace, name: 'owner' }, {}, signal)
    const ref = { namespace: s.namespace, name: 'owned' }
    await eventually(s, 'the owned object is gone', async () => {
      const left = await s.cluster.get(kinds.configMap, ref, signal)
      return left === undefined
    })
    const free = await s.cluster.get(
      kinds.configMap,
      { namespace: s.namespace, name: 'free' },
      signal,
    )
    assert.ok(free)
  })
}
