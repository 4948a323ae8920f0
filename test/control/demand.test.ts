import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { error } from '../../src/scaler.ts'
import {
  deployment,
  forever,
  openBench,
  scaledObject,
  type Bench,
  type BenchOptions,
} from '../support/controller.ts'
import type { QueueAnswer } from '../support/memory-scaler.ts'

const second = 1_000
const minute = 60 * second
type Spec = Partial<ScaledObject['spec']>

const unreachable = error(failure('SOURCE_UNREACHABLE', { address: 'memory', why: 'gone' }))
const throttled = error(failure('SOURCE_THROTTLED', { address: 'memory', why: '429' }), 120_000)

const memory = (queue: string, more: object = {}) => ({
  type: 'queue',
  name: queue,
  metadata: { queue },
  ...more,
})

/** Thresholds of 3 at a period of 10 s: the fallback engages at the failure 30 s after the first. */
const fallback = { failureThreshold: 3, replicas: 4 }

async function ready(
  t: TestContext,
  spec: Spec,
  replicas: number,
  answers: Readonly<Record<string, QueueAnswer>>,
  options: BenchOptions = {},
): Promise<Bench> {
  const bench = await openBench({ hpasRead: true, ...options })
  t.after(() => bench.close())
  for (const [queue, answer] of Object.entries(answers)) bench.source.queues.set(queue, answer)
  await bench.cluster.create(kinds.deployment, deployment('orders', replicas), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(spec), forever)
  await bench.clock.advance(second)
  return bench
}

const metric = 's0-memory-orders'

describe('fallback', () => {
  test('engages with the first failure after the threshold, one failure counted per period', async (t) => {
    const bench = await ready(t, { fallback }, 2, { orders: 5 })
    bench.source.queues.set('orders', unreachable)
    const begin = bench.clock.now()
    const until = async (): Promise<number> => {
      while (
        (await bench.condition('Fallback')).status !== 'True' &&
        bench.clock.now() < begin + minute
      )
        await bench.clock.advance(second)
      return (bench.clock.now() - begin) / second
    }
    const took = await until()
    // the next poll is at most a period away, and three more periods follow
    assert.ok(took > 30 && took <= 41, `${took} s`)
    assert.equal((await bench.condition('Fallback')).reason, 'FallbackExists')
    assert.equal((await bench.condition('Ready')).status, 'True')
    const { health } = (await bench.scaledObject()).status ?? {}
    assert.deepEqual(health, { [metric]: { numberOfFailures: 4, status: 'Failing' } })
  })

  test('reads of an HPA fail below the threshold as KEDA says it, and count nothing', async (t) => {
    const bench = await ready(t, { fallback }, 2, { orders: unreachable }, { hpasRead: false })
    for (let i = 0; i < 20; i++)
      await assert.rejects(bench.read(metric), {
        message: /^metric:s0-memory-orders encountered error: /,
      })
    await bench.clock.advance(second)
    assert.notEqual((await bench.condition('Fallback')).status, 'True')
  })

  const behaviors: readonly [string, current: number, replicas: number][] = [
    ['static', 2, 4],
    ['static', 6, 4],
    ['currentReplicas', 2, 2],
    ['currentReplicas', 6, 6],
    ['currentReplicasIfHigher', 2, 4],
    ['currentReplicasIfHigher', 6, 6],
    ['currentReplicasIfLower', 2, 2],
    ['currentReplicasIfLower', 6, 4],
  ]
  for (const [behavior, current, replicas] of behaviors)
    test(`behavior ${behavior} brings ${current} replicas to ${replicas}`, async (t) => {
      const spec: Spec = { fallback: { ...fallback, behavior } }
      const bench = await ready(t, spec, current, { orders: unreachable })
      await bench.clock.advance(7 * minute)
      assert.equal(await bench.replicas(), replicas)
      const [value] = await bench.read(metric)
      assert.equal(value?.value, 5 * replicas)
    })

  for (const [name, answer] of [
    ['cannot be connected to', unreachable],
    ['asks to be left alone', throttled],
  ] as const)
    test(`wakes from zero when the source ${name} (KEDA #5525, #8056)`, async (t) => {
      const bench = await ready(t, { fallback }, 0, { orders: answer })
      await bench.clock.advance(25 * second)
      assert.equal(await bench.replicas(), 0)
      await bench.clock.advance(minute)
      assert.equal(await bench.replicas(), 4)
    })

  test('with a Value target is shared by the ready pods', async (t) => {
    const trigger = memory('orders', { metricType: 'Value' })
    const bench = await ready(t, { fallback, triggers: [trigger] }, 2, { orders: unreachable })
    await bench.clock.advance(30 * second)
    await bench.clock.advance(2 * minute)
    assert.equal(await bench.replicas(), 4)
    const [value] = await bench.read(metric)
    assert.equal(value?.value, 5)
  })

  test('a threshold of 0 engages with the first failure', async (t) => {
    const spec: Spec = { fallback: { ...fallback, failureThreshold: 0 } }
    const bench = await ready(t, spec, 0, { orders: unreachable })
    assert.equal(await bench.replicas(), 1)
  })

  test('of 0 replicas lets the workload rest once it has engaged, not before', async (t) => {
    const spec: Spec = { fallback: { ...fallback, replicas: 0 } }
    const bench = await ready(t, spec, 3, { orders: unreachable })
    await bench.clock.advance(25 * second)
    assert.equal(await bench.replicas(), 3)
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 0)
  })

  test('ends with one good sample, is told by events and stored only when something turns', async (t) => {
    const bench = await ready(t, { fallback }, 2, { orders: unreachable })
    await bench.clock.advance(2 * minute)
    bench.writes.length = 0
    await bench.clock.advance(60 * minute)
    assert.deepEqual(bench.writes, [])
    bench.source.queues.set('orders', 5)
    await bench.clock.advance(11 * second)
    assert.deepEqual(await bench.condition('Fallback'), {
      type: 'Fallback',
      status: 'False',
      reason: 'NoFallbackFound',
      message: 'no trigger is in fallback',
    })
    assert.deepEqual((await bench.scaledObject()).status?.health, {
      [metric]: { numberOfFailures: 0, status: 'Happy' },
    })
    const reasons = (await bench.events()).map((e) => e.split(':')[0])
    assert.ok(reasons.includes('Normal ScaledObjectFallbackActivated'))
    assert.ok(reasons.includes('Normal ScaledObjectFallbackDeactivated'))
  })

  test('restarts as engaged, so that a restart lowers nothing', async (t) => {
    const bench = await ready(t, { fallback }, 2, { orders: unreachable })
    await bench.clock.advance(2 * minute)
    assert.equal(await bench.replicas(), 4)
    await bench.restart()
    await bench.clock.advance(2 * second)
    assert.equal((await bench.condition('Fallback')).status, 'True')
    assert.equal((await bench.read(metric))[0]?.value, 20)
    await bench.clock.advance(20 * minute)
    assert.equal(await bench.replicas(), 4)
  })

  test('that cannot be followed is none, and the condition says why', async (t) => {
    const spec: Spec = {
      fallback: { failureThreshold: 1, replicas: 2, behavior: 'scalingModifiers' },
    }
    const bench = await ready(t, spec, 2, { orders: unreachable })
    await bench.clock.advance(5 * minute)
    assert.equal((await bench.condition('Ready')).reason, 'TriggerError')
    const { reason, message } = await bench.condition('Fallback')
    assert.equal(reason, 'NoFallbackFound')
    assert.match(message ?? '', /needs scalingModifiers\.formula/)
  })
})

