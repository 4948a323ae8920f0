import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { openKube } from '../../src/kube/open.ts'
import { canStart } from '../control-plane/start.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, scaledObject } from '../support/objects.ts'
import { servePodMetrics, type Load } from '../support/pod-metrics.ts'

/** Half of the 100m that each pod requests. */
const cpu = { type: 'cpu', metricType: 'Utilization', metadata: { value: '50' } }
const memory = {
  type: 'memory',
  metricType: 'AverageValue',
  metadata: { value: '50Mi', containerName: 'main' },
}
/** In one step, so that only the measurements decide how many. */
const advanced = {
  horizontalPodAutoscalerConfig: {
    behavior: {
      scaleDown: { stabilizationWindowSeconds: 0 },
      scaleUp: { policies: [{ type: 'Percent', value: 900, periodSeconds: 1 }] },
    },
  },
}
const resources = { requests: { cpu: '100m', memory: '100Mi' } }

const steps: readonly { load: Load; what: string; cpu: number; memory: number }[] = [
  { what: 'on target', load: { total: 100, lacking: false }, cpu: 2, memory: 2 },
  { what: 'a rise', load: { total: 190, lacking: false }, cpu: 4, memory: 4 },
  // what is not measured counts as all it requests, or as the target
  { what: 'a fall with a pod not measured', load: { total: 60, lacking: true }, cpu: 3, memory: 2 },
  { what: 'the same, all measured', load: { total: 60, lacking: false }, cpu: 2, memory: 2 },
  { what: 'a large rise', load: { total: 480, lacking: false }, cpu: 10, memory: 10 },
  { what: 'the way back', load: { total: 90, lacking: false }, cpu: 2, memory: 2 },
]

test('cpu and memory without an HPA, beside the real HPA', { timeout: 400_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ pods: true, hpaSync: '1s' })
  const { plane, until } = installed
  const look = looksAt(plane)
  const cluster = await openKube({
    kubeconfig: plane.kubeconfig,
    clock: systemClock,
    random: Math.random,
  })
  t.after(() => cluster.close())
  let load: Load | undefined

  const workload = (name: string, trigger: object, annotations: object): readonly object[] => [
    deploymentObject(name, 2, { container: { resources } }),
    scaledObject(name, [trigger], {
      metadata: { annotations },
      spec: { pollingInterval: 1, minReplicaCount: 1, maxReplicaCount: 20, advanced },
    }),
  ]
  const direct = { 'ebb.dev/scaling': 'direct' }
  /** All at once, so that none of them only passes by. */
  const names = ['cpu-twin', 'cpu-alone', 'memory-twin', 'memory-alone']
  const replicas = async (): Promise<string> =>
    (await Promise.all(names.map((name) => look.replicas(name)))).join()

  await plane.apply(
    listOf(
      ...['cpu-twin', 'memory-twin'].flatMap((name) =>
        workload(name, name.startsWith('cpu') ? cpu : memory, {}),
      ),
      ...['cpu-alone', 'memory-alone'].flatMap((name) =>
        workload(name, name.startsWith('cpu') ? cpu : memory, direct),
      ),
    ),
  )

  await t.test('where nobody serves metrics.k8s.io, that is an error', async () => {
    const condition = await until(
      'it says so',
      () => look.condition('cpu-alone'),
      ({ reason }) => reason === 'PartialTriggerError',
    )
    assert.match(condition.message, /cpu: nobody serves metrics\.k8s\.io in this cluster/)
    assert.equal(await look.replicas('cpu-alone'), 2)
  })

  load = steps[0]?.load
  await using _ = await servePodMetrics(plane, cluster, () => load)

  await t.test('once it is served, that is over', async () => {
    for (const name of ['cpu-alone', 'memory-alone'])
      await until(
        `${name} is ready`,
        () => look.ready(name),
        (reason) => reason === 'ScaledObjectReady',
      )
    assert.equal(await look.path('hpa', 'keda-hpa-cpu-alone', '{.metadata.name}'), '')
    assert.notEqual(await look.path('hpa', 'keda-hpa-cpu-twin', '{.metadata.name}'), '')
  })

  for (const step of steps)
    await t.test(`${step.what}: as many replicas as with an HPA`, async () => {
      load = step.load
      const counts = [step.cpu, step.cpu, step.memory, step.memory].join()
      await until(`${names.join()} are at ${counts}`, replicas, (now) => now === counts, 60)
    })
})
