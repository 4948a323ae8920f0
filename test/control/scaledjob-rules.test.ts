import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { forever, openBench } from '../support/controller.ts'
import {
  looks,
  namespace,
  period,
  queues,
  ref,
  scaledJob,
  stage,
  unreachable,
} from '../support/scaledjob.ts'

/** Pods that wait for an hour. */
const slow = { embedded: { podStart: 3_600_000 } }

describe('several triggers (5.3)', () => {
  const rows = [
    ['max', 5],
    ['min', 2],
    ['avg', 4],
    ['sum', 7],
  ] as const
  for (const [multipleScalersCalculation, expected] of rows)
    test(`by ${multipleScalersCalculation}, of 5 and 2 make ${expected} Jobs, once a period`, async (t) => {
      const scalingStrategy = { multipleScalersCalculation }
      const spec = { triggers: queues('work', 'other'), scalingStrategy, maxReplicaCount: 50 }
      const bench = await openBench({ embedded: { jobRun: 3_600_000 } })
      t.after(() => bench.close())
      bench.source.queues.set('work', 5).set('other', 2)
      await bench.cluster.create(kinds.scaledJob, scaledJob(spec), forever)
      await bench.clock.advance(6 * period)
      assert.equal((await looks(bench).names()).length, expected)
    })

  test('with accurate, what one trigger said does not count again when the other is asked', async (t) => {
    const bench = await openBench({ embedded: { jobRun: 3_600_000, podStart: 10 } })
    t.after(() => bench.close())
    // each asked of a source of its own, at its own time; the Jobs take what waits at once
    bench.source.queues.set('work', 4).set('other', 0)
    const scalingStrategy = { strategy: 'accurate', multipleScalersCalculation: 'sum' }
    const spec = { triggers: queues('work', 'other'), scalingStrategy, maxReplicaCount: 50 }
    await bench.cluster.create(kinds.scaledJob, scaledJob(spec), forever)
    const { names } = looks(bench)
    for (let ms = 0; ms < 6 * period; ms += 100) {
      await bench.clock.advance(100)
      if ((await names()).length > 0) bench.source.queues.set('work', 0)
    }
    assert.equal((await names()).length, 4)
  })
})

describe('pods that wait (5.4)', () => {
  const accurate = (more: object = {}) => ({
    maxReplicaCount: 10,
    scalingStrategy: { strategy: 'accurate', ...more },
  })
  test('with eager, take from the room that is left', async (t) => {
    const spec = { maxReplicaCount: 10, scalingStrategy: { strategy: 'eager' } }
    const { bench, names } = await stage(t, spec, 3, slow)
    await bench.clock.advance(5 * period)
    // 3 of 10, then 10 - 3 - 3 = 4 at most 3, then 10 - 6 - 6 < 0
    assert.equal((await names()).length, 6)
  })
  test('pendingPodConditions: until one pod has all of them', async (t) => {
    const spec = accurate({ pendingPodConditions: ['Ready', 'Reachable'] })
    const { bench, names } = await stage(t, spec, 2)
    await bench.clock.advance(4 * period)
    assert.equal((await names()).length, 2, 'no pod has the condition Reachable')
  })
  test('are followed only for the strategies that look at them', async (t) => {
    for (const [spec, expected] of [
      [accurate(), true],
      [{}, false],
    ] as const) {
      const followed: string[] = []
      const bench = await openBench()
      t.after(() => bench.close())
      bench.cluster.setFaults({
        before: ({ verb, resource }) => void followed.push(`${verb} ${resource}`),
      })
      await bench.cluster.create(kinds.scaledJob, scaledJob(spec), forever)
      await bench.clock.advance(2 * period)
      assert.equal(followed.includes('watch pods'), expected)
    }
  })
})