describe('scalingModifiers', () => {
  const advanced = (scalingModifiers: object, more: object = {}): Spec => ({
    triggers: [memory('a'), memory('b')],
    advanced: { scalingModifiers: { target: '2', formula: 'a + b', ...scalingModifiers } },
    ...more,
  })

  test('give the HPA one metric in place of all, and it scales by the formula', async (t) => {
    const bench = await ready(t, advanced({}), 0, { a: 3, b: 4 })
    const { spec } = (await bench.hpa()) ?? {}
    assert.deepEqual(spec?.metrics, [
      {
        type: 'External',
        external: {
          metric: {
            name: 'composite-metric',
            selector: { matchLabels: { 'scaledobject.keda.sh/name': 'orders' } },
          },
          target: { type: 'AverageValue', averageValue: '2' },
        },
      },
    ])
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 4)
    const [value] = await bench.read('Composite-Metric')
    assert.equal(value?.metric, 'composite-metric')
    assert.equal(value?.value, 7)
    const { status } = await bench.scaledObject()
    assert.equal(status?.compositeScalerName, 'composite-metric')
    assert.deepEqual(status?.externalMetricNames, ['s0-memory-a', 's1-memory-b'])
  })

  test('taken out of the spec again are taken out of HPA and status (KEDA keeps compositeScalerName)', async (t) => {
    const bench = await ready(t, advanced({}), 1, { a: 3, b: 4 })
    await bench.change({ spec: { advanced: null } })
    await bench.clock.advance(second)
    const names = (await bench.hpa())?.spec.metrics?.map((m) => m.external?.metric.name)
    assert.deepEqual(names, ['s0-memory-a', 's1-memory-b'])
    assert.equal((await bench.scaledObject()).status?.compositeScalerName, undefined)
    await assert.rejects(bench.read('composite-metric'), { code: 'METRIC_UNKNOWN' })
  })

  test('activity is strictly above activationTarget, whatever the triggers say', async (t) => {
    const bench = await ready(t, advanced({ activationTarget: '7' }), 0, { a: 3, b: 4 })
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 0)
    bench.source.queues.set('b', 5)
    await bench.clock.advance(11 * second)
    assert.ok((await bench.replicas()) >= 1)
  })

  test('a trigger that fails lowers nothing and fails the read', async (t) => {
    const bench = await ready(t, advanced({}), 4, { a: 3, b: unreachable })
    await bench.clock.advance(20 * minute)
    assert.equal(await bench.replicas(), 4)
    assert.equal((await bench.condition('Ready')).reason, 'TriggerError')
    await assert.rejects(bench.read('composite-metric'), {
      message: /^metric:composite-metric encountered error: .*s1-memory-b/,
    })
  })

  test('a fallback stands in for the whole formula', async (t) => {
    const bench = await ready(t, advanced({}, { fallback }), 1, { a: 3, b: unreachable })
    await bench.clock.advance(2 * minute)
    assert.equal(await bench.replicas(), 4)
    assert.equal((await bench.read('composite-metric'))[0]?.value, 8)
  })

  test('behavior scalingModifiers leaves it to the formula', async (t) => {
    const left = { fallback: { ...fallback, behavior: 'scalingModifiers' } }
    const bench = await ready(t, advanced({ formula: 'a + (b ?? 9)' }, left), 1, {
      a: 3,
      b: unreachable,
    })
    await bench.clock.advance(2 * minute)
    assert.equal((await bench.read('composite-metric'))[0]?.value, 12)
    assert.equal(await bench.replicas(), 6)
  })

  test('a formula that cannot be followed is named in the condition', async (t) => {
    const bench = await ready(t, advanced({ formula: 'a + c' }), 1, { a: 1, b: 1 })
    const { reason, message } = await bench.condition('Ready')
    assert.equal(reason, 'ScaledObjectCheckFailed')
    assert.match(message ?? '', /scalingModifiers: .*c/)
  })

  test('a negative result reaches the HPA as it is', async (t) => {
    const bench = await ready(t, advanced({ formula: 'a - b' }), 1, { a: 1, b: 4 })
    assert.equal((await bench.read('composite-metric'))[0]?.value, -3)
  })
})

