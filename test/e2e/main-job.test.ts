import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startAzurite } from '../support/azurite.ts'
import { installEbb } from '../support/installed.ts'
import { need } from '../support/need.ts'

const pollingInterval = 2

const objects = (connection: string): string =>
  [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'storage' },
      stringData: { connection },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'orders' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'orders' } },
        template: {
          metadata: { labels: { app: 'orders' } },
          spec: { containers: [{ name: 'main', image: 'orders' }] },
        },
      },
    },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'TriggerAuthentication',
      metadata: { name: 'storage' },
      spec: { secretTargetRef: [{ parameter: 'connection', name: 'storage', key: 'connection' }] },
    },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'orders' },
      spec: {
        scaleTargetRef: { name: 'orders' },
        pollingInterval,
        cooldownPeriod: 5,
        maxReplicaCount: 6,
        advanced: {
          horizontalPodAutoscalerConfig: {
            behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
          },
        },
        triggers: [
          {
            type: 'azure-queue',
            metadata: { queueName: 'orders', queueLength: '5' },
            authenticationRef: { name: 'storage' },
          },
        ],
      },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join('\n---\n')

test('a real queue scales a workload 0 -> 1 -> n -> 0 on a real control plane, under the account of the manifests', async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({
    pods: true,
    hpaSync: '1s',
    downscaleStabilization: '5s',
  })
  const { plane, until } = installed
  const azurite = await startAzurite()
  t.after(() => azurite.stop())
  await azurite.create('orders')
  await plane.apply(objects(azurite.connection))
  const replicas = async (): Promise<number> =>
    Number(await plane.kubectl('get', 'deployment', 'orders', '-o', 'jsonpath={.spec.replicas}'))
  const seen: number[] = []
  const counted = async (): Promise<number> => {
    const now = await replicas()
    if (seen.at(-1) !== now) seen.push(now)
    return now
  }

  await until(
    'the ScaledObject is ready',
    () =>
      plane.kubectl(
        'get',
        'so',
        'orders',
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
      ),
    (status) => status === 'True',
  )
  assert.equal(await counted(), 0)

  const sent = performance.now()
  await azurite.send('orders', 22)
  await until('the target wakes', counted, (n) => n >= 1, 15)
  const woken = performance.now() - sent
  assert.ok(woken < (pollingInterval + 1) * 1_000, `woke after ${woken} ms`)

  await until('the HPA scales to ceil(22 / 5)', counted, (n) => n === 5)
  await azurite.send('orders', 30)
  await until('the HPA scales to the maximum', counted, (n) => n === 6)

  const table = await plane.kubectl('get', 'so', 'orders')
  assert.match(
    table,
    /apps\/v1\.Deployment\s+orders\s+.*6\s+True\s+True\s+False\s+False\s+azure-queue\s+storage/,
  )

  await azurite.clear('orders')
  await until('the target rests', counted, (n) => n === 0, 60)
  assert.equal(seen[0], 0)
  assert.equal(seen.at(-1), 0)

  // the HPA may act before anybody has seen the first replica, so what Ebb wrote is told by its events
  const line = 'jsonpath={range .items[*]}{.reason} {.message}{"\\n"}{end}'
  const events = await plane.kubectl('get', 'events', '-o', line)
  for (const happened of [
    /^ScaledObjectReady /m,
    /^KEDAScaleTargetActivated .* from 0 to 1 replica /m,
    /^KEDAScaleTargetDeactivated .* to 0 replicas /m,
  ])
    assert.match(events, happened)
  const ended = await installed.ebb.stop()
  assert.equal(ended.code, 0)
  assert.ok(ended.ms < 10_000)
  assert.ok(!installed.ebb.lines.some((line) => line.includes(azurite.connection)))
})
