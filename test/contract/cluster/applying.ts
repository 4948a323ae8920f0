import assert from 'node:assert/strict'
import { kinds } from '../../../src/kinds.ts'
import { configMap } from './fixtures.ts'
import { check, type Open } from './stage.ts'

export function applying(open: Open): void {
  check(open, 'applying creates what is not there', [], async (s, signal) => {
    const now = await s.cluster.apply(
      kinds.configMap,
      configMap(s.namespace, 'a', { data: { a: '1' } }),
      signal,
    )
    assert.ok(now.metadata.uid)
    assert.deepEqual(now.data, { a: '1' })
  })

  check(open, 'applying owns its fields: what it no longer names goes', [], async (s, signal) => {
    const apply = (data: Readonly<Record<string, string>>) =>
      s.cluster.apply(kinds.configMap, configMap(s.namespace, 'a', { data }), signal)
    await apply({ a: '1', b: '2' })
    const now = await apply({ a: '3' })
    assert.deepEqual(now.data, { a: '3' })
  })

  check(
    open,
    'applying leaves the fields of others alone and takes over those it names',
    [],
    async (s, signal) => {
      const data = { theirs: 'x', shared: 'x' }
      await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a', { data }), signal)
      const mine = configMap(s.namespace, 'a', { data: { shared: 'y', mine: 'y' } })
      const now = await s.cluster.apply(kinds.configMap, mine, signal)
      assert.deepEqual(now.data, { theirs: 'x', shared: 'y', mine: 'y' })
    },
  )

  check(open, 'applying the same again makes no new version', [], async (s, signal) => {
    const object = configMap(s.namespace, 'a', { data: { a: '1' } })
    const first = await s.cluster.apply(kinds.configMap, object, signal)
    const second = await s.cluster.apply(kinds.configMap, object, signal)
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion)
  })
}
