import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, prometheusTrigger, scaledObject } from '../support/objects.ts'
import { ebb as runEbb } from '../support/process.ts'

const eager = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}

test("Ebb's own annotations on a real control plane", { timeout: 300_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ pods: true, audit: true, hpaSync: '1s' })
  const { plane, until } = installed
  const look = looksAt(plane)
  const source = await startFakePrometheus()
  t.after(() => source.close())
  const trigger = (query: string): object => prometheusTrigger(query, { url: source.url })
  const workload = (
    name: string,
    annotations: Readonly<Record<string, string>>,
    triggers: readonly object[],
    replicas = 0,
  ): readonly object[] => [
    deploymentObject(name, replicas),
    scaledObject(name, triggers, {
      metadata: { annotations },
      spec: { maxReplicaCount: 9, advanced: eager },
    }),
  ]
  const reaches = (name: string, count: number): Promise<number> =>
    until(
      `${name} has ${count} replicas`,
      () => look.replicas(name),
      (n) => n === count,
      60,
    )

  await t.test('direct: from zero to the wanted count and back, without an HPA', async () => {
    source.values.set('alone', 42)
    await plane.apply(
      listOf(...workload('alone', { 'ebb.dev/scaling': 'direct' }, [trigger('alone')])),
    )
    await reaches('alone', 5)
    const events = await until(
      'the event is there',
      () => look.events('alone'),
      (lines) => lines.some((line) => line.startsWith('KEDAScaleTargetActivated')),
    )
    assert.ok(
      events.some((line) => /from 0 to 5 replicas/.test(line)),
      events.join('\n'),
    )
    source.values.set('alone', 18)
    await reaches('alone', 2)
    assert.equal(await look.path('hpa', 'keda-hpa-alone', '{.metadata.name}'), '')
    source.values.set('alone', 0)
    await reaches('alone', 0)
  })

  await t.test('a change of mode lets another hold the same replicas', async () => {
    source.values.set('moved', 30)
    await plane.apply(listOf(...workload('moved', {}, [trigger('moved')])))
    await reaches('moved', 3)
    const since = new Date().toISOString()
    await plane.kubectl('annotate', 'so', 'moved', 'ebb.dev/scaling=direct')
    await until(
      'the HPA is gone',
      () => look.path('hpa', 'keda-hpa-moved', '{.metadata.name}'),
      (name) => name === '',
    )
    source.values.set('moved', 50)
    await reaches('moved', 5)
    await plane.kubectl('annotate', 'so', 'moved', 'ebb.dev/scaling-')
    await until(
      'the HPA is back',
      () => look.path('hpa', 'keda-hpa-moved', '{.metadata.name}'),
      (name) => name !== '',
    )
    const scaled = (await look.writes(since)).filter((w) =>
      w.includes('deployments/scale default/moved'),
    )
    assert.equal(scaled.length, 1, scaled.join())
  })

  await t.test('demand: sum adds what two triggers ask for, on the real HPA', async () => {
    source.values.set('one', 11)
    source.values.set('two', 21)
    await plane.apply(
      listOf(...workload('added', { 'ebb.dev/demand': 'sum' }, [trigger('one'), trigger('two')])),
    )
    await reaches('added', 5)
  })

  await t.test('shadow writes nothing, and ebb diff says what it would do', async () => {
    source.values.set('watched', 42)
    const since = new Date().toISOString()
    await plane.apply(
      listOf(...workload('watched', { 'ebb.dev/mode': 'shadow' }, [trigger('watched')], 2)),
    )
    const diff = (): Promise<ReturnType<typeof runEbb>> =>
      Promise.resolve(runEbb(['diff', 'default/watched', '--kubeconfig', plane.kubeconfig]))
    const { out } = await until(
      'the difference is known',
      diff,
      ({ code, out: said }) => code === 1 && /default\/watched +2 +\d+ +shadow/.test(said),
    )
    assert.match(out, /1 of 1 workload differs/)
    assert.equal(await look.replicas('watched'), 2)
    const writes = (await look.writes(since)).filter((write) => write.includes('watched'))
    assert.deepEqual(writes, [])
  })
})
