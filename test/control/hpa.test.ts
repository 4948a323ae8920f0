import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { HorizontalPodAutoscaler, OwnerReference } from '../../src/resources.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'

const second = 1_000
const minute = 60 * second
const namespace = 'default'

async function ready(
  t: TestContext,
  spec: Parameters<typeof scaledObject>[0] = {},
  before: (bench: Bench) => Promise<unknown> = async () => undefined,
  annotations: Readonly<Record<string, string>> = {},
): Promise<Bench> {
  const bench = await openBench()
  t.after(() => bench.close())
  bench.source.queues.set('orders', 40)
  await bench.cluster.create(kinds.deployment, deployment('orders', 3), forever)
  await before(bench)
  await bench.cluster.create(kinds.scaledObject, scaledObject(spec, { annotations }), forever)
  await bench.clock.advance(second)
  return bench
}

const hpaOf = (bench: Bench, name: string): Promise<HorizontalPodAutoscaler | undefined> =>
  bench.cluster.get(kinds.hpa, { namespace, name }, forever)

const named = (name: string, more: object = {}): Parameters<typeof scaledObject>[0] => ({
  advanced: { horizontalPodAutoscalerConfig: { name }, ...more },
})

const transfer = { 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' }

/** An HPA that somebody made for the target. */
const foreign = (
  name: string,
  owners: readonly OwnerReference[] = [],
): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { namespace, name, ownerReferences: owners, labels: { team: 'theirs' } },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
    maxReplicas: 4,
  },
})

const owner = (kind: string, name: string): OwnerReference => ({
  apiVersion: 'example.test/v1',
  kind,
  name,
  uid: 'theirs',
  controller: true,
})

describe('its HPA', () => {
  test('takes a change at once, also where its controller has just written how it stands', async (t) => {
    const bench = await ready(t)
    let conflicts = 1
    bench.cluster.setFaults({
      before({ verb, resource, name }) {
        if (verb === 'replace' && resource === 'horizontalpodautoscalers' && conflicts-- > 0)
          throw failure('CLUSTER_CONFLICT', { what: name })
      },
    })
    await bench.change({ spec: { maxReplicaCount: 7 } })
    await bench.clock.advance(10)
    assert.equal(conflicts, -1, 'there was a conflict')
    assert.equal((await bench.hpa())?.spec.maxReplicas, 7)
  })

  test('is made anew when it is deleted, and put right when it is changed', async (t) => {
    const bench = await ready(t)
    const ref = { namespace: 'default', name: 'keda-hpa-orders' }
    await bench.cluster.remove(kinds.hpa, ref, {}, forever)
    await bench.clock.advance(second)
    assert.ok(await bench.hpa())
    await bench.cluster.patch(kinds.hpa, ref, { spec: { maxReplicas: 77 } }, {}, forever)
    await bench.clock.advance(second)
    assert.equal((await bench.hpa())?.spec.maxReplicas, 10)
  })

  test('with a partial behavior, labels and annotations is not written again', async (t) => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 30 } }
    const bench = await ready(t, { advanced: { horizontalPodAutoscalerConfig: { behavior } } })
    await bench.clock.advance(minute)
    bench.writes.length = 0
    await bench.cluster.patch(
      kinds.scaledObject,
      { namespace: 'default', name: 'orders' },
      { metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } },
      {},
      forever,
    )
    await bench.clock.advance(minute)
    assert.deepEqual(bench.writes, ['replace HorizontalPodAutoscaler default/keda-hpa-orders'])
    assert.equal((await bench.hpa())?.metadata.labels?.['team'], 'a')
    bench.writes.length = 0
    await bench.clock.advance(180 * minute)
    assert.deepEqual(bench.writes, [])
  })

  test('is replaced by one of another name when the spec gives it another', async (t) => {
    const bench = await ready(t)
    const patch = { spec: { advanced: { horizontalPodAutoscalerConfig: { name: 'mine' } } } }
    await bench.cluster.patch(
      kinds.scaledObject,
      { namespace: 'default', name: 'orders' },
      patch,
      {},
      forever,
    )
    await bench.clock.advance(second)
    assert.equal(await bench.hpa(), undefined)
    assert.ok(await bench.cluster.get(kinds.hpa, { namespace: 'default', name: 'mine' }, forever))
    assert.equal((await bench.scaledObject()).status?.hpaName, 'mine')
  })

  test('that is there already under the name the spec gives is taken over where it is to be transferred (2.7)', async (t) => {
    const before = (b: Bench) => b.cluster.create(kinds.hpa, foreign('mine'), forever)
    const bench = await ready(t, named('mine'), before, transfer)
    const hpa = await hpaOf(bench, 'mine')
    assert.equal(hpa?.metadata.ownerReferences?.[0]?.name, 'orders')
    assert.equal(hpa?.metadata.labels?.['app.kubernetes.io/managed-by'], 'keda-operator')
    assert.equal(hpa?.spec.metrics?.[0]?.external?.metric.name, 's0-memory-orders')
    assert.equal((await bench.scaledObject()).status?.hpaName, 'mine')
  })

  test('is taken over by a workload that has another one (errata 2.7)', async (t) => {
    const bench = await ready(t)
    assert.ok(await bench.hpa())
    await bench.cluster.create(kinds.hpa, foreign('mine'), forever)
    await bench.change({ metadata: { annotations: transfer }, spec: named('mine') })
    await bench.clock.advance(second)
    assert.equal(await bench.hpa(), undefined)
    assert.equal((await hpaOf(bench, 'mine'))?.metadata.ownerReferences?.[0]?.name, 'orders')
    await bench.clock.advance(minute)
    bench.writes.length = 0
    await bench.clock.advance(60 * minute)
    assert.deepEqual(bench.writes, [])
  })

  for (const [whose, by] of [
    ['another kind', owner('Fleet', 'theirs')],
    ['another ScaledObject', owner('ScaledObject', 'theirs')],
  ] as const)
    test(`that belongs to ${whose} is left alone, and the condition names its owner`, async (t) => {
      const before = (b: Bench) => b.cluster.create(kinds.hpa, foreign('mine', [by]), forever)
      const bench = await ready(t, named('mine'), before, transfer)
      assert.equal((await hpaOf(bench, 'mine'))?.spec.maxReplicas, 4)
      const { reason, message } = await bench.condition('Ready')
      assert.equal(reason, 'ScaledObjectCheckFailed')
      assert.match(message ?? '', new RegExp(`mine belongs to ${by.kind} theirs`))
      await bench.change({ metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } })
      await bench.clock.advance(second)
      assert.ok(await hpaOf(bench, 'mine'))
    })

  test('of a ScaledObject that was deleted and made anew is its successor’s', async (t) => {
    const bench = await ready(t, {}, (b) =>
      b.cluster.create(
        kinds.hpa,
        foreign('keda-hpa-orders', [owner('ScaledObject', 'orders')]),
        forever,
      ),
    )
    assert.equal((await bench.condition('Ready')).status, 'True')
    const { uid } = (await bench.scaledObject()).metadata
    assert.equal((await bench.hpa())?.metadata.ownerReferences?.[0]?.uid, uid)
  })
})

