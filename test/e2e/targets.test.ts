import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startAzurite } from '../support/azurite.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { fleetDefinition, mayScaleFleets } from '../support/fleet.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import {
  deploymentObject,
  listOf,
  scaledObject,
  scaledObjectOf,
  secretObject,
} from '../support/objects.ts'

const statefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'stateful', namespace: 'default' },
  spec: {
    replicas: 0,
    serviceName: 'stateful',
    selector: { matchLabels: { app: 'stateful' } },
    template: {
      metadata: { labels: { app: 'stateful' } },
      spec: { containers: [{ name: 'main', image: 'none' }] },
    },
  },
}

const fleet = {
  apiVersion: 'example.test/v1',
  kind: 'Fleet',
  metadata: { name: 'fleet', namespace: 'default' },
  spec: { replicas: 0 },
}
test('what Ebb scales, on a real control plane', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ hpaSync: '1s', pods: true })
  const { plane, until } = installed
  const look = looksAt(plane)
  const source = await startFakePrometheus()
  const azurite = await startAzurite()
  t.after(() => Promise.all([source.close(), azurite.stop()]))
  const { url } = source
  const isAt = (name: string, count: number, kind?: string): Promise<unknown> =>
    until(
      `${name} is at ${count}`,
      () => look.replicas(name, kind),
      (n) => n === count,
      60,
    )
  const stands = (name: string, reason: string): Promise<unknown> =>
    until(
      `${name} is ${reason}`,
      () => look.ready(name),
      (found) => found === reason,
      60,
    )

  await t.test('a ScaledObject that is deleted leaves its target the replicas it has', async () => {
    source.values.set('deleted', 25)
    await plane.apply(listOf(deploymentObject('deleted'), scaledObjectOf('deleted', { url })))
    await isAt('deleted', 3)
    assert.match(await look.path('so', 'deleted', '{.metadata.finalizers}'), /finalizer\.keda\.sh/)
    await plane.kubectl('delete', 'so', 'deleted', '--timeout=30s')
  })

  await t.test('a StatefulSet goes 0 -> n -> 0', async () => {
    const scaleTargetRef = { kind: 'StatefulSet', name: 'stateful' }
    await plane.apply(listOf(statefulSet, scaledObjectOf('stateful', { url }, { scaleTargetRef })))
    await stands('stateful', 'ScaledObjectReady')
    source.values.set('stateful', 25)
    await isAt('stateful', 3, 'statefulset')
    source.values.set('stateful', 0)
    await isAt('stateful', 0, 'statefulset')
  })

  await t.test(
    'a custom kind goes 0 -> 1 -> 0 once Ebb may scale it, and until then says how',
    async () => {
      await plane.apply(JSON.stringify(fleetDefinition('replicas')))
      await plane.kubectl('wait', '--for=condition=Established', 'crd/fleets.example.test')
      const scaleTargetRef = { apiVersion: 'example.test/v1', kind: 'Fleet', name: 'fleet' }
      await plane.apply(listOf(fleet, scaledObjectOf('fleet', { url }, { scaleTargetRef })))
      await stands('fleet', 'ScaledObjectCheckFailed')
      assert.match(
        (await look.condition('fleet')).message,
        /not allowed to scale Fleet fleet; .*ebb\.dev\/aggregate-to-controller/,
      )
      await plane.apply(JSON.stringify(mayScaleFleets))
      await stands('fleet', 'ScaledObjectReady')
      source.values.set('fleet', 5)
      await isAt('fleet', 1, 'fleet')
      source.values.set('fleet', 0)
      await isAt('fleet', 0, 'fleet')
    },
  )

  await t.test('parameters come from the containers of the target', async () => {
    const { connection } = azurite
    await azurite.create('mails')
    await azurite.send('mails', 12)
    const ref = { name: 'storage', key: 'connection' }
    const environments = {
      'by-value': { env: [{ name: 'STORAGE', value: connection }] },
      'by-secret': { env: [{ name: 'STORAGE', valueFrom: { secretKeyRef: ref } }] },
      'by-config-map': { envFrom: [{ configMapRef: { name: 'settings' } }] },
    }
    const trigger = {
      type: 'azure-queue',
      metadata: { queueName: 'mails', queueLength: '5', connectionFromEnv: 'STORAGE' },
    }
    await plane.apply(
      listOf(
        secretObject('storage', { connection }),
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'settings', namespace: 'default' },
          data: { STORAGE: connection },
        },
        ...Object.entries(environments).flatMap(([name, container]) => [
          deploymentObject(name, 0, { container }),
          scaledObject(name, [trigger]),
        ]),
      ),
    )
    for (const name of Object.keys(environments)) await isAt(name, 3)
  })

  await t.test('with restoreToOriginalReplicaCount the target gets its replicas back', async () => {
    const spec = { advanced: { restoreToOriginalReplicaCount: true } }
    await plane.apply(
      listOf(deploymentObject('restored', 2), scaledObjectOf('restored', { url }, spec)),
    )
    await isAt('restored', 0)
    await plane.kubectl('delete', 'so', 'restored', '--timeout=30s')
    await isAt('restored', 2)
  })

  await t.test(
    'the HPA goes with its ScaledObject, and the target keeps its replicas',
    async () => {
      const hpa = (): Promise<string> => look.path('hpa', 'keda-hpa-deleted', '{.metadata.name}')
      await until('the HPA is collected', hpa, (name) => name === '', 60)
      assert.equal(await look.replicas('deleted'), 3)
    },
  )
})