describe('rollouts (5.5)', () => {
  const template = { metadata: { labels: { v: '2' } } }
  test('in the foreground, where the spec says so', async (t) => {
    const rollout = { propagationPolicy: 'foreground' }
    const { bench, change } = await stage(t, { maxReplicaCount: 1, rollout }, 1)
    await change({ spec: { jobTargetRef: { template } } })
    assert.ok(bench.writes.includes('remove:foreground Job default/work-1'))
  })
  test('that fail are told of and tried again', async (t) => {
    const { bench, change, names, events, object, condition } = await stage(
      t,
      { maxReplicaCount: 1 },
      1,
    )
    bench.source.queues.set('work', 0)
    bench.cluster.setFaults({
      before({ verb, resource }) {
        if (verb === 'remove' && resource === 'jobs')
          throw failure('CLUSTER_FORBIDDEN', { what: 'deleting jobs', why: 'no' })
      },
    })
    await change({ spec: { jobTargetRef: { template } } })
    assert.ok((await events()).includes('Warning ScaledJobRolloutCleanupFailed'))
    assert.deepEqual(await names(), ['work-1'])
    await bench.clock.advance(2 * period)
    const ready = (await object()).status?.conditions?.find((c) => c.type === 'Ready')
    assert.match(ready?.message ?? '', /deleting a Job fails: .* manifests\/rbac/)
    bench.cluster.setFaults({})
    await bench.clock.advance(40_000)
    assert.deepEqual(await names(), [])
    assert.equal(await condition('Ready'), 'True ScaledJobReady')
  })
  test('touch no Job that is only labelled as if it were its own', async (t) => {
    const { bench, change, names } = await stage(t, { successfulJobsHistoryLimit: 0 }, 0)
    const labels = { 'scaledjob.keda.sh/name': 'work' }
    const spec = { template: { spec: { containers: [{ name: 'main', image: 'image' }] } } }
    const metadata = { namespace, name: 'foreign', labels }
    await bench.cluster.create(kinds.job, { metadata, spec }, forever)
    await looks(bench).finish('foreign')
    await change({ spec: { jobTargetRef: { template } } })
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['foreign'])
  })
  test('are none after a restart', async (t) => {
    const { bench, names } = await stage(t, { maxReplicaCount: 2 }, 2)
    await bench.restart()
    await bench.clock.advance(3 * period)
    assert.deepEqual(await names(), ['work-1', 'work-2'])
  })
})

describe('a pause', () => {
  const paused = { metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } }
  test('ends a batch of creations under way', async (t) => {
    const { bench, names } = await stage(t, { maxReplicaCount: 500 }, 0)
    let made = 0
    bench.cluster.setFaults({
      async after({ verb, resource }) {
        if (verb !== 'create' || resource !== 'jobs') return
        if (++made === 5) await bench.cluster.patch(kinds.scaledJob, ref, paused, {}, forever)
        await bench.clock.sleep(10, forever)
      },
    })
    bench.source.queues.set('work', 400)
    await bench.clock.advance(2 * period)
    const { length } = await names()
    assert.ok(length >= 5 && length < 10, `${length}`)
  })
  test('keeps what is known of activity, deletes nothing, and outlives a restart', async (t) => {
    const { bench, names, change, condition } = await stage(t, { maxReplicaCount: 2 }, 2)
    await change(paused)
    await change({ spec: { jobTargetRef: { template: { metadata: { labels: { v: '2' } } } } } })
    bench.source.queues.set('work', 9)
    await bench.restart()
    await bench.clock.advance(3 * period)
    assert.deepEqual(await names(), ['work-1', 'work-2'])
    assert.equal(await condition('Active'), 'True ScalerActive')
    assert.equal(await condition('Ready'), 'True ScaledJobReady')
    const asked = bench.source.asked.length
    await bench.clock.advance(3 * period)
    assert.equal(bench.source.asked.length, asked, 'nothing is asked')
  })
})

