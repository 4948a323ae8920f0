import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { empty, value, type Answer } from '../../src/scaler.ts'
import { stage } from '../support/scaledjob.ts'
import { type Bench, deployment, forever, openBench, scaledObject } from '../support/controller.ts'

const second = 1_000

const modes = ['hpa', 'direct'] as const

/** A workload that its HPA, or Ebb by itself, holds at 3 (15 messages, 5 for each). */
async function awake(
  t: TestContext,
  spec: Parameters<typeof scaledObject>[0] = {},
  mode: (typeof modes)[number] = 'hpa',
): Promise<Bench> {
  const bench = await openBench({ hpasRead: true })
  t.after(() => bench.close())
  bench.source.queues.set('orders', 15)
  await bench.cluster.create(kinds.deployment, deployment(), forever)
  const scaleDown = { stabilizationWindowSeconds: 0 }
  const advanced = { horizontalPodAutoscalerConfig: { behavior: { scaleDown } } }
  await bench.cluster.create(
    kinds.scaledObject,
    scaledObject(
      { pollingInterval: 5, advanced, ...spec },
      { annotations: { 'ebb.dev/scaling': mode } },
    ),
    forever,
  )
  await bench.clock.advance(60 * second)
  assert.equal(await bench.replicas(), 3)
  return bench
}

const readable = async (bench: Bench, metric = 's0-memory-orders'): Promise<number | undefined> =>
  (await bench.read(metric).catch(() => []))[0]?.value

/** What no source should answer, and what is made of it. */
const unread: readonly (readonly [name: string, Answer<number>])[] = [
  ['NaN', value(Number.NaN)],
  ['infinity', value(Number.POSITIVE_INFINITY)],
  ['minus infinity', value(Number.NEGATIVE_INFINITY)],
  ['an empty answer', empty],
  ['a number no HPA can count', value(1e300)],
  ['the least number that no HPA can count', value(2 ** 63 / 1000)],
]

void describe('a value that is none', () => {
  for (const [name, answer] of unread)
    for (const mode of modes)
      void it(`lowers and raises nothing, and the condition says so, ${mode}: ${name}`, async (t) => {
        const bench = await awake(t, {}, mode)
        bench.source.queues.set('orders', answer)
        await bench.clock.advance(120 * second)
        assert.equal(await bench.replicas(), 3)
        assert.equal(await readable(bench), undefined, 'the HPA is given nothing')
        const { status, message } = await bench.condition('Ready')
        assert.equal(status, 'False')
        assert.match(message ?? '', /s0-memory-orders/)
        bench.source.queues.set('orders', 0)
        await bench.clock.advance(120 * second)
        assert.equal(await bench.replicas(), 0)
      })

  for (const [name, answer] of unread)
    for (const mode of modes)
      void it(`wakes nobody, ${mode}: ${name}`, async (t) => {
        const bench = await awake(t, {}, mode)
        bench.source.queues.set('orders', 0)
        await bench.clock.advance(120 * second)
        assert.equal(await bench.replicas(), 0)
        bench.source.queues.set('orders', answer)
        await bench.clock.advance(60 * second)
        assert.equal(await bench.replicas(), 0)
      })
})

void describe('a value that is odd', () => {
  for (const mode of modes)
    void it(`counts as none of it where it is negative, and rests, ${mode}`, async (t) => {
      const bench = await awake(t, {}, mode)
      bench.source.queues.set('orders', -7)
      await bench.clock.advance(120 * second)
      assert.equal(await bench.replicas(), 0)
    })

  void it('is judged for activity as it is, also below zero', async (t) => {
    const metadata = { queue: 'orders', activation: '-10' }
    const bench = await awake(t, { triggers: [{ type: 'queue', metadata }] })
    bench.source.queues.set('orders', -7)
    await bench.clock.advance(120 * second)
    // active, but worth nothing: what an HPA holds at least
    assert.equal(await bench.replicas(), 1)
    bench.source.queues.set('orders', -11)
    await bench.clock.advance(120 * second)
    assert.equal(await bench.replicas(), 0)
  })

  for (const mode of modes)
    void it(`asks for the maximum where it is as large as an HPA can count, ${mode}`, async (t) => {
      const bench = await awake(t, {}, mode)
      bench.source.queues.set('orders', 2 ** 53)
      await bench.clock.advance(120 * second)
      assert.equal(await bench.replicas(), 10)
    })
})

const formulas: readonly (readonly [formula: string, says: RegExp])[] = [
  ['a / b', /Infinity|NaN/],
  ['a * 1e308 * 1e308', /Infinity/],
  ['a * 1e300', /too large/],
  ['[a][int(b) + 1]', /./],
]

void describe('a formula that gives no count', () => {
  for (const [formula, says] of formulas)
    for (const mode of modes)
      void it(`lowers and raises nothing, and the condition says so, ${mode}: ${formula}`, async (t) => {
        const triggers = ['a', 'b'].map((name) => ({
          type: 'queue',
          name,
          metadata: { queue: name === 'a' ? 'orders' : 'divisor' },
        }))
        const scaleDown = { stabilizationWindowSeconds: 0 }
        const advanced = {
          horizontalPodAutoscalerConfig: { behavior: { scaleDown } },
          scalingModifiers: { formula: `b > -0.5 && b < 0.5 ? ${formula} : a`, target: '5' },
        }
        const bench = await openBench({ hpasRead: true })
        t.after(() => bench.close())
        bench.source.queues.set('orders', 15)
        bench.source.queues.set('divisor', 1)
        await bench.cluster.create(kinds.deployment, deployment(), forever)
        await bench.cluster.create(
          kinds.scaledObject,
          scaledObject(
            { pollingInterval: 5, advanced, triggers },
            { annotations: { 'ebb.dev/scaling': mode } },
          ),
          forever,
        )
        await bench.clock.advance(60 * second)
        assert.equal(await bench.replicas(), 3)
        bench.source.queues.set('divisor', 0)
        await bench.clock.advance(120 * second)
        assert.equal(await bench.replicas(), 3)
        assert.equal(await readable(bench, 'composite-metric'), undefined)
        const { status, message } = await bench.condition('Ready')
        assert.equal(status, 'False')
        assert.match(message ?? '', says)
      })
})

void describe('a value that is none, for a ScaledJob', () => {
  for (const [name, answer] of unread)
    void it(`makes no Job, and the condition says so: ${name}`, async (t) => {
      const { bench, names, object } = await stage(t, {}, answer)
      await bench.clock.advance(60 * second)
      assert.deepEqual(await names(), [])
      const ready = (await object()).status?.conditions?.find(({ type }) => type === 'Ready')
      assert.equal(ready?.status, 'False')
      assert.match(ready?.message ?? '', /s0-memory-work/)
      bench.source.queues.set('work', 2)
      await bench.clock.advance(60 * second)
      assert.deepEqual(await names(), ['work-1', 'work-2'])
    })

  void it('makes none where it is negative', async (t) => {
    const { bench, names } = await stage(t, {}, -7)
    await bench.clock.advance(60 * second)
    assert.deepEqual(await names(), [])
  })

  void it('makes as many as may run where it is as large as can be counted', async (t) => {
    const { bench, names } = await stage(t, { maxReplicaCount: 12 }, 2 ** 53)
    await bench.clock.advance(60 * second)
    assert.equal((await names()).length, 12)
  })
})
