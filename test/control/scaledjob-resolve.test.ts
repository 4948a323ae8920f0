import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject, secret } from '../support/controller.ts'
import { namespace, period, queues, ref, scaledJob, stage } from '../support/scaledjob.ts'

describe('what a ScaledJob is resolved from', () => {
  const env = { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'store', key: 'password' } } }
  const container = (name: string, ...variables: object[]) => ({
    name,
    image: 'image',
    env: variables,
  })
  const withEnv = (spec: object) => ({
    triggers: [
      { type: 'queue', metadata: { queue: 'work', length: '1', passwordFromEnv: 'PASSWORD' } },
    ],
    ...spec,
  })
  const rows = [
    ['the first container', [container('main', env), container('side')], undefined],
    [
      'the container that envSourceContainerName names',
      [container('main'), container('side', env)],
      'side',
    ],
  ] as const
  for (const [name, containers, envSourceContainerName] of rows)
    test(`…FromEnv of ${name} of its template`, async (t) => {
      const bench = await openBench({ embedded: { jobRun: 3_600_000 } })
      t.after(() => bench.close())
      await bench.cluster.create(kinds.secret, secret('store', { password: 'p1' }), forever)
      const jobTargetRef = { template: { spec: { containers: containers as never } } }
      const spec = withEnv({
        jobTargetRef,
        ...(envSourceContainerName && { envSourceContainerName }),
      })
      await bench.cluster.create(kinds.scaledJob, scaledJob(spec), forever)
      await bench.clock.advance(2_000)
      assert.deepEqual(bench.source.opened, ['p1'])
    })

  test('an authentication that changes reaches it', async (t) => {
    const bench = await openBench({ embedded: { jobRun: 3_600_000 } })
    t.after(() => bench.close())
    for (const name of ['p1', 'p2'])
      await bench.cluster.create(kinds.secret, secret(name, { password: name }), forever)
    const refer = (name: string) => ({
      secretTargetRef: [{ parameter: 'password', name, key: 'password' }],
    })
    const metadata = { namespace, name: 'login' }
    await bench.cluster.create(
      kinds.triggerAuthentication,
      { metadata, spec: refer('p1') },
      forever,
    )
    const triggers = queues('work').map((one) => ({ ...one, authenticationRef: { name: 'login' } }))
    await bench.cluster.create(kinds.scaledJob, scaledJob({ triggers }), forever)
    await bench.clock.advance(2_000)
    await bench.cluster.patch(
      kinds.triggerAuthentication,
      metadata,
      { spec: refer('p2') },
      {},
      forever,
    )
    await bench.clock.advance(2_000)
    assert.deepEqual(bench.source.opened, ['p1', 'p2'])
    const found = await bench.cluster.get(kinds.scaledJob, ref, forever)
    assert.equal(found?.status?.authenticationsTypes, 'login')
  })

  test('cpu and memory have no effect on it', async (t) => {
    const triggers = [{ type: 'cpu', metadata: { value: '50' } }, ...queues('work')]
    const { names, object } = await stage(t, { triggers }, 2)
    assert.equal((await names()).length, 2)
    assert.deepEqual((await object()).status?.externalMetricNames, ['s1-memory-work'])
  })

  test('a trigger that cannot be made leaves the minimum kept up, and says what is wrong', async (t) => {
    const triggers = [{ type: 'unknown', metadata: {} }]
    const { bench, names, finish, condition, events } = await stage(
      t,
      { triggers, minReplicaCount: 2 },
      9,
    )
    assert.deepEqual(await names(), ['work-1', 'work-2'])
    assert.equal(await condition('Ready'), 'False ScaledJobCheckFailed')
    assert.ok((await events()).includes('Warning ScaledJobCheckFailed'))
    await finish('work-1')
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-1', 'work-2', 'work-3'])
  })

  test('one without containers, or without a spec, says so and harms nobody', async (t) => {
    const bench = await openBench({ embedded: { jobRun: 3_600_000 } })
    t.after(() => bench.close())
    const bare = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledJob', metadata: ref }
    // a definition of KEDA's lets this in
    await bench.cluster.create(kinds.scaledJob, bare as never, forever)
    const empty = scaledJob(
      { jobTargetRef: { template: { spec: { containers: [] } } } },
      { name: 'empty' },
    )
    await bench.cluster.create(kinds.scaledJob, empty, forever)
    await bench.cluster.create(kinds.deployment, deployment(), forever)
    await bench.cluster.create(kinds.scaledObject, scaledObject(), forever)
    bench.source.queues.set('orders', 3)
    await bench.clock.advance(3_000)
    assert.equal(await bench.replicas(), 1)
    const views = await bench.controller().insight.list()
    const said = new Map(views.map((view) => [view.name, view.ready.message]))
    assert.match(said.get('work') ?? '', /needs at least one trigger/)
    assert.match(said.get('empty') ?? '', /at least one container/)
  })
})