describe('deletion', () => {
  const remove = (bench: Bench): Promise<void> =>
    bench.cluster.remove(kinds.scaledObject, { namespace, name: 'orders' }, {}, forever)

  test('without restoreToOriginalReplicaCount leaves the replicas, and the HPA to be collected (2.9)', async (t) => {
    const bench = await ready(t)
    bench.writes.length = 0
    await remove(bench)
    await bench.clock.advance(5 * second)
    assert.equal(await bench.replicas(), 3)
    assert.equal(await bench.hpa(), undefined)
    assert.deepEqual(bench.writes, ['patch ScaledObject default/orders'])
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    assert.ok(reasons.includes('Warning ScaledObjectDeleted'))
    assert.ok(reasons.includes('Normal KEDAScalersStopped'))
  })

  test('takes the HPA away before it restores, so that nobody undoes it', async (t) => {
    const bench = await ready(t, { advanced: { restoreToOriginalReplicaCount: true } })
    await bench.cluster.writeScale(
      kinds.deployment,
      {
        metadata: { namespace, name: 'orders' },
        spec: { replicas: 7 },
        status: { replicas: 7, selector: undefined },
      },
      forever,
    )
    await bench.clock.advance(second)
    bench.writes.length = 0
    await remove(bench)
    await bench.clock.advance(5 * second)
    assert.deepEqual(bench.writes, [
      'remove HorizontalPodAutoscaler default/keda-hpa-orders',
      'scale:3 Deployment default/orders',
      'patch ScaledObject default/orders',
    ])
    assert.equal(await bench.replicas(), 3)
  })

  test('waits for an API server that cannot be reached, rather than lose the replicas', async (t) => {
    const bench = await ready(t, { advanced: { restoreToOriginalReplicaCount: true } })
    await bench.cluster.writeScale(
      kinds.deployment,
      {
        metadata: { namespace, name: 'orders' },
        spec: { replicas: 7 },
        status: { replicas: 7, selector: undefined },
      },
      forever,
    )
    bench.cluster.setFaults({
      before({ subresource }) {
        if (subresource === 'scale')
          throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'down' })
      },
    })
    await remove(bench)
    await bench.clock.advance(minute)
    assert.ok(await bench.scaledObject())
    bench.cluster.setFaults({})
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 3)
    await assert.rejects(bench.scaledObject())
  })

  test('of a paused workload lets it go with the replicas it has', async (t) => {
    const bench = await ready(t)
    await bench.change({
      metadata: { annotations: { 'autoscaling.keda.sh/paused-replicas': '5' } },
    })
    await bench.clock.advance(second)
    await remove(bench)
    await bench.clock.advance(5 * second)
    assert.equal(await bench.replicas(), 5)
    await assert.rejects(bench.scaledObject())
  })
})

