import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import {
  deploymentObject,
  listOf,
  prometheusTrigger,
  scaledObject,
  scaledObjectOf,
} from '../support/objects.ts'

const annotation = (name: string): string => `autoscaling.keda.sh/${name}`

/** Annotates a ScaledObject; a name with `-` at its end is taken away. */
type Annotate = (name: string, ...annotations: readonly string[]) => Promise<string>

test('what a ScaledObject says, on a real control plane', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({
    hpaSync: '1s',
    downscaleStabilization: '1s',
    pods: true,
  })
  const { plane, until } = installed
  const look = looksAt(plane)
  const source = await startFakePrometheus()
  t.after(() => source.close())
  const { url } = source
  const isAt = (name: string, count: number): Promise<unknown> =>
    until(
      `${name} is at ${count}`,
      () => look.replicas(name),
      (n) => n === count,
      60,
    )
  const stands = (name: string, type: string, status: string): Promise<unknown> =>
    until(
      `${type} of ${name} is ${status}`,
      () => look.condition(name, type),
      (c) => c.status === status,
      60,
    )
  const hpaIs = (name: string, there: boolean): Promise<unknown> =>
    until(
      `the HPA ${name} is ${there ? 'there' : 'gone'}`,
      () => look.path('hpa', name, '{.metadata.name}'),
      (found) => (found !== '') === there,
      60,
    )
  const tells = (name: string, reason: string): Promise<unknown> =>
    until(
      `${name} has the event ${reason}`,
      () => look.events(name),
      (events) => events.some((event) => event.startsWith(`${reason} `)),
      60,
    )
  const annotate: Annotate = (name, ...annotations) =>
    plane.kubectl('annotate', '--overwrite', 'so', name, ...annotations)
  const named = (query: string): object => ({ ...prometheusTrigger(query, { url }), name: query })

  await t.test('idle replicas: from idle to min by activity, and back', async () => {
    const spec = { idleReplicaCount: 0, minReplicaCount: 2 }
    await plane.apply(listOf(deploymentObject('idle', 1), scaledObjectOf('idle', { url }, spec)))
    await isAt('idle', 0)
    source.values.set('idle', 5)
    await isAt('idle', 2)
    source.values.set('idle', 0)
    await isAt('idle', 0)
    await tells('idle', 'KEDAScaleTargetActivated')
    await tells('idle', 'KEDAScaleTargetDeactivated')
  })

  await t.test('pauses hold, across a restart too, and an unpause takes up again', async () => {
    source.values.set('paused', 25)
    await plane.apply(listOf(deploymentObject('paused'), scaledObjectOf('paused', { url })))
    await isAt('paused', 3)
    await annotate('paused', `${annotation('paused-replicas')}=1`)
    await isAt('paused', 1)
    await hpaIs('keda-hpa-paused', false)
    await stands('paused', 'Paused', 'True')
    assert.equal(await look.path('so', 'paused', '{.status.pausedReplicaCount}'), '1')

    await installed.ebb.kill()
    await installed.start()
    await plane.apply(listOf(deploymentObject('witness'), scaledObjectOf('witness', { url })))
    source.values.set('witness', 5)
    // Ebb is at work again, and leaves the paused one alone
    await isAt('witness', 1)
    assert.equal(await look.replicas('paused'), 1)
    await hpaIs('keda-hpa-paused', false)

    await annotate('paused', `${annotation('paused-replicas')}-`)
    await hpaIs('keda-hpa-paused', true)
    await isAt('paused', 3)
    await stands('paused', 'Paused', 'False')
    for (const reason of ['ScaledObjectPaused', 'ScaledObjectUnpaused'])
      await tells('paused', reason)
  })

  await t.test('pauses of one direction are in the HPA, and force-activation wakes', async () => {
    await plane.apply(listOf(deploymentObject('partly'), scaledObjectOf('partly', { url })))
    await stands('partly', 'Ready', 'True')
    await annotate('partly', `${annotation('force-activation')}=true`)
    await isAt('partly', 1)
    await annotate('partly', `${annotation('paused-scale-in')}=`)
    await annotate('partly', `${annotation('force-activation')}-`)
    const policy = '{.spec.behavior.scaleDown.selectPolicy}'
    await until(
      'the HPA scales in no more',
      () => look.path('hpa', 'keda-hpa-partly', policy),
      (found) => found === 'Disabled',
    )
    source.values.set('partly', 25)
    await isAt('partly', 3)
    source.values.set('partly', 0)
    await stands('partly', 'Active', 'False')
    assert.equal(await look.replicas('partly'), 3)
    await annotate('partly', `${annotation('paused-scale-in')}-`)
    await isAt('partly', 0)
  })

  await t.test('scalingModifiers: one metric, whose formula the HPA follows', async () => {
    const modified = (formula: string): string =>
      listOf(
        scaledObject('modified', [named('left'), named('right')], {
          spec: { advanced: { scalingModifiers: { formula, target: '10' } } },
        }),
      )
    source.values.set('left', 12)
    source.values.set('right', 9)
    await plane.apply(listOf(deploymentObject('modified')))
    await plane.apply(modified('left + right'))
    await isAt('modified', 3)
    const metrics = '{.spec.metrics[*].external.metric.name}'
    assert.equal(await look.path('hpa', 'keda-hpa-modified', metrics), 'composite-metric')
    assert.equal(
      await look.path('so', 'modified', '{.status.compositeScalerName}'),
      'composite-metric',
    )
    await plane.apply(modified('max([left, right])'))
    await isAt('modified', 2)
  })

  await t.test('fallback: the real HPA comes to the replicas, from zero and from n', async () => {
    const fallback = { failureThreshold: 1, replicas: 3 }
    const behavior = { ...fallback, behavior: 'currentReplicasIfHigher' }
    for (const query of ['asleep', 'awake', 'higher']) source.failing.add(query)
    await plane.apply(
      listOf(
        ...['asleep', 'awake', 'higher'].map((name, at) => deploymentObject(name, [0, 2, 4][at])),
        scaledObjectOf('asleep', { url }, { fallback }),
        scaledObjectOf('awake', { url }, { fallback }),
        scaledObjectOf('higher', { url }, { fallback: behavior }),
      ),
    )
    await isAt('asleep', 3)
    await isAt('awake', 3)
    for (const name of ['asleep', 'awake', 'higher']) await stands(name, 'Fallback', 'True')
    await stands('higher', 'HPAActive', 'True')
    assert.equal(await look.replicas('higher'), 4)
    assert.match(await look.path('so', 'awake', '{.status.health}'), /"status":"Failing"/)
    source.failing.clear()
    await isAt('asleep', 0)
    await stands('asleep', 'Fallback', 'False')
    for (const reason of ['ScaledObjectFallbackActivated', 'ScaledObjectFallbackDeactivated'])
      await tells('asleep', reason)
  })

  await t.test('an HPA that is there is taken over only where that is said', async () => {
    source.values.set('taken', 25)
    const theirs = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'theirs', namespace: 'default', labels: { team: 'a' } },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'taken' },
        maxReplicas: 9,
      },
    }
    await plane.apply(listOf(deploymentObject('taken'), theirs))
    const refused = await plane.tryKubectl(
      listOf(scaledObjectOf('taken', { url })),
      'create',
      '-f',
      '-',
    )
    assert.match(refused.stderr, /managed by the HPA theirs already/)
    const spec = { advanced: { horizontalPodAutoscalerConfig: { name: 'theirs' } } }
    const annotations = { 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' }
    await plane.apply(
      listOf(
        scaledObject('taken', [prometheusTrigger('taken', { url })], {
          spec,
          metadata: { annotations },
        }),
      ),
    )
    await isAt('taken', 3)
    assert.equal(await look.path('hpa', 'theirs', '{.spec.maxReplicas}'), '4')
    assert.equal(await look.path('hpa', 'theirs', '{.metadata.ownerReferences[0].name}'), 'taken')
    assert.equal(await look.path('hpa', 'theirs', '{.metadata.labels.team}'), 'a')
    assert.equal(await look.path('so', 'taken', '{.status.hpaName}'), 'theirs')
  })

  await t.test('deletion gives back what was there before, and no HPA undoes it', async () => {
    source.values.set('restored', 35)
    const spec = { advanced: { restoreToOriginalReplicaCount: true } }
    await plane.apply(
      listOf(deploymentObject('restored', 1), scaledObjectOf('restored', { url }, spec)),
    )
    await isAt('restored', 4)
    await plane.kubectl('delete', 'so', 'restored', '--timeout=30s')
    await hpaIs('keda-hpa-restored', false)
    assert.equal(await look.replicas('restored'), 1)
  })

  await t.test('a misspelt parameter is told by an event', async () => {
    const trigger = prometheusTrigger('misspelt', { url, metadata: { treshold: '1' } })
    await plane.apply(listOf(deploymentObject('misspelt'), scaledObject('misspelt', [trigger])))
    await tells('misspelt', 'KEDAScalerInfo')
  })
})
