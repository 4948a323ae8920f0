import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { decide } from '../../src/core/decide.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledObjectSpec } from '../../src/resources.ts'
import { error } from '../../src/scaler.ts'
import {
  deployment,
  forever,
  openBench,
  scaledObject,
  type BenchOptions,
} from '../support/controller.ts'

const direct = { 'ebb.dev/scaling': 'direct' }
const eager = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}
const trigger = (queue: string, more: object = {}) => ({
  type: 'queue',
  metadata: { queue, length: '5' },
  ...more,
})

async function stage(
  t: TestContext,
  queue: number,
  spec: Partial<ScaledObjectSpec> = {},
  annotations: Readonly<Record<string, string>> = direct,
  options: BenchOptions & { readonly replicas?: number } = {},
) {
  const bench = await openBench({ hpasRead: true, ...options })
  t.after(() => bench.close())
  bench.source.queues.set('orders', queue)
  const { replicas = 0 } = options
  await bench.cluster.create(kinds.deployment, deployment('orders', replicas), forever)
  await bench.cluster.create(
    kinds.scaledObject,
    scaledObject({ triggers: [trigger('orders')], advanced: eager, ...spec }, { annotations }),
    forever,
  )
  await bench.clock.advance(2_000)
  const view = async () => {
    const found = await bench.controller().insight.get('default', 'orders')
    return found ?? assert.fail('no view')
  }
  return { bench, view }
}

