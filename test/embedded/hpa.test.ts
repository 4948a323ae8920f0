import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import type { HorizontalPodAutoscaler } from '../../src/resources.ts'
import { autoscaler } from '../contract/cluster/fixtures.ts'
import { ref, stage } from './stage.ts'

type Spec = Partial<HorizontalPodAutoscaler['spec']>

/** A Deployment `app` with one replica and an HPA that reads a metric the test sets; target 5 per pod, 1 to 10. */
async function autoscaled(t: Parameters<typeof stage>[0], replicas: number, spec: Spec = {}) {
  const reads: string[] = []
  const metric: { values: readonly string[] | Error; meanwhile: () => Promise<unknown> } = {
    values: [],
    meanwhile: async () => undefined,
  }
  const made = stage(t, {
    downscaleStabilization: 60_000,
    readExternalMetric: async (namespace, name, selector) => {
      reads.push(`${namespace}/${name}?${selector}`)
      await metric.meanwhile()
      if (metric.values instanceof Error) throw metric.values
      return metric.values
    },
  })
  const { cluster, signal } = made
  await made.deploy('Deployment', replicas)
  await cluster.create(kinds.hpa, autoscaler('ns', 'h', spec), signal)
  const hpa = async () => {
    const found = await cluster.get(kinds.hpa, ref('h'), signal)
    assert.ok(found)
    return found
  }
  const count = async () =>
    (await cluster.readScale(kinds.deployment, ref('app'), signal))?.spec.replicas
  const condition = async (type: string) => {
    const found = (await hpa()).status?.conditions?.find((c) => c.type === type)
    return found && `${found.status} ${found.reason}`
  }
  return { ...made, reads, metric, hpa, count, condition }
}

test('an HPA is first looked at one sync after it was made, and then at every sync', async (t) => {
  const { clock, reads, metric } = await autoscaled(t, 1)
  metric.values = ['5']
  await clock.advance(14_999)
  assert.deepEqual(reads, [])
  await clock.advance(1)
  assert.deepEqual(reads, ['ns/s0-azure-queue-orders?'])
  await clock.advance(60_000)
  assert.equal(reads.length, 5)
})

test('an HPA scales to the backlog divided by its target, at the default pace, and says what it did', async (t) => {
  const { clock, metric, hpa, count, condition } = await autoscaled(t, 1)
  metric.values = ['20', '10']
  await clock.advance(15_000)
  assert.equal(await count(), 4)
  assert.equal(await condition('AbleToScale'), 'True SucceededRescale')
  assert.equal(await condition('ScalingLimited'), 'True ScaleUpLimit')
  assert.partialDeepStrictEqual((await hpa()).status, {
    currentReplicas: 1,
    desiredReplicas: 4,
    lastScaleTime: new Date(clock.now()).toISOString().replace('.000', ''),
    currentMetrics: [
      {
        type: 'External',
        external: { metric: { name: 's0-azure-queue-orders' }, current: { averageValue: '30' } },
      },
    ],
  })
  await clock.advance(15_000)
  assert.equal(await count(), 6)
  assert.equal(await condition('ScalingLimited'), 'False DesiredWithinRange')
})

test('an HPA keeps within its maximum', async (t) => {
  const { clock, metric, count, condition } = await autoscaled(t, 1)
  metric.values = ['1k']
  await clock.advance(60_000)
  assert.equal(await count(), 10)
  assert.equal(await condition('ScalingLimited'), 'True TooManyReplicas')
})

test('an HPA scales down only after the stabilization of downscaling', async (t) => {
  const { clock, metric, count } = await autoscaled(t, 1)
  metric.values = ['20']
  await clock.advance(15_000)
  assert.equal(await count(), 4)
  metric.values = ['5']
  await clock.advance(60_000)
  assert.equal(await count(), 4)
  await clock.advance(15_000)
  assert.equal(await count(), 1)
})

test('an HPA remembers what it wanted before, also when that changed nothing', async (t) => {
  const { clock, metric, count } = await autoscaled(t, 4)
  metric.values = ['20']
  await clock.advance(15_000)
  metric.values = ['5']
  await clock.advance(60_000)
  assert.equal(await count(), 4)
  await clock.advance(15_000)
  assert.equal(await count(), 1)
})

test('an HPA remembers its changes for the policies of its behavior', async (t) => {
  const behavior = { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } }
  const { clock, metric, count } = await autoscaled(t, 1, { behavior })
  metric.values = ['50']
  await clock.advance(15_000)
  assert.equal(await count(), 2)
  await clock.advance(45_000)
  assert.equal(await count(), 2)
  await clock.advance(15_000)
  assert.equal(await count(), 3)
})

test('an HPA leaves a target at zero alone and does not read its metrics', async (t) => {
  const { clock, reads, count, condition } = await autoscaled(t, 0)
  await clock.advance(60_000)
  assert.equal(await count(), 0)
  assert.deepEqual(reads, [])
  assert.equal(await condition('ScalingActive'), 'False ScalingDisabled')
})

test('an HPA whose metric cannot be read changes nothing and says why', async (t) => {
  const { clock, metric, hpa, count, condition } = await autoscaled(t, 3)
  metric.values = new Error('the queue is away')
  await clock.advance(15_000)
  assert.equal(await count(), 3)
  assert.equal(await condition('ScalingActive'), 'False FailedGetExternalMetric')
  assert.equal((await hpa()).status?.desiredReplicas, 0, 'nothing was computed yet')
  const messages = (await hpa()).status?.conditions?.map(({ message }) => message)
  assert.match(messages?.join() ?? '', /the queue is away/)
})

