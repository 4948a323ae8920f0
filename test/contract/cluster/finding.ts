import assert from 'node:assert/strict'
import { apiVersionOf, kinds, type Kind } from '../../../src/kinds.ts'
import type { Resource } from '../../../src/resources.ts'
import { configMap, workload } from './fixtures.ts'
import { check, drain, type Open } from './stage.ts'

const unknown: Kind<Resource> = {
  group: 'nobody.example',
  version: 'v1',
  kind: 'Nothing',
  plural: 'nothings',
  namespaced: true,
}

export function finding(open: Open): void {
  check(open, 'a missing object is undefined, not a failure', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'absent' }
    assert.equal(await s.cluster.get(kinds.configMap, ref, signal), undefined)
    assert.equal(
      await s.cluster.get(kinds.namespace, { namespace: '', name: 'absent' }, signal),
      undefined,
    )
  })

  check(
    open,
    'a kind that the cluster does not know is CLUSTER_NOT_FOUND',
    [],
    async (s, signal) => {
      const ref = { namespace: s.namespace, name: 'x' }
      const expected = { code: 'CLUSTER_NOT_FOUND' }
      await assert.rejects(s.cluster.get(unknown, ref, signal), expected)
      await assert.rejects(s.cluster.list(unknown, {}, signal), expected)
      await assert.rejects(s.cluster.create(unknown, { metadata: ref }, signal), expected)
      const watch = s.cluster.watch(unknown, { resourceVersion: '1' }, signal)
      await assert.rejects(drain(watch), expected)
    },
  )

  check(open, 'discovery finds kinds by apiVersion and kind', [], async (s, signal) => {
    for (const kind of [kinds.deployment, kinds.statefulSet, kinds.configMap]) {
      const found = await s.cluster.resolve(apiVersionOf(kind), kind.kind, signal)
      assert.deepEqual(found, {
        group: kind.group,
        version: kind.version,
        kind: kind.kind,
        plural: kind.plural,
      })
    }
  })

  check(open, 'discovery knows no kind and no group that is not there', [], async (s, signal) => {
    assert.equal(await s.cluster.resolve('apps/v1', 'Nothing', signal), undefined)
    assert.equal(await s.cluster.resolve('nobody.example/v1', 'Deployment', signal), undefined)
    assert.equal(await s.cluster.resolve('apps/v9', 'Deployment', signal), undefined)
  })

  check(open, 'an object of a kind found by discovery is read whole', [], async (s, signal) => {
    await s.cluster.create(kinds.deployment, workload('Deployment', s.namespace, 'app', 0), signal)
    const target = await s.cluster.resolve('apps/v1', 'Deployment', signal)
    assert.ok(target)
    const found = await s.cluster.getAny(target, { namespace: s.namespace, name: 'app' }, signal)
    assert.equal(found?.metadata.name, 'app')
    assert.partialDeepStrictEqual(found, { spec: { selector: { matchLabels: { app: 'app' } } } })
    assert.equal(
      await s.cluster.getAny(target, { namespace: s.namespace, name: 'no' }, signal),
      undefined,
    )
  })

  check(open, 'a created object carries what the server adds', [], async (s, signal) => {
    const made = await s.cluster.create(
      kinds.configMap,
      configMap(s.namespace, 'a', { data: { k: 'v' } }),
      signal,
    )
    assert.ok(made.metadata.uid)
    assert.ok(made.metadata.resourceVersion)
    assert.match(made.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.deepEqual(made.data, { k: 'v' })
    const ref = { namespace: s.namespace, name: 'a' }
    assert.deepEqual(await s.cluster.get(kinds.configMap, ref, signal), made)
  })
}
