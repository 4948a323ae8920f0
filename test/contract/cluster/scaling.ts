import assert from 'node:assert/strict'
import type { ScalableKind } from '../../../src/cluster.ts'
import { costAnnotation } from '../../../src/core/idle.ts'
import { isFailure } from '../../../src/errors.ts'
import { kinds } from '../../../src/kinds.ts'
import type { Scale } from '../../../src/resources.ts'
import { configMap, workload } from './fixtures.ts'
import { check, eventually, type Open, type Stage } from './stage.ts'

export function scaling(open: Open): void {
  for (const kind of ['Deployment', 'StatefulSet'] as const) {
    const target = kind === 'Deployment' ? kinds.deployment : kinds.statefulSet
    check(open, `the scale of a ${kind} is read and written`, [], async (s, signal) => {
      const ref = { namespace: s.namespace, name: 'app' }
      await s.cluster.create(target, workload(kind, s.namespace, 'app', 2), signal)
      const scale = await s.cluster.readScale(target, ref, signal)
      assert.equal(scale?.spec.replicas, 2)
      assert.equal(scale?.status.selector, 'app=app')
      assert.equal(scale?.metadata.name, 'app')
      assert.ok(scale.metadata.resourceVersion)
      const written = await write(s, target, 5, signal)
      assert.equal(written.spec.replicas, 5)
      const now = await s.cluster.get(target, ref, signal)
      assert.equal(now?.spec?.replicas, 5)
      assert.equal(now?.metadata.generation, 2)
    })
  }

  check(
    open,
    'a scale that was read before another change is CLUSTER_CONFLICT',
    [],
    async (s, signal) => {
      const ref = { namespace: s.namespace, name: 'app' }
      await s.cluster.create(
        kinds.deployment,
        workload('Deployment', s.namespace, 'app', 0),
        signal,
      )
      const scale = await s.cluster.readScale(kinds.deployment, ref, signal)
      assert.ok(scale)
      const patch = { metadata: { annotations: { a: 'b' } } }
      await s.cluster.patch(kinds.deployment, ref, patch, {}, signal)
      const late = s.cluster.writeScale(
        kinds.deployment,
        { ...scale, spec: { replicas: 3 } },
        signal,
      )
      await assert.rejects(late, { code: 'CLUSTER_CONFLICT' })
      const now = await s.cluster.get(kinds.deployment, ref, signal)
      assert.equal(now?.spec?.replicas, 0)
    },
  )

  check(
    open,
    'a Deployment that is scaled in gives up the pods of the lowest deletion cost',
    [],
    async (s, signal) => {
      const { cluster, namespace } = s
      const where = { namespace, labelSelector: 'app=app' }
      const names = async (count: number): Promise<readonly string[]> => {
        const pods = (): Promise<readonly string[] | false> =>
          cluster.list(kinds.pod, where, signal).then(({ items }) => {
            const staying = items.filter((p) => p.metadata.deletionTimestamp === undefined)
            return staying.length === count && staying.map((p) => p.metadata.name).sort()
          })
        return eventually(s, `there are ${count} pods`, pods)
      }
      await cluster.create(kinds.deployment, workload('Deployment', namespace, 'app', 4), signal)
      const [a = '', b = '', c = '', d = ''] = await names(4)
      for (const [name, cost] of [
        [a, '-2'],
        [b, '7'],
        [c, '-1'],
      ] as const) {
        const annotations = { [costAnnotation]: cost }
        await cluster.patch(
          kinds.pod,
          { namespace, name },
          { metadata: { annotations } },
          {},
          signal,
        )
      }
      // its controller sees pods by a watch of its own
      await s.pass(2_000)
      await write(s, kinds.deployment, 3, signal)
      assert.deepEqual(await names(3), [b, c, d])
      await write(s, kinds.deployment, 1, signal)
      assert.deepEqual(await names(1), [b])
    },
  )

  check(open, 'a target that does not exist has no scale', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'absent' }
    assert.equal(await s.cluster.readScale(kinds.deployment, ref, signal), undefined)
  })

  check(open, 'the scale of a target that has gone cannot be written', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'app' }
    await s.cluster.create(kinds.deployment, workload('Deployment', s.namespace, 'app', 0), signal)
    const scale = await s.cluster.readScale(kinds.deployment, ref, signal)
    assert.ok(scale)
    await s.cluster.remove(kinds.deployment, ref, {}, signal)
    await assert.rejects(s.cluster.writeScale(kinds.deployment, scale, signal), {
      code: 'CLUSTER_NOT_FOUND',
    })
  })

  check(open, 'a kind without a scale is CLUSTER_INVALID', [], async (s, signal) => {
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
    const ref = { namespace: s.namespace, name: 'a' }
    const reading = s.cluster.readScale(kinds.configMap, ref, signal)
    await assert.rejects(reading, { code: 'CLUSTER_INVALID' })
  })
}

/** The workload's own controller writes its status at the same time, so a conflict is answered by reading anew. */
const write = (
  s: Stage,
  target: ScalableKind,
  replicas: number,
  signal: AbortSignal,
): Promise<Scale> =>
  eventually(s, 'the scale is written', async () => {
    const scale = await s.cluster.readScale(target, { namespace: s.namespace, name: 'app' }, signal)
    assert.ok(scale)
    try {
      return await s.cluster.writeScale(target, { ...scale, spec: { replicas } }, signal)
    } catch (error) {
      if (isFailure(error, 'CLUSTER_CONFLICT')) return undefined
      throw error
    }
  })
