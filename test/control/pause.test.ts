import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { forever, type Bench } from '../support/controller.ts'
import { ready, unreachable } from '../support/ready.ts'

const second = 1_000
const minute = 60 * second

const annotate = async (
  bench: Bench,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> => {
  await bench.change({ metadata: { annotations } })
  await bench.clock.advance(second)
}

const paused = 'autoscaling.keda.sh/paused'
const pausedReplicas = 'autoscaling.keda.sh/paused-replicas'

describe('a pause annotation', () => {
  test('of the whole freezes the replicas and takes the HPA away until it goes', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    await annotate(bench, { 'autoscaling.keda.sh/paused': '' })
    assert.equal(await bench.hpa(), undefined)
    assert.equal((await bench.condition('Paused')).status, 'True')
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(10 * minute)
    assert.equal(await bench.replicas(), 3)
    bench.writes.length = 0
    await bench.clock.advance(60 * minute)
    assert.deepEqual(bench.writes, [])
    await annotate(bench, { 'autoscaling.keda.sh/paused': null })
    assert.ok(await bench.hpa())
    await bench.clock.advance(75 * second)
    assert.equal((await bench.condition('Paused')).status, 'False')
    assert.equal(await bench.replicas(), 0)
  })

  test('with a count brings the target to it', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    await annotate(bench, { 'autoscaling.keda.sh/paused-replicas': '5' })
    assert.equal(await bench.replicas(), 5)
    await annotate(bench, { 'autoscaling.keda.sh/paused-replicas': 'many' })
    assert.match(
      (await bench.condition('Ready')).message ?? '',
      /paused-replicas must be a whole number/,
    )
    assert.equal(await bench.replicas(), 5)
  })

  test('of one direction leaves the other, in Ebb and in the HPA', async (t) => {
    const bench = await ready(t, {}, 2, { answer: 40 })
    await annotate(bench, { 'autoscaling.keda.sh/paused-scale-in': 'true' })
    assert.equal((await bench.hpa())?.spec.behavior?.scaleDown?.selectPolicy, 'Disabled')
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(10 * minute)
    assert.equal(await bench.replicas(), 2)
    await annotate(bench, {
      'autoscaling.keda.sh/paused-scale-in': 'false',
      'autoscaling.keda.sh/paused-scale-out': 'true',
    })
    await bench.clock.advance(15 * second)
    assert.equal(await bench.replicas(), 0)
    bench.source.queues.set('orders', 40)
    await bench.clock.advance(10 * minute)
    assert.equal(await bench.replicas(), 0)
  })

  test('to force activation wakes whatever the triggers say', async (t) => {
    const bench = await ready(t)
    await annotate(bench, { 'autoscaling.keda.sh/force-activation': 'true' })
    await bench.clock.advance(15 * second)
    assert.equal(await bench.replicas(), 1)
  })

  const words: readonly [string, boolean][] = [
    ['true', true],
    ['', true],
    ['yes', true],
    ['1', true],
    ['false', false],
    ['F', false],
    ['0', false],
  ]
  for (const [word, holds] of words)
    test(`"${word}" ${holds ? 'pauses' : 'does not pause'} (0.2)`, async (t) => {
      const bench = await ready(t, {}, 3)
      await annotate(bench, { [paused]: word })
      assert.equal((await bench.condition('Paused')).status, holds ? 'True' : 'False')
    })

  test('of the whole asks nothing of its source, and is asked for again at once when it goes', async (t) => {
    const bench = await ready(t, {}, 0, { answer: 3 })
    await annotate(bench, { [paused]: 'true' })
    bench.source.asked.length = 0
    await bench.clock.advance(60 * minute)
    assert.deepEqual(bench.source.asked, [])
    await bench.cluster.writeScale(
      kinds.deployment,
      {
        metadata: { namespace: 'default', name: 'orders' },
        spec: { replicas: 0 },
        status: { replicas: 0, selector: undefined },
      },
      forever,
    )
    await annotate(bench, { [paused]: null })
    assert.equal(await bench.replicas(), 1)
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    for (const reason of [
      'KEDAScalersStopped',
      'ScaledObjectPaused',
      'ScaledObjectUnpaused',
      'KEDAScalersStarted',
    ])
      assert.ok(reasons.includes(`Normal ${reason}`), reason)
  })

  test('takes the HPA away of an object of a Helm chart too', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    await bench.change({ metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } })
    await bench.clock.advance(second)
    assert.ok(await bench.hpa())
    await annotate(bench, { [paused]: 'true' })
    assert.equal(await bench.hpa(), undefined)
  })

  test('takes away an HPA that another controller made for it and Ebb never saw', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    const ref = { namespace: 'default', name: 'keda-hpa-orders' }
    const labels = { 'app.kubernetes.io/managed-by': 'Helm' }
    await annotate(bench, { [paused]: 'true' })
    const { uid = '' } = (await bench.scaledObject()).metadata
    const owner = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'orders', uid }
    const scaleTargetRef = { kind: 'Deployment', name: 'orders' }
    await bench.cluster.create(
      kinds.hpa,
      {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { ...ref, labels, ownerReferences: [owner] },
        spec: { scaleTargetRef, maxReplicas: 4 },
      },
      forever,
    )
    await bench.restart()
    await bench.clock.advance(second)
    assert.equal(await bench.hpa(), undefined)
  })

  test('is told each time it comes and goes (2.11)', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    for (let time = 0; time < 2; time++) {
      await annotate(bench, { [paused]: 'true' })
      await bench.clock.advance(10 * second)
      await annotate(bench, { [paused]: null })
      await bench.clock.advance(10 * second)
    }
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    for (const reason of ['Normal ScaledObjectPaused', 'Normal ScaledObjectUnpaused'])
      assert.equal(reasons.filter((r) => r === reason).length, 2, reason)
  })

  test('holds across a restart, and says so', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    await annotate(bench, { [paused]: 'true' })
    bench.source.queues.set('orders', 0)
    bench.writes.length = 0
    await bench.restart()
    await bench.clock.advance(60 * minute)
    assert.equal(await bench.replicas(), 3)
    assert.deepEqual(bench.writes, [])
    const view = await bench.controller().insight.get('default', 'orders')
    assert.equal(view?.decision?.because, 'paused')
  })

  test('set while Ebb was away holds from the start', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    await bench.change({ metadata: { annotations: { [pausedReplicas]: '2' } } })
    bench.source.queues.set('orders', 0)
    await bench.restart()
    await bench.clock.advance(10 * minute)
    assert.equal(await bench.replicas(), 2)
    assert.equal(await bench.hpa(), undefined)
    assert.equal((await bench.scaledObject()).status?.pausedReplicaCount, 2)
  })

  test('of the whole needs no spec that can be followed, nor a target (2.2)', async (t) => {
    const triggers = [{ type: 'unheard-of', metadata: {} }]
    const bench = await ready(t, { triggers, scaleTargetRef: { name: 'nobody' } }, 3)
    assert.equal((await bench.condition('Ready')).status, 'False')
    await annotate(bench, { [paused]: 'true' })
    assert.deepEqual(await bench.condition('Ready'), {
      type: 'Ready',
      status: 'True',
      reason: 'ScaledObjectReady',
      message: 'paused by annotation',
    })
    await annotate(bench, { [paused]: null })
    assert.equal((await bench.condition('Ready')).status, 'False')
    assert.equal((await bench.condition('Paused')).status, 'False')
  })

  test('takes the HPA away even if the count it asks for is none (1.8)', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 40 })
    await annotate(bench, { [pausedReplicas]: 'many' })
    assert.equal(await bench.hpa(), undefined)
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectCheckFailed')
    assert.equal(await bench.replicas(), 3)
  })

  test('with a count wins over paused "false", and is stored until it goes (1.8, 2.8)', async (t) => {
    const bench = await ready(t, {}, 3, { answer: 12 })
    await annotate(bench, { [paused]: 'false', [pausedReplicas]: '0' })
    assert.equal(await bench.replicas(), 0)
    assert.equal((await bench.scaledObject()).status?.pausedReplicaCount, 0)
    await annotate(bench, { [pausedReplicas]: null })
    assert.equal((await bench.scaledObject()).status?.pausedReplicaCount, undefined)
    assert.equal(await bench.replicas(), 1)
  })

  test('set from the start remembers the replicas from before it (2.3)', async (t) => {
    const bench = await ready(t, {}, 3, { annotations: { [pausedReplicas]: '1' } })
    assert.equal(await bench.replicas(), 1)
    assert.equal((await bench.scaledObject()).status?.originalReplicaCount, 3)
  })

  test('keeps what was said of activity and fallback (errata 3)', async (t) => {
    const fallback = { failureThreshold: 0, replicas: 4 }
    const bench = await ready(t, { fallback }, 2, { answer: unreachable })
    assert.equal((await bench.condition('Fallback')).status, 'True')
    await annotate(bench, { [paused]: 'true' })
    await bench.restart()
    await bench.clock.advance(minute)
    const { status } = await bench.scaledObject()
    assert.equal((await bench.condition('Fallback')).status, 'True')
    assert.equal((await bench.condition('Active')).status, 'True')
    assert.deepEqual(status?.externalMetricNames, ['s0-memory-orders'])
    assert.deepEqual(status?.triggersActivity, { 's0-memory-orders': { isActive: true } })
    assert.equal(status?.hpaName, 'keda-hpa-orders')
    await annotate(bench, { [paused]: null })
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 2)
    assert.equal((await bench.condition('Fallback')).status, 'True')
  })

  test('of scale-out still lets minReplicaCount be kept (errata 1.8)', async (t) => {
    const bench = await ready(t, { minReplicaCount: 2 }, 1)
    await annotate(bench, { 'autoscaling.keda.sh/paused-scale-out': 'true' })
    assert.equal(await bench.replicas(), 2)
  })

  test('of scale-out wins over force-activation (3.7)', async (t) => {
    const bench = await ready(t, {}, 0, {
      annotations: {
        'autoscaling.keda.sh/paused-scale-out': '',
        'autoscaling.keda.sh/force-activation': '',
      },
    })
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 0)
    assert.equal((await bench.condition('Active')).status, 'True')
  })
})