describe('a source that does not say its specs', () => {
  const silent = failure('SOURCE_UNREACHABLE', { address: 'memory', why: 'gone' })

  test('lets the fallback engage, from zero and for a workload it never knew (KEDA #5525)', async (t) => {
    const bench = await openBench({ hpasRead: true })
    t.after(() => bench.close())
    bench.source.silent = silent
    bench.source.queues.set('orders', 40)
    await bench.cluster.create(kinds.deployment, deployment('orders', 0), forever)
    await bench.cluster.create(kinds.scaledObject, scaledObject({ fallback }), forever)
    await bench.clock.advance(25 * second)
    assert.equal(await bench.replicas(), 0)
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 4)
    assert.equal((await bench.condition('Fallback')).status, 'True')

    bench.source.silent = undefined
    await bench.clock.advance(90 * second)
    const names = (await bench.hpa())?.spec.metrics?.map((m) => m.external?.metric.name)
    assert.deepEqual(names, [metric])
    assert.equal((await bench.condition('Fallback')).status, 'False')
    assert.equal(await bench.replicas(), 8)
  })

  test('is one trigger that fails: the others go on, nothing is lowered, and it is asked again', async (t) => {
    const bench = await ready(t, {}, 3, { orders: 40 })
    bench.source.silent = silent
    await bench.restart()
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(second)
    // its specs are known from the HPA, so that its value is asked for all the same
    const names = (await bench.hpa())?.spec.metrics?.map((m) => m.external?.metric.name)
    assert.deepEqual(names, [metric])
    assert.equal((await bench.read(metric))[0]?.value, 0)
    bench.writes.length = 0
    await bench.clock.advance(60 * minute)
    assert.deepEqual(
      bench.writes.filter((w) => !w.startsWith('scale') && !w.startsWith('patch/status')),
      [],
    )
  })

  test('keeps a fallback engaged over a restart', async (t) => {
    const bench = await ready(t, { fallback }, 2, { orders: 10 })
    bench.source.queues.set('orders', unreachable)
    await bench.clock.advance(minute)
    assert.equal((await bench.condition('Fallback')).status, 'True')
    bench.source.silent = silent
    await bench.restart()
    await bench.clock.advance(second)
    assert.equal((await bench.read(metric))[0]?.value, 20)
    await bench.clock.advance(30 * minute)
    assert.equal(await bench.replicas(), 4)
  })
})

test('a trigger that is renamed is known to the formula under its new name', async (t) => {
  const spec: Spec = {
    triggers: [memory('a')],
    advanced: { scalingModifiers: { target: '2', formula: 'a' } },
  }
  const bench = await ready(t, spec, 1, { a: 3 })
  await bench.change({
    spec: {
      triggers: [{ ...memory('a'), name: 'b' }],
      advanced: { scalingModifiers: { formula: 'b * 2' } },
    },
  })
  await bench.clock.advance(second)
  assert.equal((await bench.read('composite-metric'))[0]?.value, 6)
})

test('a read by an HPA just after a takeover is answered as soon as the source has answered', async (t) => {
  const bench = await ready(t, {}, 3, { orders: 40 })
  bench.source.queues.set('orders', 30)
  await bench.restart()
  const started = bench.clock.now()
  const read = bench.read(metric)
  await bench.clock.advance(1_000)
  const [answer] = await read
  assert.equal(answer?.value, 30)
  assert.ok(answer.at >= started, 'the value is fresh')
})
