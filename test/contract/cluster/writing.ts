import assert from 'node:assert/strict'
import { kinds } from '../../../src/kinds.ts'
import type { ScaledObject } from '../../../src/resources.ts'
import { configMap, scaledObject, workload } from './fixtures.ts'
import { check, type Open } from './stage.ts'

export function writing(open: Open): void {
  creating(open)
  replacing(open)
  patching(open)
  separating(open)
}

function creating(open: Open): void {
  check(open, 'creating what exists is CLUSTER_EXISTS', [], async (s, signal) => {
    const object = configMap(s.namespace, 'a')
    await s.cluster.create(kinds.configMap, object, signal)
    await assert.rejects(s.cluster.create(kinds.configMap, object, signal), {
      code: 'CLUSTER_EXISTS',
    })
  })

  check(open, 'a name that Kubernetes does not allow is CLUSTER_INVALID', [], async (s, signal) => {
    const creating = s.cluster.create(kinds.configMap, configMap(s.namespace, 'Not_A_Name'), signal)
    await assert.rejects(creating, { code: 'CLUSTER_INVALID' })
  })

  check(
    open,
    'an object that breaks its schema is CLUSTER_INVALID',
    ['custom'],
    async (s, signal) => {
      const { triggers: _, ...spec } = scaledObject(s.namespace, 'a').spec
      // A cast, because the type forbids exactly what the server must refuse.
      const broken = { ...scaledObject(s.namespace, 'a'), spec: spec as never }
      await assert.rejects(s.cluster.create(kinds.scaledObject, broken, signal), {
        code: 'CLUSTER_INVALID',
      })
    },
  )

  check(
    open,
    'creating in a missing namespace is CLUSTER_NOT_FOUND',
    ['namespaces'],
    async (s, signal) => {
      const creating = s.cluster.create(
        kinds.configMap,
        configMap(`${s.namespace}-none`, 'a'),
        signal,
      )
      await assert.rejects(creating, { code: 'CLUSTER_NOT_FOUND' })
    },
  )
}

function replacing(open: Open): void {
  check(
    open,
    'replacing a version that is no longer the newest is CLUSTER_CONFLICT',
    [],
    async (s, signal) => {
      const first = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
      const second = await s.cluster.replace(
        kinds.configMap,
        { ...first, data: { by: 'one' } },
        signal,
      )
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion)
      const late = s.cluster.replace(kinds.configMap, { ...first, data: { by: 'two' } }, signal)
      await assert.rejects(late, { code: 'CLUSTER_CONFLICT' })
      const now = await s.cluster.get(
        kinds.configMap,
        { namespace: s.namespace, name: 'a' },
        signal,
      )
      assert.deepEqual(now?.data, { by: 'one' })
    },
  )

  check(open, 'replacing without a version replaces whatever is there', [], async (s, signal) => {
    await s.cluster.create(
      kinds.configMap,
      configMap(s.namespace, 'a', { data: { a: '1' } }),
      signal,
    )
    const now = await s.cluster.replace(
      kinds.configMap,
      configMap(s.namespace, 'a', { data: { b: '2' } }),
      signal,
    )
    assert.deepEqual(now.data, { b: '2' })
  })

  check(open, 'replacing what does not exist is CLUSTER_NOT_FOUND', [], async (s, signal) => {
    const replacing = s.cluster.replace(kinds.configMap, configMap(s.namespace, 'a'), signal)
    await assert.rejects(replacing, { code: 'CLUSTER_NOT_FOUND' })
  })
}

