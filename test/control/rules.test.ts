import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { error } from '../../src/scaler.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'
import type { QueueAnswer } from '../support/memory-scaler.ts'

const second = 1_000
const minute = 60 * second
const namespace = 'default'

type Spec = Partial<ScaledObject['spec']>

const broken = error(failure('SOURCE_UNREACHABLE', { address: 'memory', why: 'gone' }))
/** Concerns one query, so that the others of its source are asked as ever. */
const missing = error(failure('SOURCE_NOT_FOUND', { address: 'memory', what: 'the queue' }))
const forced = { 'autoscaling.keda.sh/force-activation': 'true' }
const noScaleIn = { 'autoscaling.keda.sh/paused-scale-in': 'true' }

const two: Spec = {
  triggers: [
    { type: 'queue', metadata: { queue: 'orders' } },
    { type: 'queue', metadata: { queue: 'mails' } },
  ],
}

interface Start {
  readonly spec?: Spec
  readonly annotations?: Readonly<Record<string, string>>
  readonly replicas?: number
  readonly answers?: Readonly<Record<string, QueueAnswer>>
}

async function begin(
  t: TestContext,
  { spec = {}, annotations = {}, replicas = 0, answers = {} }: Start,
): Promise<Bench> {
  const bench = await openBench()
  t.after(() => bench.close())
  for (const [queue, answer] of Object.entries(answers)) bench.source.queues.set(queue, answer)
  await bench.cluster.create(kinds.deployment, deployment('orders', replicas), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(spec, { annotations }), forever)
  return bench
}

interface Row extends Start {
  readonly rule: string
  /** How long it is left alone (ms). */
  readonly after?: number
  readonly becomes: number
  readonly ready?: string
  readonly active?: string
}

/** What comes of a spec and a state; 10 s polls, 60 s cooldown, maxReplicaCount 10, no HPA at work. */
const rows: readonly Row[] = [
  {
    rule: '3.1 the first check is at once',
    answers: { orders: 3 },
    becomes: 1,
    active: 'ScalerActive',
  },
  {
    rule: '3.6 A1 with min 2: activation goes to min',
    spec: { minReplicaCount: 2 },
    answers: { orders: 3 },
    becomes: 2,
  },
  {
    rule: '3.6 A1 with idle 0 and min 5: active below min goes to min',
    spec: { idleReplicaCount: 0, minReplicaCount: 5 },
    replicas: 3,
    answers: { orders: 3 },
    becomes: 5,
  },
  {
    rule: '3.6 A1 by force-activation whatever the triggers say',
    annotations: forced,
    becomes: 1,
    active: 'ScalerActive',
  },
  {
    rule: '3.6 A1 before A2: activation although another trigger fails',
    spec: two,
    answers: { orders: 3, mails: broken },
    becomes: 1,
    ready: 'PartialTriggerError',
  },
  {
    rule: '3.6 I1 a failing trigger waits for its fallback',
    spec: { fallback: { failureThreshold: 9, replicas: 3 } },
    replicas: 2,
    answers: { orders: broken },
    after: 20 * second,
    becomes: 2,
    ready: 'ScaledObjectReady',
  },
  {
    rule: '3.6 I2 a failing trigger without fallback: nothing',
    replicas: 2,
    answers: { orders: broken },
    after: 20 * minute,
    becomes: 2,
    ready: 'TriggerError',
    active: 'ScalerNotActive',
  },
  {
    rule: '3.6 I3 inactive with idle goes to idle, not to 0',
    spec: { idleReplicaCount: 1, minReplicaCount: 3 },
    replicas: 4,
    after: minute,
    becomes: 1,
  },
  { rule: '3.6 I3 inactive with min 0 goes to 0', replicas: 4, after: minute, becomes: 0 },
  {
    rule: '3.6 I4 inactive below min is raised to it',
    spec: { minReplicaCount: 2 },
    replicas: 1,
    becomes: 2,
  },
  {
    rule: '3.6 I5 inactive at or above min: the HPA decides',
    spec: { minReplicaCount: 1 },
    replicas: 4,
    after: 20 * minute,
    becomes: 4,
  },
  {
    rule: '3.7 the initial cooldown holds while it was never active',
    spec: { initialCooldownPeriod: 120 },
    replicas: 1,
    after: 119 * second,
    becomes: 1,
    active: 'ScalerCooldown',
  },
  {
    rule: '3.7 the initial cooldown ends; cooldownPeriod does not apply then',
    spec: { initialCooldownPeriod: 120, cooldownPeriod: 3600 },
    replicas: 1,
    after: 125 * second,
    becomes: 0,
  },
  {
    rule: '3.7 paused-scale-in never deactivates',
    annotations: noScaleIn,
    replicas: 3,
    after: 20 * minute,
    becomes: 3,
  },
  {
    rule: '1.11 idle 0 is accepted beside an explicit min 0',
    spec: { idleReplicaCount: 0, minReplicaCount: 0 },
    replicas: 1,
    after: minute,
    becomes: 0,
    ready: 'ScaledObjectReady',
  },
  {
    rule: '1.11 idle 0 is refused where min is absent (A1)',
    spec: { idleReplicaCount: 0 },
    replicas: 1,
    after: minute,
    becomes: 1,
    ready: 'ScaledObjectCheckFailed',
    active: 'UnknownState',
  },
  {
    rule: '2.5 metricType Utilization of a trigger that is not cpu or memory',
    spec: {
      triggers: [{ type: 'queue', metadata: { queue: 'orders' }, metricType: 'Utilization' }],
    },
    answers: { orders: 3 },
    becomes: 0,
    ready: 'ScaledObjectCheckFailed',
  },
]