describe('a target', () => {
  test('that takes the place of another is judged by its own replicas, whatever was written to the other', async (t) => {
    const bench = await ready(t, { minReplicaCount: 0, cooldownPeriod: 0 })
    await bench.cluster.create(kinds.deployment, deployment('second', 6), forever)
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(20 * second)
    assert.equal(await bench.replicas(), 0)
    await bench.change({ spec: { scaleTargetRef: { name: 'second' } } })
    await bench.clock.advance(20 * second)
    assert.equal(await bench.replicas('second'), 0)
    assert.equal((await bench.hpa())?.spec.scaleTargetRef.name, 'second')
  })
})

describe('a target that somebody else scales', () => {
  const foreignRef = { namespace, name: 'theirs' }
  const other = (name: string, target = 'orders') =>
    scaledObject({ scaleTargetRef: { name: target } }, { name })

  test('is left to an HPA that is there, and taken up when that goes', async (t) => {
    const bench = await ready(t, {}, (b) => b.cluster.create(kinds.hpa, foreign('theirs'), forever))
    const { reason, message } = await bench.condition('Ready')
    assert.equal(reason, 'ScaledObjectCheckFailed')
    assert.match(
      message ?? '',
      /orders of type apps\/v1\.Deployment is managed by the HPA theirs already/,
    )
    assert.equal(await bench.hpa(), undefined)
    bench.writes.length = 0
    await bench.clock.advance(60 * minute)
    assert.deepEqual(bench.writes, [])
    await bench.cluster.remove(kinds.hpa, foreignRef, {}, forever)
    await bench.clock.advance(second)
    assert.equal((await bench.condition('Ready')).status, 'True')
    assert.ok(await bench.hpa())
  })

  test('is left to an HPA that comes later: two would stop each other', async (t) => {
    const bench = await ready(t)
    await bench.cluster.create(kinds.hpa, foreign('theirs'), forever)
    await bench.clock.advance(second)
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectCheckFailed')
    assert.equal(await bench.hpa(), undefined)
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(60 * minute)
    assert.equal(await bench.replicas(), 3)
  })

  test('is scaled all the same where that HPA is exempt (1.8)', async (t) => {
    const exempt = foreign('theirs')
    const annotations = { 'validations.keda.sh/hpa-ownership': 'false' }
    const metadata = { ...exempt.metadata, annotations }
    const bench = await ready(t, {}, (b) =>
      b.cluster.create(kinds.hpa, { ...exempt, metadata }, forever),
    )
    assert.ok(await bench.hpa())
  })

  test('transfer asks for the HPA’s name', async (t) => {
    const before = (b: Bench) => b.cluster.create(kinds.hpa, foreign('theirs'), forever)
    const bench = await ready(t, {}, before, transfer)
    assert.match(
      (await bench.condition('Ready')).message ?? '',
      /horizontalPodAutoscalerConfig\.name must be theirs/,
    )
    await bench.change({ spec: named('theirs') })
    await bench.clock.advance(second)
    assert.equal((await bench.condition('Ready')).status, 'True')
    assert.equal((await hpaOf(bench, 'theirs'))?.metadata.ownerReferences?.[0]?.name, 'orders')
  })

  test('goes on under the older of two ScaledObjects, and to the other when that goes', async (t) => {
    const bench = await ready(t)
    await bench.clock.advance(minute)
    await bench.cluster.create(kinds.scaledObject, other('another'), forever)
    await bench.clock.advance(second)
    assert.equal((await bench.condition('Ready')).status, 'True')
    const { reason, message } = await bench.condition('Ready', 'another')
    assert.equal(reason, 'ScaledObjectCheckFailed')
    assert.match(message ?? '', /is managed by the ScaledObject orders already/)
    assert.equal(await bench.hpa('another'), undefined)
    await bench.cluster.remove(kinds.scaledObject, { namespace, name: 'orders' }, {}, forever)
    await bench.clock.advance(2 * second)
    assert.equal((await bench.condition('Ready', 'another')).status, 'True')
    assert.ok(await bench.hpa('another'))
  })

  test('is let go by the younger one, whose HPA goes, when the older turns to it', async (t) => {
    const bench = await ready(t, {}, async (b) => {
      await b.cluster.create(kinds.deployment, deployment('second', 2), forever)
    })
    await bench.clock.advance(minute)
    await bench.cluster.create(kinds.scaledObject, other('another', 'second'), forever)
    await bench.clock.advance(second)
    assert.ok(await bench.hpa('another'))
    await bench.change({ spec: { scaleTargetRef: { name: 'second' } } })
    await bench.clock.advance(2 * second)
    assert.equal((await bench.condition('Ready')).status, 'True')
    assert.equal((await bench.condition('Ready', 'another')).reason, 'ScaledObjectCheckFailed')
    assert.equal(await bench.hpa('another'), undefined)
  })
})