test('an HPA takes an answer without values, or with something else than quantities, for a missing metric', async (t) => {
  const { clock, metric, count, condition } = await autoscaled(t, 3)
  for (const values of [[], ['many']]) {
    metric.values = values
    await clock.advance(15_000)
    assert.equal(await count(), 3)
    assert.equal(await condition('ScalingActive'), 'False FailedGetExternalMetric')
  }
})

test('an HPA with a cpu metric beside an external one may scale up but not down', async (t) => {
  const [external] = autoscaler('ns', 'h').spec.metrics ?? []
  assert.ok(external)
  const cpu = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
  }
  const { clock, metric, count, condition } = await autoscaled(t, 2, { metrics: [cpu, external] })
  metric.values = ['5']
  await clock.advance(300_000)
  assert.equal(await count(), 2)
  assert.equal(await condition('ScalingActive'), 'False FailedGetResourceMetric')
  metric.values = ['15']
  await clock.advance(15_000)
  assert.equal(await count(), 3)
})

test('the type Value applies the ratio to the pods that are ready', async (t) => {
  const metrics = [
    {
      type: 'External',
      external: { metric: { name: 'm' }, target: { type: 'Value', value: '10' } },
    },
  ]
  const { clock, metric, count } = await autoscaled(t, 2, { metrics })
  metric.values = ['20']
  await clock.advance(15_000)
  assert.equal(await count(), 4)
})

test('an HPA asks for its metric with the selector in its spec', async (t) => {
  const selector = { matchLabels: { 'scaledobject.keda.sh/name': 'so' } }
  const target = { type: 'AverageValue', averageValue: '5' }
  const metrics = [{ type: 'External', external: { metric: { name: 'm', selector }, target } }]
  const { clock, reads } = await autoscaled(t, 1, { metrics })
  await clock.advance(15_000)
  assert.deepEqual(reads, ['ns/m?scaledobject.keda.sh/name=so'])
})

test('an HPA whose target is gone says so and goes on when it is back', async (t) => {
  const { cluster, clock, signal, metric, deploy, count, condition } = await autoscaled(t, 1)
  metric.values = ['10']
  await cluster.remove(kinds.deployment, ref('app'), {}, signal)
  await clock.advance(15_000)
  assert.equal(await condition('AbleToScale'), 'False FailedGetScale')
  await deploy('Deployment', 1)
  await clock.advance(15_000)
  assert.equal(await count(), 2)
})

test('a change of the target while the metric is read costs one sync, not the change', async (t) => {
  const { cluster, clock, signal, metric, count, condition } = await autoscaled(t, 1)
  const annotations = { touched: 'yes' }
  metric.values = ['10']
  metric.meanwhile = () =>
    cluster.patch(kinds.deployment, ref('app'), { metadata: { annotations } }, {}, signal)
  await clock.advance(15_000)
  assert.equal(await count(), 1)
  assert.equal(await condition('AbleToScale'), 'False FailedUpdateScale')
  await clock.advance(15_000)
  assert.equal(await count(), 2)
})

test('a metric that is never answered counts as missing after a while and holds nobody up for longer', async (t) => {
  const { clock, metric, count, condition } = await autoscaled(t, 1)
  metric.values = ['10']
  metric.meanwhile = () => new Promise(() => {})
  await clock.advance(44_999)
  assert.equal(await condition('ScalingActive'), undefined)
  await clock.advance(1)
  assert.equal(await condition('ScalingActive'), 'False FailedGetExternalMetric')
  metric.meanwhile = async () => undefined
  await clock.advance(15_000)
  assert.equal(await count(), 2)
})

test('an HPA at rest writes nothing', async (t) => {
  const { cluster, clock, signal, metric, hpa } = await autoscaled(t, 2)
  metric.values = ['10']
  await clock.advance(120_000)
  const before = await hpa()
  const { resourceVersion } = await cluster.list(kinds.pod, {}, signal)
  await clock.advance(24 * 3_600_000)
  assert.equal((await hpa()).metadata.resourceVersion, before.metadata.resourceVersion)
  const after = await cluster.list(kinds.pod, {}, signal)
  assert.equal(after.resourceVersion, resourceVersion)
})

test('an HPA that is removed is no longer looked at', async (t) => {
  const { cluster, clock, signal, reads } = await autoscaled(t, 1)
  await cluster.remove(kinds.hpa, ref('h'), {}, signal)
  await clock.advance(60_000)
  assert.deepEqual(reads, [])
})

test('an HPA with a bad range or target is refused', async (t) => {
  const { cluster, signal } = stage(t)
  const external = (target: object): Spec => ({
    metrics: [
      {
        type: 'External',
        external: { metric: { name: 'm' }, target: { type: 'Value', ...target } },
      },
    ],
  })
  const bad: readonly Spec[] = [
    { maxReplicas: 0 },
    { minReplicas: 0 },
    { minReplicas: 5, maxReplicas: 4 },
    external({}),
    external({ value: '0' }),
    external({ value: 'x' }),
    external({ value: '1', averageValue: '1' }),
  ]
  for (const spec of bad)
    await assert.rejects(
      cluster.create(kinds.hpa, autoscaler('ns', 'h', spec), signal),
      { code: 'CLUSTER_INVALID' },
      JSON.stringify(spec),
    )
})
