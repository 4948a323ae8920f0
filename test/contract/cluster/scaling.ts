import assert from 'node:assert/strict'
import type { ScalableKind } from '../../../src/cluster.ts'
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