describe('creations', () => {
  const refusals = [
    ['CLUSTER_FORBIDDEN', 'exceeded quota: jobs', /raise the quota/],
    ['CLUSTER_FORBIDDEN', 'cannot create jobs', /manifests\/rbac/],
    ['CLUSTER_INVALID', 'spec.template: Required value', /correct spec\.jobTargetRef/],
    ['CLUSTER_THROTTLED', 'too many requests', /tried again with the next poll/],
  ] as const
  for (const [code, said, help] of refusals)
    test(`that are refused (${said}) make the ScaledJob not ready until they work`, async (t) => {
      let tries = 0
      const { bench, names, object, condition, events } = await stage(t, {}, 0)
      bench.cluster.setFaults({
        before({ verb, resource }) {
          if (verb !== 'create' || resource !== 'jobs') return
          tries++
          throw failure(code, { what: 'creating a Job', why: said })
        },
      })
      bench.source.queues.set('work', 3)
      await bench.clock.advance(5 * period)
      assert.ok(tries >= 3 && tries <= 5, `one try a poll, not ${tries}`)
      assert.equal(await condition('Ready'), 'False KEDAJobCreateFailed')
      const ready = (await object()).status?.conditions?.find((c) => c.type === 'Ready')
      assert.match(ready?.message ?? '', help)
      assert.ok((await events()).includes('Warning KEDAJobCreateFailed'))
      bench.cluster.setFaults({})
      await bench.clock.advance(2 * period)
      assert.deepEqual(await names(), ['work-1', 'work-2', 'work-3'])
      await bench.clock.advance(period)
      assert.equal(await condition('Ready'), 'True ScaledJobReady')
    })

  test('step over the name of somebody else’s Job', async (t) => {
    const { bench, names } = await stage(t, { maxReplicaCount: 2 }, 0)
    const spec = { template: { spec: { containers: [{ name: 'main', image: 'image' }] } } }
    await bench.cluster.create(
      kinds.job,
      { metadata: { namespace, name: 'work-1' }, spec },
      forever,
    )
    bench.source.queues.set('work', 2)
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-1', 'work-2', 'work-3'])
  })

  test('wait for a list: none without one, and the condition says why', async (t) => {
    const { bench, names, object } = await stage(t, {}, 0)
    bench.cluster.setFaults({
      before({ verb, resource }) {
        if (verb === 'list' && resource === 'jobs')
          throw failure('CLUSTER_FORBIDDEN', { what: 'listing jobs', why: 'no role' })
      },
    })
    bench.source.queues.set('work', 3)
    await bench.clock.advance(4 * period)
    const ready = (await object()).status?.conditions?.find((c) => c.type === 'Ready')
    assert.match(
      ready?.message ?? '',
      /listing Jobs, without which none is created, fails: .* manifests\/rbac/,
    )
    bench.cluster.setFaults({})
    assert.deepEqual(await names(), [])
    await bench.clock.advance(2 * period)
    assert.equal((await names()).length, 3)
  })

  test('list the Jobs once after a start, and never per poll', async (t) => {
    const lists: string[] = []
    const { bench } = await stage(t, { maxReplicaCount: 50 }, 0)
    bench.cluster.setFaults({
      before({ verb, resource }) {
        if (verb === 'list' || verb === 'get') lists.push(resource)
      },
    })
    for (let waiting = 1; waiting <= 20; waiting++) {
      bench.source.queues.set('work', waiting)
      await bench.clock.advance(period)
    }
    assert.deepEqual(lists, ['jobs'])
  })

  test('go on from Jobs that KEDA made: they count, and are trimmed as its own', async (t) => {
    const { bench, names, object, finish } = await stage(
      t,
      { maxReplicaCount: 3, successfulJobsHistoryLimit: 0 },
      0,
    )
    const { uid = '', generation } = (await object()).metadata
    const spec = { template: { spec: { containers: [{ name: 'main', image: 'image' }] } } }
    for (const name of ['work-x7k2p', 'work-9qz4c'])
      await bench.cluster.create(
        kinds.job,
        {
          metadata: {
            namespace,
            name,
            labels: { 'scaledjob.keda.sh/name': 'work' },
            annotations: { 'scaledjob.keda.sh/generation': String(generation) },
            ownerReferences: [
              {
                apiVersion: 'keda.sh/v1alpha1',
                kind: 'ScaledJob',
                name: 'work',
                uid,
                controller: true,
              },
            ],
          },
          spec,
        },
        forever,
      )
    await bench.restart()
    bench.source.queues.set('work', 3)
    await bench.clock.advance(3 * period)
    assert.deepEqual(await names(), ['work-1', 'work-9qz4c', 'work-x7k2p'])
    bench.source.queues.set('work', 0)
    await finish('work-x7k2p')
    await bench.clock.advance(1_000)
    assert.deepEqual(await names(), ['work-1', 'work-9qz4c'])
  })

  test('of a ScaledJob with a long name have names and labels that may be', async (t) => {
    const bench = await openBench({ embedded: { jobRun: 3_600_000 } })
    t.after(() => bench.close())
    const name = `${'long-'.repeat(30)}name`
    bench.source.queues.set('work', 2)
    const object = scaledJob({ successfulJobsHistoryLimit: 0 }, { name })
    await bench.cluster.create(kinds.scaledJob, object, forever)
    await bench.clock.advance(3 * period)
    const { names, finish } = looks(bench)
    const made = await names()
    assert.equal(made.length, 2)
    for (const job of made) assert.match(job, /^long-[a-z0-9-]{1,47}-[12]$/)
    await finish(made[0] ?? '')
    await bench.clock.advance(1_000)
    assert.ok(!(await names()).includes(made[0] ?? ''), 'it is known as its own')
  })

  test('end with the process in the middle of a batch', async (t) => {
    const { bench, names } = await stage(t, { maxReplicaCount: 500 }, 0)
    let made = 0
    bench.cluster.setFaults({
      async after({ verb, resource }) {
        if (verb !== 'create' || resource !== 'jobs') return
        made++
        await bench.clock.sleep(10, forever)
      },
    })
    bench.source.queues.set('work', 400)
    while (made < 3) await bench.clock.advance(100)
    const closed = bench.controller().close()
    await bench.clock.advance(100)
    await closed
    const { length } = await names()
    await bench.clock.advance(3 * period)
    assert.equal((await names()).length, length)
    assert.ok(length < 100, `${length}`)
  })

  test('go on with --hold: it forbids scale-in alone', async (t) => {
    const { names } = await stage(t, {}, 3, { shared: { hold: true } })
    assert.equal((await names()).length, 3)
  })

  test('never use a number again, though its Job is gone', async (t) => {
    const { bench, names, finish } = await stage(
      t,
      { maxReplicaCount: 1, successfulJobsHistoryLimit: 0 },
      1,
    )
    await finish('work-1')
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-2'])
  })
})

