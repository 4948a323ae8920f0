import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { empty, error, value } from '../../src/scaler.ts'
import { deployment, forever, scaledObject } from '../support/controller.ts'
import { ready, unreachable } from '../support/ready.ts'

const second = 1_000
const minute = 60 * second

describe('a ScaledObject', () => {
  test('wakes its target, hands over to an HPA and goes back to zero after the cooldown', async (t) => {
    const bench = await ready(t)
    const { clock, source } = bench
    assert.equal(await bench.replicas(), 0)
    assert.equal((await bench.hpa())?.spec.metrics?.[0]?.external?.metric.name, 's0-memory-orders')
    assert.equal((await bench.condition('Ready')).status, 'True')
    assert.equal((await bench.condition('Active')).status, 'False')

    source.queues.set('orders', 12)
    await clock.advance(10_500)
    assert.equal(await bench.replicas(), 1)
    assert.equal((await bench.condition('Active')).reason, 'ScalerActive')

    source.queues.set('orders', 0)
    await clock.advance(50 * second)
    assert.equal(await bench.replicas(), 1)
    assert.equal((await bench.condition('Active')).reason, 'ScalerCooldown')
    await clock.advance(21 * second)
    assert.equal(await bench.replicas(), 0)
  })

  test('carries the finalizer, the label and the status that other tools look for', async (t) => {
    const bench = await ready(t)
    const { metadata, status } = await bench.scaledObject()
    assert.deepEqual(metadata.finalizers, ['finalizer.keda.sh'])
    assert.equal(metadata.labels?.['scaledobject.keda.sh/name'], 'orders')
    assert.equal(status?.scaleTargetKind, 'apps/v1.Deployment')
    assert.deepEqual(status?.externalMetricNames, ['s0-memory-orders'])
    assert.equal(status?.hpaName, 'keda-hpa-orders')
    assert.equal(status?.originalReplicaCount, 0)
    assert.equal(status?.triggersTypes, 'queue')
    assert.deepEqual(status?.triggersActivity, { 's0-memory-orders': { isActive: false } })
  })

  test('at rest writes nothing for hours, awake or asleep', async (t) => {
    for (const messages of [0, 7]) {
      const bench = await ready(t)
      bench.source.queues.set('orders', messages)
      await bench.clock.advance(2 * minute)
      bench.writes.length = 0
      await bench.clock.advance(180 * minute)
      assert.deepEqual(bench.writes, [])
    }
  })

  test('puts its status right where somebody else changed it, as a process before it may have', async (t) => {
    const bench = await ready(t)
    await bench.clock.advance(2 * minute)
    const { status } = await bench.scaledObject()
    const conditions = [{ type: 'Ready', status: 'False', reason: 'Other', message: 'of old' }]
    await bench.cluster.patch(
      kinds.scaledObject,
      { namespace: 'default', name: 'orders' },
      { status: { conditions, health: null } },
      { subresource: 'status' },
      forever,
    )
    await bench.clock.advance(second)
    assert.deepEqual((await bench.scaledObject()).status, status)
  })

  test('at rest with a failing source writes nothing for hours', async (t) => {
    const bench = await ready(t, {}, 3, { answer: unreachable })
    await bench.clock.advance(2 * minute)
    assert.equal((await bench.condition('Ready')).reason, 'TriggerError')
    bench.writes.length = 0
    await bench.clock.advance(180 * minute)
    assert.deepEqual(bench.writes, [])
    assert.equal(await bench.replicas(), 3)
  })

  test('writes one status when its source throttles, however many its neighbours are that a probe can ask for', async (t) => {
    const bench = await ready(t, {}, 3)
    const queues = Array.from({ length: 30 }, (_, i) => `orders-${i}`)
    for (const queue of queues) {
      await bench.cluster.create(kinds.deployment, deployment(queue, 3), forever)
      await bench.cluster.create(kinds.scaledObject, scaledObject({}, { name: queue }), forever)
      bench.source.queues.set(queue, 15)
    }
    await bench.clock.advance(minute)
    const throttled = error(failure('SOURCE_THROTTLED', { address: 'memory', why: '429' }))
    for (const queue of queues) bench.source.queues.set(queue, throttled)
    bench.source.queues.set('orders', throttled)
    await bench.clock.advance(minute)
    bench.writes.length = 0
    await bench.clock.advance(180 * minute)
    assert.deepEqual(bench.writes, [])
  })

  const silences = [
    ['unreachable', unreachable],
    ['refusing', error(failure('SOURCE_DENIED', { address: 'memory', why: '403' }))],
    ['throttling', error(failure('SOURCE_THROTTLED', { address: 'memory', why: '429' }), 5_000)],
    ['garbled', error(failure('SOURCE_GARBLED', { address: 'memory', why: 'not JSON' }))],
    ['empty', empty],
  ] as const
  for (const [name, answer] of silences) {
    test(`is never lowered while its source is ${name}, and follows within a period of its return`, async (t) => {
      const bench = await ready(t, {}, 4, { answer })
      await bench.clock.advance(60 * minute)
      assert.equal(await bench.replicas(), 4)
      bench.source.queues.set('orders', 0)
      await bench.clock.advance(15 * second)
      assert.equal(await bench.replicas(), 0)
    })
  }

  test('is not lowered after a restart before a fresh sample', async (t) => {
    const bench = await ready(t)
    bench.source.queues.set('orders', 5)
    await bench.clock.advance(15 * second)
    assert.equal(await bench.replicas(), 1)
    bench.source.queues.set('orders', unreachable)
    await bench.restart()
    await bench.clock.advance(60 * minute)
    assert.equal(await bench.replicas(), 1)
  })

  test('counts as active until a restart, so that a crash never shortens the cooldown', async (t) => {
    const bench = await ready(t)
    bench.source.queues.set('orders', 5)
    await bench.clock.advance(10 * minute)
    bench.source.queues.set('orders', 0)
    await bench.restart()
    await bench.clock.advance(55 * second)
    assert.equal(await bench.replicas(), 1)
    await bench.clock.advance(20 * second)
    assert.equal(await bench.replicas(), 0)
  })

  test('waits out the initial cooldown when it was never active', async (t) => {
    const bench = await ready(t, { initialCooldownPeriod: 120 }, 2)
    await bench.clock.advance(110 * second)
    assert.equal(await bench.replicas(), 2)
    await bench.clock.advance(20 * second)
    assert.equal(await bench.replicas(), 0)
  })

  test('rests at idleReplicaCount and wakes to minReplicaCount', async (t) => {
    const bench = await ready(t, { minReplicaCount: 3, idleReplicaCount: 1 }, 1)
    assert.equal(await bench.replicas(), 1)
    bench.source.queues.set('orders', 1)
    await bench.clock.advance(11 * second)
    assert.equal(await bench.replicas(), 3)
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(75 * second)
    assert.equal(await bench.replicas(), 1)
  })

  test('is brought up to minReplicaCount', async (t) => {
    const bench = await ready(t, { minReplicaCount: 2 }, 1)
    assert.equal(await bench.replicas(), 2)
  })

  test('with --hold is woken but not lowered, and its HPA may not scale in either', async (t) => {
    const bench = await ready(t, {}, 3, { shared: { hold: true } })
    await bench.clock.advance(10 * minute)
    assert.equal(await bench.replicas(), 3)
    assert.equal((await bench.hpa())?.spec.behavior?.scaleDown?.selectPolicy, 'Disabled')
  })

  test('in shadow mode is decided on and recorded, and nothing at all is written', async (t) => {
    const bench = await ready(t, {}, 0, { shared: { writes: () => false } })
    bench.source.queues.set('orders', 9)
    await bench.clock.advance(minute)
    assert.deepEqual(bench.writes, [])
    const view = await bench.controller().insight.get('default', 'orders')
    assert.deepEqual(view?.records.at(-1)?.write, { kind: 'shadow', from: 0, to: 1 })
    assert.equal(view?.mode, 'shadow')
  })

  test("once the Lease is another replica's, says standby, decides as before and writes nothing", async (t) => {
    let leads = true
    const shared = { writes: () => leads, standsBy: () => !leads }
    const bench = await ready(t, {}, 0, { shared })
    leads = false
    bench.writes.length = 0
    bench.source.queues.set('orders', 9)
    await bench.clock.advance(minute)
    assert.deepEqual(bench.writes, [])
    const view = await bench.controller().insight.get('default', 'orders')
    assert.deepEqual(view?.records.at(-1)?.write, { kind: 'standby', from: 0, to: 1 })
    assert.equal(view.mode, 'standby')
    assert.ok(view.situation && 'direct' in view.situation)
    assert.equal(view.situation.direct, undefined, 'its HPA scales it, as ever')
    const annotations = { 'ebb.dev/mode': 'shadow' }
    await bench.cluster.patch(
      kinds.scaledObject,
      { namespace: 'default', name: 'orders' },
      { metadata: { annotations } },
      {},
      t.signal,
    )
    await bench.clock.advance(minute)
    const shown = await bench.controller().insight.get('default', 'orders')
    assert.equal(shown?.mode, 'shadow', 'whoever leads')
  })

  test('names who serves the metrics API when it is not Ebb', async (t) => {
    const owner = 'Service keda/keda-metrics-apiserver'
    const bench = await ready(t, {}, 0, { shared: { metricsOwner: () => owner } })
    const condition = await bench.condition('Ready')
    assert.equal(condition.reason, 'ExternalMetricsNotServed')
    assert.match(condition.message ?? '', /keda-metrics-apiserver.*ebb\.dev\/scaling: direct/)
  })

  test('answers the HPA from the board, by a name in any case', async (t) => {
    const bench = await ready(t)
    bench.source.queues.set('orders', 42)
    await bench.clock.advance(11 * second)
    const asked = bench.source.asked.length
    const [item] = await bench.controller().readings.read('default', 'orders', 'S0-Memory-Orders')
    assert.equal(item?.value, 42)
    assert.equal(bench.source.asked.length, asked)
    await assert.rejects(bench.controller().readings.read('default', 'orders', 's0-other'), {
      code: 'METRIC_UNKNOWN',
    })
    await assert.rejects(bench.controller().readings.read('default', 'nobody', 's0-x'), {
      code: 'WORKLOAD_UNKNOWN',
    })
  })

  test('goes with its finalizer when it is deleted; the HPA goes with it, the replicas stay', async (t) => {
    const bench = await ready(t)
    bench.source.queues.set('orders', 5)
    await bench.clock.advance(15 * second)
    await bench.cluster.remove(
      kinds.scaledObject,
      { namespace: 'default', name: 'orders' },
      {},
      forever,
    )
    await bench.clock.advance(5 * second)
    await assert.rejects(bench.scaledObject())
    assert.equal(await bench.hpa(), undefined)
    assert.equal(await bench.replicas(), 1)
    assert.equal(bench.controller().size, 0)
  })

  test('gives the replicas back on deletion where the spec asks for that', async (t) => {
    const bench = await ready(t, { advanced: { restoreToOriginalReplicaCount: true } }, 3)
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 0)
    await bench.cluster.remove(
      kinds.scaledObject,
      { namespace: 'default', name: 'orders' },
      {},
      forever,
    )
    await bench.clock.advance(5 * second)
    assert.equal(await bench.replicas(), 3)
  })
})