describe('ScaledObjects (keda-behaviour.md)', () => {
  for (const { rule, after = second, becomes, ready, active, ...start } of rows)
    test(rule, async (t) => {
      const bench = await begin(t, start)
      await bench.clock.advance(after)
      assert.equal(await bench.replicas(), becomes)
      if (ready !== undefined) assert.equal((await bench.condition('Ready')).reason, ready)
      if (active !== undefined) assert.equal((await bench.condition('Active')).reason, active)
    })

  test('3.7 the cooldown counts from the last activity and is over strictly after it', async (t) => {
    const bench = await begin(t, { answers: { orders: 3 } })
    await bench.clock.advance(95 * second)
    // the last poll was at most 10 s ago
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(49 * second)
    assert.equal(await bench.replicas(), 1)
    await bench.clock.advance(12 * second)
    assert.equal(await bench.replicas(), 0)
  })

  test('3.7 A5 a poll with a failing trigger does not move the last activity', async (t) => {
    const bench = await begin(t, { spec: two, answers: { orders: 3, mails: 0 } })
    await bench.clock.advance(15 * second)
    bench.source.queues.set('mails', missing)
    await bench.clock.advance(100 * second)
    assert.equal((await bench.condition('Ready')).reason, 'PartialTriggerError')
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(11 * second)
    assert.equal(await bench.replicas(), 1)
    bench.source.queues.set('mails', 0)
    // a period until the source is back, and one until both are read anew; far less than a cooldown
    await bench.clock.advance(35 * second)
    assert.equal(await bench.replicas(), 0)
  })

  test('3.8 lastActiveTime is written when activity begins and when it ends', async (t) => {
    const bench = await begin(t, { answers: { orders: 3 } })
    await bench.clock.advance(second)
    const at = async (): Promise<number> =>
      Date.parse((await bench.scaledObject()).status?.lastActiveTime ?? '')
    const begun = await at()
    await bench.clock.advance(10 * minute)
    assert.equal(await at(), begun)
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(15 * second)
    assert.ok((await at()) > begun + 9 * minute)
  })

  test('2.1 a change of spec or annotation acts within a second, whatever the polling interval', async (t) => {
    const bench = await begin(t, { spec: { pollingInterval: 3600 }, answers: { orders: 3 } })
    await bench.clock.advance(10 * second)
    assert.equal(await bench.replicas(), 1)
    const triggers = [{ type: 'queue', metadata: { queue: 'orders', activation: '10' } }]
    await bench.change({ spec: { triggers, cooldownPeriod: 0 } })
    await bench.clock.advance(second)
    assert.equal(await bench.replicas(), 0)
    await bench.change({ metadata: { annotations: forced } })
    await bench.clock.advance(second)
    assert.equal(await bench.replicas(), 1)
    await bench.change({ spec: { minReplicaCount: 4 } })
    await bench.clock.advance(second)
    assert.equal(await bench.replicas(), 4)
    assert.equal((await bench.hpa())?.spec.minReplicas, 4)
  })

  test('1.4 status names what it is made of', async (t) => {
    const triggers = [
      { type: 'queue', metadata: { queue: 'a' } },
      { type: 'queue', metadata: { queue: 'b' } },
    ]
    const bench = await begin(t, { spec: { triggers }, replicas: 2 })
    await bench.clock.advance(second)
    const { conditions, lastActiveTime, ...status } = (await bench.scaledObject()).status ?? {}
    assert.equal(lastActiveTime, undefined)
    assert.deepEqual(
      conditions?.map(({ type }) => type),
      ['Ready', 'Active', 'Fallback', 'Paused'],
    )
    assert.deepEqual(status, {
      scaleTargetKind: 'apps/v1.Deployment',
      scaleTargetGVKR: {
        group: 'apps',
        version: 'v1',
        kind: 'Deployment',
        resource: 'deployments',
      },
      originalReplicaCount: 2,
      externalMetricNames: ['s0-memory-a', 's1-memory-b'],
      triggersActivity: { 's0-memory-a': { isActive: false }, 's1-memory-b': { isActive: false } },
      hpaName: 'keda-hpa-orders',
      triggersTypes: 'queue',
    })
  })

  test('1.10 the label that says whose it is comes back, and the finalizer too', async (t) => {
    const bench = await begin(t, {})
    await bench.clock.advance(second)
    const labels = { 'scaledobject.keda.sh/name': 'somebody' }
    await bench.change({ metadata: { labels, finalizers: null } })
    await bench.clock.advance(second)
    const { metadata } = await bench.scaledObject()
    assert.equal(metadata.labels?.['scaledobject.keda.sh/name'], 'orders')
    assert.deepEqual(metadata.finalizers, ['finalizer.keda.sh'])
  })

  test('1.8 excluded labels are not copied to the HPA', async (t) => {
    const bench = await begin(t, {
      annotations: { 'scaledobject.keda.sh/hpa-excluded-labels': 'secret,other' },
    })
    await bench.clock.advance(second)
    await bench.change({ metadata: { labels: { secret: 'a', team: 'b' } } })
    await bench.clock.advance(second)
    const labels = (await bench.hpa())?.metadata.labels
    assert.deepEqual([labels?.['secret'], labels?.['team']], [undefined, 'b'])
  })

  test('2.5 without any metric there is no HPA, which the server would scale by cpu', async (t) => {
    const bench = await begin(t, { replicas: 2 })
    bench.source.silent = 'none'
    await bench.clock.advance(20 * minute)
    assert.equal(await bench.hpa(), undefined)
    assert.equal(await bench.replicas(), 2)
    assert.match((await bench.condition('Ready')).message ?? '', /no trigger announces a metric/)
    bench.source.silent = undefined
    await bench.clock.advance(minute)
    assert.ok(await bench.hpa())
  })

  test('2.5 metricType Value is the target of the HPA', async (t) => {
    const triggers = [{ type: 'queue', metadata: { queue: 'orders' }, metricType: 'Value' }]
    const bench = await begin(t, { spec: { triggers } })
    await bench.clock.advance(second)
    const target = (await bench.hpa())?.spec.metrics?.[0]?.external?.target
    assert.deepEqual(target, { type: 'Value', value: '5' })
  })

  test('2.11 each event is told under KEDA’s reason', async (t) => {
    const bench = await begin(t, { answers: { orders: 3 } })
    await bench.clock.advance(second)
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(2 * minute)
    bench.source.queues.set('orders', broken)
    await bench.clock.advance(minute)
    await bench.change({ spec: { scaleTargetRef: { name: 'nobody' } } })
    await bench.clock.advance(minute)
    await bench.cluster.remove(kinds.scaledObject, { namespace, name: 'orders' }, {}, forever)
    await bench.clock.advance(second)
    const reasons = new Set((await bench.events()).map((e) => e.split(':')[0]))
    for (const reason of [
      'Normal KEDAScalersStarted',
      'Normal ScaledObjectReady',
      'Normal KEDAScaleTargetActivated',
      'Normal KEDAScaleTargetDeactivated',
      'Warning KEDAScalerFailed',
      'Warning ScaledObjectCheckFailed',
      'Warning ScaledObjectDeleted',
    ])
      assert.ok(reasons.has(reason), reason)
  })

  test('2.11 with modifiers a failing trigger is told as KEDAMetricSourceFailed', async (t) => {
    const triggers = [{ type: 'queue', name: 'a', metadata: { queue: 'orders' } }]
    const advanced = { scalingModifiers: { formula: 'a', target: '2' } }
    const bench = await begin(t, { spec: { triggers, advanced }, answers: { orders: broken } })
    await bench.clock.advance(second)
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    assert.ok(reasons.includes('Warning KEDAMetricSourceFailed'))
  })

  test('2.11 a write to /scale that fails is told as KEDAScaleTargetActivationFailed', async (t) => {
    const bench = await begin(t, { answers: { orders: 3 } })
    bench.cluster.setFaults({
      before({ verb, subresource }) {
        if (verb !== 'get' && subresource === 'scale')
          throw failure('CLUSTER_FORBIDDEN', { what: 'scaling', why: 'no role' })
      },
    })
    await bench.clock.advance(30 * second)
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    assert.ok(reasons.includes('Warning KEDAScaleTargetActivationFailed'))
    assert.equal((await bench.scaledObject()).status?.lastActiveTime, undefined)
  })

  test('2.11 one that would let it rest and fails is told as KEDAScaleTargetDeactivationFailed', async (t) => {
    const bench = await begin(t, { spec: { cooldownPeriod: 1 }, replicas: 2 })
    bench.cluster.setFaults({
      before({ verb, subresource }) {
        if (verb !== 'get' && subresource === 'scale')
          throw failure('CLUSTER_FORBIDDEN', { what: 'scaling', why: 'no role' })
      },
    })
    await bench.clock.advance(30 * second)
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    assert.ok(reasons.includes('Warning KEDAScaleTargetDeactivationFailed'), reasons.join())
    assert.equal(await bench.replicas(), 2)
  })

  test('2.11 a status that is refused is told as ScaledObjectUpdateFailed', async (t) => {
    const bench = await begin(t, {})
    bench.cluster.setFaults({
      before({ verb, subresource }) {
        if (verb === 'patch' && subresource === 'status')
          throw failure('CLUSTER_INVALID', { what: 'a status', why: 'no' })
      },
    })
    await bench.clock.advance(10 * second)
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    assert.ok(reasons.includes('Warning ScaledObjectUpdateFailed'))
  })

  test('3.12 useCachedMetrics: reads of the HPA ask nothing', async (t) => {
    const triggers = [
      { type: 'queue', metadata: { queue: 'orders' }, useCachedMetrics: true },
      { type: 'queue', metadata: { queue: 'mails' } },
    ]
    const bench = await begin(t, { spec: { triggers, pollingInterval: 120 } })
    await bench.clock.advance(second)
    bench.source.asked.length = 0
    for (let read = 0; read < 20; read++) {
      await bench.clock.advance(15 * second)
      await Promise.all([bench.read('s0-memory-orders'), bench.read('s1-memory-mails')])
    }
    const asked = (queue: string): number => bench.source.asked.filter((q) => q === queue).length
    assert.ok(asked('orders') <= 3, `${asked('orders')} of the cached one`)
    assert.ok(asked('mails') >= 15, `${asked('mails')} of the other`)
  })

  test('4.2 the metric’s name is matched whatever its case, and unknown ones are none', async (t) => {
    const bench = await begin(t, { answers: { orders: 7 } })
    await bench.clock.advance(second)
    assert.equal((await bench.read('S0-MEMORY-orders'))[0]?.value, 7)
    await assert.rejects(bench.read('s1-nothing'), {
      message: /no matching metrics found for s1-nothing/,
    })
  })
})