function patching(open: Open): void {
  check(open, 'null in a patch deletes and what it does not name stays', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const data = { keep: '1', change: '2', drop: '3' }
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a', { data }), signal)
    const patch = { data: { change: 'new', drop: null, absent: null } }
    const now = await s.cluster.patch(kinds.configMap, ref, patch, {}, signal)
    assert.deepEqual(now.data, { keep: '1', change: 'new' })
  })

  check(open, 'an array in a patch replaces the whole array', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const metadata = { finalizers: ['example.com/one', 'example.com/two'] }
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a', { metadata }), signal)
    const patch = { metadata: { finalizers: ['example.com/three'] } }
    const now = await s.cluster.patch(kinds.configMap, ref, patch, {}, signal)
    assert.deepEqual(now.metadata.finalizers, ['example.com/three'])
    await s.cluster.patch(kinds.configMap, ref, { metadata: { finalizers: null } }, {}, signal)
  })

  check(open, 'a patch that names an old version is CLUSTER_CONFLICT', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const made = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
    const { resourceVersion } = made.metadata
    const guarded = (by: string): object => ({ metadata: { resourceVersion }, data: { by } })
    await s.cluster.patch(kinds.configMap, ref, guarded('one'), {}, signal)
    const late = s.cluster.patch(kinds.configMap, ref, guarded('two'), {}, signal)
    await assert.rejects(late, { code: 'CLUSTER_CONFLICT' })
  })

  check(open, 'patching what does not exist is CLUSTER_NOT_FOUND', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const patching = s.cluster.patch(kinds.configMap, ref, { data: { a: '1' } }, {}, signal)
    await assert.rejects(patching, { code: 'CLUSTER_NOT_FOUND' })
  })

  check(open, 'a patch that changes nothing makes no new version', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const made = await s.cluster.create(
      kinds.configMap,
      configMap(s.namespace, 'a', { data: { a: '1' } }),
      signal,
    )
    const now = await s.cluster.patch(kinds.configMap, ref, { data: { a: '1' } }, {}, signal)
    assert.equal(now.metadata.resourceVersion, made.metadata.resourceVersion)
  })
}

function separating(open: Open): void {
  check(open, 'the generation counts changes of the spec alone', ['custom'], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const made = await s.cluster.create(kinds.scaledObject, scaledObject(s.namespace, 'a'), signal)
    assert.equal(made.metadata.generation, 1)
    const patch = (patch: object, options = {}) =>
      s.cluster.patch(kinds.scaledObject, ref, patch, options, signal)
    const labelled = await patch({ metadata: { labels: { a: 'b' } } })
    assert.equal(labelled.metadata.generation, 1)
    const told = await patch({ status: { hpaName: 'h' } }, { subresource: 'status' })
    assert.equal(told.metadata.generation, 1)
    const changed = await patch({ spec: { pollingInterval: 7 } })
    assert.equal(changed.metadata.generation, 2)
  })

  check(open, 'a workload has a generation too', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'app' }
    const made = await s.cluster.create(
      kinds.deployment,
      workload('Deployment', s.namespace, 'app', 0),
      signal,
    )
    assert.equal(made.metadata.generation, 1)
    const patch = { spec: { replicas: 2 } }
    const changed = await s.cluster.patch(kinds.deployment, ref, patch, {}, signal)
    assert.equal(changed.metadata.generation, 2)
  })

  check(open, 'status is written through its own door only', ['custom'], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const both = { spec: { pollingInterval: 7 }, status: { hpaName: 'h' } }
    const early: ScaledObject = { ...scaledObject(s.namespace, 'a'), status: { hpaName: 'early' } }
    const made = await s.cluster.create(kinds.scaledObject, early, signal)
    assert.equal(made.status?.hpaName, undefined)
    const front = await s.cluster.patch(kinds.scaledObject, ref, both, {}, signal)
    assert.equal(front.spec.pollingInterval, 7)
    assert.equal(front.status?.hpaName, undefined)
    const options = { subresource: 'status' } as const
    const back = { spec: { pollingInterval: 8 }, status: { hpaName: 'h' } }
    const told = await s.cluster.patch(kinds.scaledObject, ref, back, options, signal)
    assert.equal(told.spec.pollingInterval, 7)
    assert.equal(told.status?.hpaName, 'h')
    const bare: ScaledObject = { ...told, status: { hpaName: 'changed' } }
    const replaced = await s.cluster.replace(kinds.scaledObject, bare, signal)
    assert.equal(replaced.status?.hpaName, 'h')
  })
}
