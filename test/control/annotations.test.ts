import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'
import { queues, stage } from '../support/scaledjob.ts'

const second = 1_000
/** Polled once an hour (s): no poll can be what carries a change. */
const rarely = 3_600
const keda = 'autoscaling.keda.sh/'

type Mode = 'hpa' | 'direct'
interface Acting {
  readonly bench: Bench
  /** Sets an annotation, or takes it away, and looks a second later. */
  readonly annotate: (key: string, value: string | null) => Promise<void>
  /** What the workload is seen by: its replicas, and whether it has an HPA. */
  readonly seen: () => Promise<string>
}

/** A workload that wants `queue` / 5 replicas and has them; in hpa mode an HPA reads Ebb. */
async function awake(
  t: TestContext,
  mode: Mode,
  queue: number,
  {
    spec = {},
    before = async () => undefined,
  }: {
    readonly spec?: Parameters<typeof scaledObject>[0]
    readonly before?: (bench: Bench) => Promise<unknown>
  } = {},
): Promise<Acting> {
  const bench = await openBench({ hpasRead: true })
  t.after(() => bench.close())
  bench.source.queues.set('orders', queue)
  await bench.cluster.create(kinds.deployment, deployment('orders', 0), forever)
  await before(bench)
  const scaleDown = { stabilizationWindowSeconds: 0 }
  const advanced = { horizontalPodAutoscalerConfig: { behavior: { scaleDown } } }
  const annotations = { 'ebb.dev/scaling': mode }
  await bench.cluster.create(
    kinds.scaledObject,
    scaledObject(
      { pollingInterval: rarely, cooldownPeriod: 0, advanced, ...spec },
      { annotations },
    ),
    forever,
  )
  await bench.clock.advance(60 * second)
  return {
    bench,
    async annotate(key, value) {
      await bench.change({ metadata: { annotations: { [key]: value } } })
      await bench.clock.advance(second)
    },
    seen: async () => `${await bench.replicas()} ${(await bench.hpa()) ? 'with' : 'without'} HPA`,
  }
}