describe('direct mode', () => {
  test('goes from zero straight to the wanted count, follows the queue, and rests again', async (t) => {
    const { bench, view } = await stage(t, 22)
    assert.equal(await bench.replicas(), 5)
    assert.equal(await bench.hpa(), undefined)
    assert.equal((await view()).mode, 'direct')
    assert.equal((await bench.condition('Ready')).status, 'True')
    bench.source.queues.set('orders', 40)
    await bench.clock.advance(11_000)
    assert.equal(await bench.replicas(), 8)
    bench.source.queues.set('orders', 6)
    await bench.clock.advance(11_000)
    assert.equal(await bench.replicas(), 2)
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(11_000)
    assert.equal(await bench.replicas(), 1)
    await bench.clock.advance(70_000)
    assert.equal(await bench.replicas(), 0)
  })

  test('waits for the default stabilization window before it lowers', async (t) => {
    const { bench, view } = await stage(t, 40, { advanced: {} })
    assert.equal(await bench.replicas(), 8)
    bench.source.queues.set('orders', 6)
    await bench.clock.advance(290_000)
    assert.equal(await bench.replicas(), 8)
    assert.equal((await view()).decision?.because, 'stabilizing')
    await bench.clock.advance(30_000)
    assert.equal(await bench.replicas(), 2)
  })

  test('takes the next step when the policy lets it, not with the next poll', async (t) => {
    const one = { policies: [{ type: 'Pods', value: 1, periodSeconds: 7 }] }
    const advanced = { horizontalPodAutoscalerConfig: { behavior: { scaleUp: one } } }
    const spec = { pollingInterval: 60, advanced, maxReplicaCount: 20 }
    const { bench, view } = await stage(t, 100, spec, direct, { replicas: 1 })
    const seen: number[] = []
    for (let second = 0; second < 28; second++) {
      await bench.clock.advance(1_000)
      const now = await bench.replicas()
      if (now !== seen.at(-1)) seen.push(now)
    }
    assert.deepEqual(seen, [2, 3, 4, 5, 6])
    const { situation, decision } = await view()
    if (!situation || !decision || !('until' in decision)) assert.fail('no stay')
    assert.equal(decision.because, 'rate-limited')
    assert.ok(
      (decision.until ?? 0) > situation.now && (decision.until ?? 0) < situation.now + 7_000,
    )
  })

  test('lowers when the window ends, not with the next poll', async (t) => {
    const { bench, view } = await stage(t, 40, { advanced: {}, pollingInterval: 200 })
    bench.source.queues.set('orders', 6)
    await bench.clock.advance(200_000)
    const { decision } = await view()
    assert.ok(decision && 'until' in decision && decision.because === 'stabilizing')
    const rest = (decision.until ?? 0) - bench.clock.now()
    await bench.clock.advance(rest - 1)
    assert.equal(await bench.replicas(), 8)
    await bench.clock.advance(2)
    assert.equal(await bench.replicas(), 2)
  })

  test('starts its window with the count it finds, so that a restart lowers nothing at once', async (t) => {
    const { bench } = await stage(t, 40, { advanced: {} })
    bench.source.queues.set('orders', 6)
    await bench.clock.advance(60_000)
    await bench.restart()
    await bench.clock.advance(290_000)
    assert.equal(await bench.replicas(), 8)
    await bench.clock.advance(30_000)
    assert.equal(await bench.replicas(), 2)
  })

  test('lowers nothing on an unread source', async (t) => {
    const { bench, view } = await stage(t, 40)
    const why = failure('SOURCE_UNREACHABLE', { address: 'queue', why: 'gone' })
    bench.source.queues.set('orders', error(why))
    await bench.clock.advance(3_600_000)
    assert.equal(await bench.replicas(), 8)
    assert.equal((await view()).decision?.because, 'failing-blind')
  })

  test('reaches the count of the fallback', async (t) => {
    const fallback = { failureThreshold: 2, replicas: 6 }
    const { bench } = await stage(t, 10, { fallback })
    const why = failure('SOURCE_UNREACHABLE', { address: 'queue', why: 'gone' })
    bench.source.queues.set('orders', error(why))
    await bench.clock.advance(60_000)
    assert.equal(await bench.replicas(), 6)
  })

  test('is ready where somebody else serves the external metrics API', async (t) => {
    const { bench } = await stage(t, 10, {}, direct, {
      shared: { metricsOwner: () => 'Service a/b' },
    })
    assert.equal((await bench.condition('Ready')).status, 'True')
    assert.equal(await bench.replicas(), 2)
  })

  test('refuses a target of 0, by which any backlog would ask for the maximum', async (t) => {
    const triggers = [{ type: 'queue', metadata: { queue: 'orders', length: '0' } }]
    const { bench } = await stage(t, 22, { triggers }, direct, { replicas: 2 })
    await bench.clock.advance(60_000)
    assert.equal(await bench.replicas(), 2)
    assert.match(
      (await bench.condition('Ready')).message ?? '',
      /a target of 0: it must be above 0/,
    )
  })

  test('a change of mode changes no replicas by itself, in either direction', async (t) => {
    const { bench } = await stage(t, 40)
    const seen = new Set<number>()
    const watch = async (ms: number): Promise<void> => {
      for (let i = 0; i < ms / 1_000; i++) {
        await bench.clock.advance(1_000)
        seen.add(await bench.replicas())
      }
    }
    await bench.change({ metadata: { annotations: { 'ebb.dev/scaling': null } } })
    await watch(60_000)
    assert.ok(await bench.hpa())
    assert.equal((await bench.scaledObject()).status?.hpaName, 'keda-hpa-orders')
    await bench.change({ metadata: { annotations: direct } })
    await watch(60_000)
    assert.equal(await bench.hpa(), undefined)
    assert.equal((await bench.scaledObject()).status?.hpaName, undefined)
    assert.deepEqual([...seen], [8])
  })

  test('writes nothing where nothing changes', async (t) => {
    const { bench } = await stage(t, 40)
    await bench.clock.advance(60_000)
    bench.writes.length = 0
    await bench.clock.advance(3_600_000)
    assert.deepEqual(bench.writes, [])
  })

  test('every record is decided the same again', async (t) => {
    const { bench, view } = await stage(t, 22)
    for (const length of [40, 6, 100, 0]) {
      bench.source.queues.set('orders', length)
      await bench.clock.advance(45_000)
    }
    const { records } = await view()
    assert.ok(records.length >= 5)
    for (const { situation, decision } of records) {
      if ('pending' in situation) assert.fail('a situation of Jobs')
      const { until: _, ...known } = { until: undefined, ...decision }
      const { until: __, ...again } = { until: undefined, ...decide(structuredClone(situation)) }
      assert.deepEqual(again, known)
    }
  })
})

describe('shadow by annotation', () => {
  const shadow = { 'ebb.dev/mode': 'shadow' }
  test('decides and records, also between 1 and max, and writes nothing at all', async (t) => {
    const { bench, view } = await stage(t, 40, {}, shadow, { replicas: 2 })
    await bench.clock.advance(60_000)
    const { mode, records } = await view()
    assert.equal(mode, 'shadow')
    assert.deepEqual(records.at(-1)?.write, { kind: 'shadow', from: 2, to: 6 })
    assert.deepEqual(bench.writes, [])
    assert.deepEqual(await bench.events(), [])
  })

  test('goes with its finalizer when it is deleted', async (t) => {
    const { bench } = await stage(t, 0, {}, {})
    await bench.change({ metadata: { annotations: shadow } })
    await bench.clock.advance(1_000)
    const ref = { namespace: 'default', name: 'orders' }
    await bench.cluster.remove(kinds.scaledObject, ref, {}, forever)
    await bench.clock.advance(1_000)
    assert.equal(await bench.cluster.get(kinds.scaledObject, ref, forever), undefined)
  })
})

