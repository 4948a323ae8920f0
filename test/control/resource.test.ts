import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import type { TriggerSpec } from '../../src/resources.ts'
import { deployment, forever, openBench, scaledObject } from '../support/controller.ts'

const cpu: TriggerSpec = { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } }
const memory: TriggerSpec = {
  type: 'memory',
  metricType: 'AverageValue',
  metadata: { value: '1Gi', containerName: 'main' },
}
const queue: TriggerSpec = { type: 'queue', metadata: { queue: 'orders' } }

async function stage(triggers: readonly TriggerSpec[], replicas = 0, spec: object = {}) {
  const bench = await openBench()
  await bench.cluster.create(kinds.deployment, deployment('orders', replicas), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject({ triggers, ...spec }), forever)
  await bench.clock.advance(2_000)
  return bench
}

test('cpu and memory stand beside a queue on the HPA, and in the status', async () => {
  const bench = await stage([cpu, queue, memory])
  assert.deepEqual(
    (await bench.hpa())?.spec.metrics?.map(({ type, external, resource, containerResource }) => [
      type,
      external?.metric.name ?? resource?.name ?? containerResource?.name,
    ]),
    [
      ['ContainerResource', 'memory'],
      ['External', 's1-memory-orders'],
      ['Resource', 'cpu'],
    ],
  )
  const { status } = await bench.scaledObject()
  assert.deepEqual(status?.externalMetricNames, ['s1-memory-orders'])
  assert.deepEqual(status?.resourceMetricNames, ['cpu'])
  assert.equal((await bench.condition('Ready')).status, 'True')
  await bench.close()
})

test('they neither wake a workload nor keep it awake beside another trigger', async () => {
  const bench = await stage([cpu, queue])
  await bench.clock.advance(60_000)
  assert.equal(await bench.replicas(), 0)
  bench.source.queues.set('orders', 3)
  await bench.clock.advance(11_000)
  assert.equal(await bench.replicas(), 1)
  bench.source.queues.set('orders', 0)
  await bench.clock.advance(90_000)
  assert.equal(await bench.replicas(), 0)
  await bench.close()
})

test('alone they keep a workload up', async () => {
  const bench = await stage([cpu], 0, { minReplicaCount: 1 })
  await bench.clock.advance(60_000)
  assert.equal(await bench.replicas(), 1)
  assert.equal((await bench.condition('Active')).status, 'True')
  assert.deepEqual((await bench.scaledObject()).status?.externalMetricNames, undefined)
  bench.writes.length = 0
  await bench.clock.advance(3_600_000)
  assert.deepEqual(bench.writes, [])
  await bench.close()
})

test('with modifiers they stay beside the composite metric', async () => {
  const advanced = { scalingModifiers: { formula: 'q * 2', target: '5' } }
  const bench = await stage([cpu, { ...queue, name: 'q' }, memory], 0, { advanced })
  assert.deepEqual(
    (await bench.hpa())?.spec.metrics?.map((m) => m.type),
    ['ContainerResource', 'External', 'Resource'],
  )
  await bench.close()
})

test('one that is wrong is named in the condition', async () => {
  const bench = await stage([{ ...cpu, metricType: 'Value' }, queue])
  const { reason, message } = await bench.condition('Ready')
  assert.equal(reason, 'ScaledObjectCheckFailed')
  assert.match(message ?? '', /trigger cpu: metricType must be Utilization or AverageValue/)
  await bench.close()
})