describe('an annotation of a ScaledObject acts within a second (1.8, 2.1)', () => {
  for (const mode of ['hpa', 'direct'] as const) {
    const own = mode === 'hpa' ? 'with' : 'without'

    test(`paused, ${mode}: the replicas are frozen and the HPA goes, and both come back`, async (t) => {
      const { bench, annotate, seen } = await awake(t, mode, 15)
      assert.equal(await seen(), `3 ${own} HPA`)
      await annotate(`${keda}paused`, 'true')
      assert.equal(await seen(), '3 without HPA')
      assert.equal((await bench.condition('Paused')).reason, 'ScaledObjectPaused')
      bench.source.queues.set('orders', 35)
      await bench.clock.advance(2 * rarely * second)
      assert.equal(await seen(), '3 without HPA')
      await annotate(`${keda}paused`, null)
      assert.equal((await bench.condition('Paused')).reason, 'ScaledObjectUnpaused')
      // an HPA comes to its count with its own next sync
      assert.equal(await seen(), mode === 'hpa' ? '3 with HPA' : '7 without HPA')
    })

    test(`paused-replicas, ${mode}: the target is brought to them, and let go`, async (t) => {
      const { bench, annotate, seen } = await awake(t, mode, 15)
      for (const count of [7, 0]) {
        await annotate(`${keda}paused-replicas`, `${count}`)
        assert.equal(await seen(), `${count} without HPA`)
        assert.equal((await bench.scaledObject()).status?.pausedReplicaCount, count)
      }
      await annotate(`${keda}paused-replicas`, null)
      assert.equal(await seen(), mode === 'hpa' ? '1 with HPA' : '3 without HPA')
      assert.equal((await bench.scaledObject()).status?.pausedReplicaCount, undefined)
    })

    test(`paused-scale-in, ${mode}: nothing is lowered until it goes`, async (t) => {
      const { bench, annotate, seen } = await awake(t, mode, 15, { spec: { pollingInterval: 5 } })
      await annotate(`${keda}paused-scale-in`, 'true')
      assert.equal((await bench.condition('Paused')).status, 'True')
      const policy = async () => (await bench.hpa())?.spec.behavior?.scaleDown?.selectPolicy
      if (mode === 'hpa') assert.equal(await policy(), 'Disabled')
      bench.source.queues.set('orders', 0)
      await bench.clock.advance(60 * second)
      assert.equal(await seen(), `3 ${own} HPA`)
      await annotate(`${keda}paused-scale-in`, null)
      assert.notEqual(await policy(), 'Disabled')
      // idle for longer than the cooldown: at once to where it rests
      assert.equal(await bench.replicas(), 0)
    })

    test(`paused-scale-out, ${mode}: nothing is raised until it goes`, async (t) => {
      const { bench, annotate, seen } = await awake(t, mode, 15, { spec: { pollingInterval: 5 } })
      await annotate(`${keda}paused-scale-out`, 'true')
      const policy = async () => (await bench.hpa())?.spec.behavior?.scaleUp?.selectPolicy
      if (mode === 'hpa') assert.equal(await policy(), 'Disabled')
      bench.source.queues.set('orders', 35)
      await bench.clock.advance(60 * second)
      assert.equal(await seen(), `3 ${own} HPA`)
      await annotate(`${keda}paused-scale-out`, null)
      assert.notEqual(await policy(), 'Disabled')
      if (mode === 'hpa') await bench.clock.advance(15 * second)
      assert.equal(await bench.replicas(), 7)
    })

    test(`force-activation, ${mode}: wakes, and lets rest again`, async (t) => {
      const { annotate, bench } = await awake(t, mode, 0)
      assert.equal(await bench.replicas(), 0)
      await annotate(`${keda}force-activation`, 'true')
      assert.equal(await bench.replicas(), 1)
      await annotate(`${keda}force-activation`, 'false')
      assert.equal(await bench.replicas(), 0)
    })

    test(`ebb.dev/mode: shadow, ${mode}: nothing is written until it goes`, async (t) => {
      const { annotate, bench } = await awake(t, mode, 15, { spec: { pollingInterval: 5 } })
      await annotate('ebb.dev/mode', 'shadow')
      await bench.cluster
        .remove(kinds.hpa, { namespace: 'default', name: 'keda-hpa-orders' }, {}, forever)
        .catch(() => undefined)
      bench.source.queues.set('orders', 35)
      bench.writes.length = 0
      await bench.clock.advance(60 * second)
      assert.deepEqual(bench.writes, [])
      await annotate('ebb.dev/mode', null)
      if (mode === 'hpa') assert.ok(await bench.hpa())
      else assert.equal(await bench.replicas(), 7)
    })
  }

  test('ebb.dev/scaling: the HPA goes and comes, the replicas stay', async (t) => {
    const { annotate, seen } = await awake(t, 'hpa', 15)
    await annotate('ebb.dev/scaling', 'direct')
    assert.equal(await seen(), '3 without HPA')
    await annotate('ebb.dev/scaling', null)
    assert.equal(await seen(), '3 with HPA')
  })

  test('ebb.dev/demand: the HPA is told the sum, and each value again', async (t) => {
    const { annotate, bench } = await awake(t, 'hpa', 15)
    const metrics = async () =>
      (await bench.hpa())?.spec.metrics?.map(({ external }) => external?.metric.name)
    const each = await metrics()
    await annotate('ebb.dev/demand', 'sum')
    assert.notDeepEqual(await metrics(), each)
    await annotate('ebb.dev/demand', null)
    assert.deepEqual(await metrics(), each)
  })

  test('scaledobject.keda.sh/hpa-excluded-labels: the label leaves the HPA, and comes back', async (t) => {
    const { annotate, bench } = await awake(t, 'hpa', 15)
    await bench.change({ metadata: { labels: { team: 'shop' } } })
    await bench.clock.advance(second)
    const team = async () => (await bench.hpa())?.metadata.labels?.['team']
    assert.equal(await team(), 'shop')
    await annotate('scaledobject.keda.sh/hpa-excluded-labels', 'other,team')
    assert.equal(await team(), undefined)
    await annotate('scaledobject.keda.sh/hpa-excluded-labels', null)
    assert.equal(await team(), 'shop')
  })

  test('scaledobject.keda.sh/transfer-hpa-ownership: the HPA that is there is taken over', async (t) => {
    const theirs = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { namespace: 'default', name: 'theirs' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
        maxReplicas: 4,
      },
    }
    const { annotate, bench } = await awake(t, 'hpa', 15, {
      spec: { advanced: { horizontalPodAutoscalerConfig: { name: 'theirs' } } },
      before: (b) => b.cluster.create(kinds.hpa, theirs, forever),
    })
    const hpa = () =>
      bench.cluster.get(kinds.hpa, { namespace: 'default', name: 'theirs' }, forever)
    assert.equal((await hpa())?.metadata.ownerReferences, undefined)
    await annotate('scaledobject.keda.sh/transfer-hpa-ownership', 'true')
    assert.equal((await hpa())?.metadata.ownerReferences?.[0]?.name, 'orders')
    assert.equal((await bench.condition('Ready')).status, 'True')
  })
})

describe('an annotation of a ScaledJob acts within a second (1.8, 5.1)', () => {
  const annotated = (key: string, value: string | null): object => ({
    metadata: { annotations: { [key]: value } },
  })

  test('paused: no Job is made until it goes', async (t) => {
    const { bench, names, change, condition } = await stage(t, {}, 0)
    await change(annotated(`${keda}paused`, 'true'))
    assert.equal(await condition('Paused'), 'True ScaledJobPaused')
    bench.source.queues.set('work', 2)
    await bench.clock.advance(60 * second)
    assert.deepEqual(await names(), [])
    await change(annotated(`${keda}paused`, null))
    assert.deepEqual(await names(), ['work-1', 'work-2'])
    assert.equal(await condition('Paused'), 'False ScaledJobUnpaused')
  })

  test('ebb.dev/mode: shadow: none is made until it goes', async (t) => {
    const { bench, names, change } = await stage(t, {}, 0)
    await change(annotated('ebb.dev/mode', 'shadow'))
    bench.source.queues.set('work', 2)
    await bench.clock.advance(60 * second)
    assert.deepEqual(await names(), [])
    await change(annotated('ebb.dev/mode', null))
    assert.deepEqual(await names(), ['work-1', 'work-2'])
  })

  test('scaledjob.keda.sh/job-excluded-labels: the next Job has the label no more', async (t) => {
    const { bench, jobs, change } = await stage(t, { triggers: queues('work') }, 0, {
      metadata: { labels: { team: 'shop' } },
    })
    bench.source.queues.set('work', 1)
    await bench.clock.advance(11 * second)
    await change(annotated('scaledjob.keda.sh/job-excluded-labels', 'team'))
    bench.source.queues.set('work', 2)
    await bench.clock.advance(11 * second)
    assert.deepEqual(
      (await jobs()).map(({ metadata }) => metadata.labels?.['team']),
      ['shop', undefined],
    )
  })
})
