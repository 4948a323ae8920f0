import assert from 'node:assert/strict'
import { writerOf } from '../../../src/core/foreign.ts'
import { kinds } from '../../../src/kinds.ts'
import { autoscaler, workload } from './fixtures.ts'
import { check, eventually, type Open, type Stage } from './stage.ts'

const kind = kinds.deployment

/** Who owns spec.replicas of `app`, as `manager operation subresource timed`, and whom they are taken for. */
async function told(
  s: Stage,
  signal: AbortSignal,
): Promise<readonly [owners: readonly string[], unknown]> {
  const object = await s.cluster.getAny(kind, { namespace: s.namespace, name: 'app' }, signal)
  const entries = object?.metadata.managedFields ?? []
  const owners = entries.filter(({ fieldsV1 }) =>
    /"f:spec":.*"f:replicas":/.test(JSON.stringify(fieldsV1)),
  )
  const words = owners.map(({ manager, operation, subresource, time }) =>
    [manager, operation, subresource, time && 'timed'].filter(Boolean).join(' '),
  )
  return [words.toSorted(), writerOf(entries)]
}

/**
 * Who set spec.replicas last, so that somebody else's write can be told from one of Ebb's own; and whether the server says when:
 * not through /scale, and not of an apply that changed nothing.
 */
export function managing(open: Open): void {
  const ref = (s: Stage) => ({ namespace: s.namespace, name: 'app' })
  const create = (s: Stage, replicas: number, signal: AbortSignal) =>
    s.cluster.create(kind, workload('Deployment', s.namespace, 'app', replicas), signal)
  /** The workload's own controller writes at the same time, so a conflict is answered by reading anew. */
  const scale = (s: Stage, replicas: number, signal: AbortSignal) =>
    eventually(s, 'the scale is written', async () => {
      const found = await s.cluster.readScale(kind, ref(s), signal)
      assert.ok(found)
      return s.cluster
        .writeScale(kind, { ...found, spec: { replicas } }, signal)
        .catch(() => undefined)
    })

  check(open, 'who creates an object owns its replicas', [], async (s, signal) => {
    await create(s, 2, signal)
    assert.deepEqual(await told(s, signal), [['ebb Update timed'], 'own'])
  })

  check(open, 'who changes the replicas becomes their only owner', [], async (s, signal) => {
    await create(s, 2, signal)
    await scale(s, 3, signal)
    assert.deepEqual(await told(s, signal), [['ebb Update scale'], 'own'])
    await s.scaleAs('other', 'app', 4)
    const other = { manager: 'other', operation: 'Update', subresource: 'scale' }
    assert.deepEqual(await told(s, signal), [['other Update scale'], other])
    await s.cluster.patch(kind, ref(s), { spec: { replicas: 5 } }, {}, signal)
    assert.deepEqual(await told(s, signal), [['ebb Update timed'], 'own'])
  })

  check(open, 'who writes the replicas there are changes no owner', [], async (s, signal) => {
    await create(s, 2, signal)
    await s.scaleAs('other', 'app', 3)
    await scale(s, 3, signal)
    await s.cluster.patch(kind, ref(s), { metadata: { labels: { a: 'b' } } }, {}, signal)
    assert.deepEqual((await told(s, signal))[0], ['other Update scale'])
  })

  check(open, 'who applies the replicas there are owns them too', [], async (s, signal) => {
    await create(s, 2, signal)
    await s.scaleAs('other', 'app', 3)
    await s.cluster.apply(kind, workload('Deployment', s.namespace, 'app', 3), signal)
    assert.deepEqual((await told(s, signal))[0], ['ebb Apply', 'other Update scale'])
    await s.cluster.apply(kind, workload('Deployment', s.namespace, 'app', 4), signal)
    assert.deepEqual(await told(s, signal), [['ebb Apply timed'], 'own'])
    await s.cluster.apply(kind, workload('Deployment', s.namespace, 'app'), signal)
    assert.deepEqual((await told(s, signal))[0], [])
  })

  check(open, 'an HPA writes as kube-controller-manager', [], async (s, signal) => {
    await create(s, 1, signal)
    const metrics = [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
      },
    ]
    // below its minimum it needs no metric to raise it
    await s.cluster.create(
      kinds.hpa,
      autoscaler(s.namespace, 'app', { minReplicas: 3, metrics }),
      signal,
    )
    const hpa = { manager: 'kube-controller-manager', operation: 'Update', subresource: 'scale' }
    await eventually(s, 'the HPA has written', async () => {
      const found = await s.cluster.readScale(kind, ref(s), signal)
      return found?.spec.replicas === 3
    })
    assert.deepEqual(await told(s, signal), [['kube-controller-manager Update scale'], hpa])
  })
}