describe('ebb.dev/demand: sum', () => {
  const sum = { 'ebb.dev/demand': 'sum' }
  const triggers = [trigger('orders'), trigger('mails')]
  test('adds what the triggers ask for, each rounded up, in one metric of the HPA', async (t) => {
    const { bench } = await stage(t, 11, { triggers }, sum)
    bench.source.queues.set('mails', 7)
    await bench.clock.advance(60_000)
    assert.deepEqual(
      (await bench.hpa())?.spec.metrics?.map((m) => [m.external?.metric.name, m.external?.target]),
      [['ebb-demand-sum', { type: 'AverageValue', averageValue: '1' }]],
    )
    assert.equal((await bench.read('ebb-demand-sum'))[0]?.value, 5)
    assert.equal(await bench.replicas(), 5)
  })

  test('does the same without an HPA', async (t) => {
    const { bench } = await stage(t, 11, { triggers }, { ...sum, ...direct })
    bench.source.queues.set('mails', 7)
    await bench.clock.advance(25_000)
    assert.equal(await bench.replicas(), 5)
  })

  test('has no value while a trigger cannot be read, so that nothing is lowered', async (t) => {
    const { bench } = await stage(t, 11, { triggers }, sum)
    bench.source.queues.set('mails', 7)
    await bench.clock.advance(60_000)
    const why = failure('SOURCE_UNREACHABLE', { address: 'queue', why: 'gone' })
    bench.source.queues.set('mails', error(why))
    await bench.clock.advance(600_000)
    await assert.rejects(bench.read('ebb-demand-sum'), /gone/)
    assert.equal(await bench.replicas(), 5)
  })

  test('is refused beside scalingModifiers', async (t) => {
    const advanced = { scalingModifiers: { formula: 'a', target: '2' } }
    const named = [trigger('orders', { name: 'a' })]
    const { bench } = await stage(t, 11, { triggers: named, advanced }, sum)
    assert.match((await bench.condition('Ready')).message ?? '', /demand: sum does not go together/)
  })
})

describe('ebb.dev/demand: sum with ebb.dev/hold-on', () => {
  const triggers = [trigger('orders'), trigger('all', { name: 'all' })]
  test('adds up what only holds to the replicas there are, and not beyond', async (t) => {
    const annotations = { 'ebb.dev/demand': 'sum', 'ebb.dev/hold-on': 'all', ...direct }
    const { bench } = await stage(t, 20, { triggers }, annotations)
    assert.equal(await bench.replicas(), 4)
    bench.source.queues.set('all', 50)
    await bench.clock.advance(60_000)
    assert.equal(await bench.replicas(), 4)
    bench.source.queues.set('orders', 5)
    await bench.clock.advance(60_000)
    assert.equal(await bench.replicas(), 4)
  })
})

describe('ebb.dev/hold-on', () => {
  const triggers = [trigger('orders', { name: 'visible' }), trigger('all', { name: 'all' })]
  for (const [mode, annotations] of [
    ['with an HPA', {}],
    ['without an HPA', direct],
  ] as const)
    test(`${mode}: keeps replicas, adds none and wakes nobody`, async (t) => {
      const hold = { ...annotations, 'ebb.dev/hold-on': 'all' }
      const { bench } = await stage(t, 0, { triggers }, hold)
      bench.source.queues.set('all', 50)
      await bench.clock.advance(60_000)
      assert.equal(await bench.replicas(), 0)
      bench.source.queues.set('orders', 20)
      await bench.clock.advance(60_000)
      assert.equal(await bench.replicas(), 4)
      bench.source.queues.set('orders', 0)
      await bench.clock.advance(600_000)
      assert.equal(await bench.replicas(), 4)
      bench.source.queues.set('all', 7)
      await bench.clock.advance(600_000)
      assert.equal(await bench.replicas(), 2)
      bench.source.queues.set('all', 0)
      await bench.clock.advance(900_000)
      assert.equal(await bench.replicas(), 0)
    })

  for (const [what, hold, advanced, said] of [
    [
      'beside scalingModifiers',
      'all',
      { scalingModifiers: { formula: 'visible', target: '5' } },
      /hold-on does not go together with scalingModifiers/,
    ],
    ['of every trigger', 'all,visible', {}, /names all triggers/],
  ] as const)
    test(`${what} is refused by the condition, and lowers nothing`, async (t) => {
      const annotations = { ...direct, 'ebb.dev/hold-on': hold }
      const { bench } = await stage(t, 0, { triggers, advanced }, annotations, { replicas: 3 })
      await bench.clock.advance(3_600_000)
      assert.equal(await bench.replicas(), 3)
      const { reason, message } = await bench.condition('Ready')
      assert.equal(reason, 'ScaledObjectCheckFailed')
      assert.match(message ?? '', said)
      await bench.change({ metadata: { annotations: { 'ebb.dev/hold-on': null } } })
      await bench.clock.advance(2_000)
      assert.equal((await bench.condition('Ready')).status, 'True')
    })
})