type Broken = readonly [string, Parameters<typeof scaledObject>[0], RegExp]

describe('a spec that cannot be followed', () => {
  const broken: readonly Broken[] = [
    [
      'an unknown trigger type',
      { triggers: [{ type: 'nosuch', metadata: {} }] },
      /no scaler for trigger type "nosuch"/,
    ],
    ['a missing parameter', { triggers: [{ type: 'queue', metadata: {} }] }, /queue is required/],
    [
      'two wrong parameters of two triggers, told together',
      {
        triggers: [
          { type: 'queue', metadata: { queue: 'a', length: 'many' } },
          { type: 'queue', metadata: { activation: '1.5' } },
        ],
      },
      /length must be.*activation must be.*queue is required|length must be.*queue is required.*activation must be/s,
    ],
    [
      'a target that does not exist',
      { scaleTargetRef: { name: 'nobody' } },
      /Deployment nobody does not exist/,
    ],
    [
      'a kind the cluster does not have',
      { scaleTargetRef: { name: 'orders', kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' } },
      /no kind Rollout/,
    ],
    [
      'an authentication that does not exist',
      { triggers: [{ type: 'queue', metadata: {}, authenticationRef: { name: 'nobody' } }] },
      /queue is required.*TriggerAuthentication nobody does not exist/s,
    ],
    [
      'bounds that contradict',
      { minReplicaCount: 5, idleReplicaCount: 5 },
      /idleReplicaCount 5 must be below/,
    ],
    ...['0', '-5'].map((length): Broken => [
      `a target of ${length}, by which nothing can be divided`,
      { triggers: [{ type: 'queue', metadata: { queue: 'orders', length } }] },
      new RegExp(`trigger queue has a target of ${length}: it must be above 0`),
    ]),
    [
      'two triggers of one name',
      {
        triggers: ['a', 'b'].map((queue) => ({
          type: 'queue',
          name: 'same',
          metadata: { queue },
        })),
      },
      /two triggers are named same/,
    ],
  ]
  for (const [name, spec, message] of broken) {
    test(`${name}: the condition says what to do, nothing is scaled, others are untouched`, async (t) => {
      const bench = await ready(t, spec, 2)
      await bench.cluster.create(kinds.deployment, deployment('good'), forever)
      await bench.cluster.create(kinds.scaledObject, scaledObject({}, { name: 'good' }), forever)
      bench.source.queues.set('good', 3)
      await bench.clock.advance(10 * minute)
      const condition = await bench.condition('Ready')
      assert.equal(condition.reason, 'ScaledObjectCheckFailed')
      assert.match(condition.message ?? '', message)
      assert.equal(await bench.replicas(), 2)
      assert.equal(await bench.replicas('good'), 1)
      const { items } = await bench.cluster.list(kinds.event, {}, forever)
      const event = items.find((e) => e.reason === 'ScaledObjectCheckFailed')
      assert.match(event?.note ?? '', message)
    })
  }

  test('is followed as soon as what was missing is there', async (t) => {
    const bench = await ready(t, { scaleTargetRef: { name: 'late' } })
    bench.source.queues.set('orders', 1)
    await bench.cluster.create(kinds.deployment, deployment('late'), forever)
    await bench.clock.advance(2 * second)
    assert.equal(await bench.replicas('late'), 1)
    assert.equal((await bench.condition('Ready')).status, 'True')
  })
})

describe('while the API server cannot be reached', () => {
  test('nothing is lost: what was decided is written when it is back', async (t) => {
    const bench = await ready(t)
    bench.cluster.setFaults({
      before: async () => {
        throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'down' })
      },
    })
    bench.cluster.cutWatches()
    bench.source.queues.set('orders', 8)
    await bench.clock.advance(5 * minute)
    bench.cluster.setFaults({})
    await bench.clock.advance(45 * second)
    assert.equal(await bench.replicas(), 1)
  })
})

test('a value above the activation wakes, the activation itself does not', async (t) => {
  const triggers = [{ type: 'queue', metadata: { queue: 'orders', activation: '10' } }]
  const bench = await ready(t, { triggers })
  bench.source.queues.set('orders', value(10))
  await bench.clock.advance(30 * second)
  assert.equal(await bench.replicas(), 0)
  bench.source.queues.set('orders', value(11))
  await bench.clock.advance(11 * second)
  assert.equal(await bench.replicas(), 1)
})
