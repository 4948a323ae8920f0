import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kubernetesWorkload } from '../../../scalers/kubernetes-workload/index.ts'
import { kinds } from '../../../src/kinds.ts'
import type { Pod } from '../../../src/resources.ts'
import { deployment, forever, openBench, scaledObject } from '../../support/controller.ts'

const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, labels: { app: 'shop' } },
  spec: { containers: [{ name: 'main', image: 'image' }] },
})

test('under scalingModifiers, pods are counted without a value (KEDA tests/internals/scaling_modifiers)', async () => {
  const bench = await openBench({
    hpasRead: true,
    shared: { load: async () => kubernetesWorkload },
  })
  const { cluster, clock } = bench
  await cluster.create(kinds.deployment, deployment(), forever)
  const trigger = {
    type: 'kubernetes-workload',
    name: 'pods',
    metadata: { podSelector: 'app=shop' },
  }
  const scalingModifiers = { formula: 'pods * 3', target: '1' }
  await cluster.create(
    kinds.scaledObject,
    scaledObject({ pollingInterval: 5, triggers: [trigger], advanced: { scalingModifiers } }),
    forever,
  )
  await cluster.create(kinds.pod, pod('a'), forever)
  await clock.advance(60_000)
  assert.equal((await bench.condition('Ready')).status, 'True')
  assert.equal(await bench.replicas(), 3)
  await bench.close()
})

test('a workload follows the pods of another at once, and lists none to do so', async () => {
  const bench = await openBench({ shared: { load: async () => kubernetesWorkload } })
  const { cluster, clock } = bench
  await cluster.create(kinds.deployment, deployment(), forever)
  const trigger = {
    type: 'kubernetes-workload',
    metadata: { podSelector: 'app=shop', value: '2' },
  }
  await cluster.create(
    kinds.scaledObject,
    scaledObject({ pollingInterval: 3_600, triggers: [trigger] }),
    forever,
  )
  await clock.advance(5_000)
  assert.equal(await bench.replicas(), 0)
  await cluster.create(kinds.pod, pod('a'), forever)
  await clock.advance(1_000)
  assert.equal(await bench.replicas(), 1)
  const view = bench.controller().insight.get('default', 'orders')
  assert.equal((await view)?.situation?.triggers[0]?.value, 1)
  await cluster.remove(kinds.pod, { namespace: 'default', name: 'a' }, {}, forever)
  await clock.advance(90_000)
  assert.equal(await bench.replicas(), 0)
  await bench.close()
})