describe('what is shown of a ScaledJob', () => {
  test('status, as other tools look for it', async (t) => {
    const { object } = await stage(t, {}, 2)
    const { status } = await object()
    assert.equal(status?.triggersTypes, 'queue')
    assert.deepEqual(status?.externalMetricNames, ['s0-memory-work'])
    assert.deepEqual(status?.triggersActivity, { 's0-memory-work': { isActive: true } })
  })
  test('its view: kind, Jobs that run, the decision and what it did', async (t) => {
    const { bench } = await stage(t, { maxReplicaCount: 5 }, 2)
    const view = await bench.controller().insight.get(namespace, 'work')
    assert.partialDeepStrictEqual(view, {
      kind: 'ScaledJob',
      target: { kind: 'Job', name: 'work' },
      mode: 'jobs',
      replicas: 2,
      records: [{ decision: { because: 'queued' }, write: { kind: 'scaled', from: 0, to: 2 } }],
    })
  })
  test('a restart tells nothing that was told before', async (t) => {
    const { bench, events } = await stage(t, { maxReplicaCount: 2 }, 2)
    await bench.clock.advance(period)
    const before = await events()
    await bench.restart()
    await bench.clock.advance(3 * period)
    assert.deepEqual(await events(), before)
  })
  test('a status that is refused, as ScaledJobUpdateFailed', async (t) => {
    const { bench, events } = await stage(t, {}, 0)
    bench.cluster.setFaults({
      before({ verb, subresource }) {
        if (verb === 'patch' && subresource === 'status')
          throw failure('CLUSTER_INVALID', { what: 'a status', why: 'no' })
      },
    })
    bench.source.queues.set('work', 1)
    await bench.clock.advance(2 * period)
    assert.ok((await events()).includes('Warning ScaledJobUpdateFailed'))
  })

  test('its events, in KEDA’s words', async (t) => {
    const { bench, change, events } = await stage(t, { maxReplicaCount: 2 }, 2)
    bench.source.queues.set('work', unreachable)
    await bench.clock.advance(2 * period)
    bench.source.queues.set('work', 0)
    await bench.clock.advance(2 * period)
    await change({ metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } })
    await change({ metadata: { annotations: { 'autoscaling.keda.sh/paused': null } } })
    await bench.cluster.remove(kinds.scaledJob, ref, {}, forever)
    await bench.clock.advance(2_000)
    const told = await events()
    for (const event of [
      'Normal KEDAScalersStarted',
      'Normal ScaledJobReady',
      'Normal ScaledJobActive',
      'Normal KEDAJobsCreated',
      'Warning KEDAScalerFailed',
      'Normal ScaledJobInactive',
      'Normal ScaledJobPaused',
      'Normal KEDAScalersStopped',
      'Normal ScaledJobUnpaused',
      'Warning ScaledJobDeleted',
    ])
      assert.ok(told.includes(event), `${event} in ${told.join()}`)
  })
})
