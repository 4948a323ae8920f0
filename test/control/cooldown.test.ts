import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { value, type AnyScaler, type Answer, type Push } from '../../src/scaler.ts'
import { deployment, forever, openBench, scaledObject } from '../support/controller.ts'
import { memorySource } from '../support/memory-scaler.ts'
import { ready, unreachable } from '../support/ready.ts'

/** One workload that is asked every 300 s and cools down in 60 s, as it runs with one replica. */
async function stage(t: TestContext, queue: number, annotations: Readonly<Record<string, string>>) {
  const source = memorySource()
  const pushes: Push[] = []
  const scaler: AnyScaler = {
    ...source.scaler,
    watch: (_m, _service, push, signal) => {
      pushes.push(push)
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve())
      })
    },
  }
  const bench = await openBench({ shared: { load: async () => scaler } })
  t.after(() => bench.close())
  source.queues.set('orders', queue)
  await bench.cluster.create(kinds.deployment, deployment(), forever)
  const spec = { pollingInterval: 300, cooldownPeriod: 60 }
  await bench.cluster.create(kinds.scaledObject, scaledObject(spec, { annotations }), forever)
  await bench.clock.advance(2_000)
  assert.equal(await bench.replicas(), 1)
  const tell = (answer: Answer<number>): void => {
    source.queues.set('orders', answer)
    for (const one of pushes) one.answer(answer)
  }
  return { bench, tell, push: (length: number) => tell(value(length)) }
}

/** It stays for the whole cooldown from now on, and not much longer. */
async function coolsFromNow({ bench }: Awaited<ReturnType<typeof stage>>): Promise<void> {
  await bench.clock.advance(59_000)
  assert.equal(await bench.replicas(), 1)
  await bench.clock.advance(3_000)
  assert.equal(await bench.replicas(), 0)
}

test('the cooldown counts from the moment a source that pushes says that activity ended', async (t) => {
  const staged = await stage(t, 5, {})
  await staged.bench.clock.advance(200_000)
  staged.push(0)
  await coolsFromNow(staged)
})

test('it counts once: what is pushed while nothing is active does not move it', async (t) => {
  const staged = await stage(t, 5, {})
  await staged.bench.clock.advance(200_000)
  staged.push(0)
  await staged.bench.clock.advance(40_000)
  staged.push(0)
  await staged.bench.clock.advance(22_000)
  assert.equal(await staged.bench.replicas(), 0)
})

test('it counts from the moment force-activation is taken away', async (t) => {
  const force = 'autoscaling.keda.sh/force-activation'
  const staged = await stage(t, 0, { [force]: 'true' })
  await staged.bench.clock.advance(200_000)
  await staged.bench.change({ metadata: { annotations: { [force]: null } } })
  await coolsFromNow(staged)
})

test('a successor counts from the same moment', async (t) => {
  const staged = await stage(t, 5, {})
  await staged.bench.clock.advance(200_000)
  staged.push(0)
  await staged.bench.clock.advance(10_000)
  await staged.bench.restart()
  await staged.bench.clock.advance(48_000)
  assert.equal(await staged.bench.replicas(), 1)
  await staged.bench.clock.advance(5_000)
  assert.equal(await staged.bench.replicas(), 0)
})

test('it counts from the moment a source that pushes cannot be read any more, however long it then fails', async (t) => {
  const staged = await stage(t, 5, {})
  await staged.bench.clock.advance(200_000)
  for (let second = 0; second < 90; second++) {
    staged.tell(unreachable)
    await staged.bench.clock.advance(1_000)
  }
  staged.push(0)
  await staged.bench.clock.advance(1_000)
  assert.equal(await staged.bench.replicas(), 0)
})

test('a fallback does not end the initial cooldown', async (t) => {
  const fallback = { failureThreshold: 1, replicas: 3 }
  const spec = { initialCooldownPeriod: 600, cooldownPeriod: 30, fallback }
  const bench = await ready(t, spec, 3)
  await bench.clock.advance(19_000)
  bench.source.queues.set('orders', unreachable)
  await bench.clock.advance(60_000)
  assert.equal((await bench.condition('Fallback')).status, 'True')
  bench.source.queues.set('orders', 0)
  await bench.clock.advance(500_000)
  assert.equal(await bench.replicas(), 3)
  await bench.clock.advance(40_000)
  assert.equal(await bench.replicas(), 0)
})

test('what others were told before it was made does not end the initial cooldown', async (t) => {
  const bench = await openBench()
  t.after(() => bench.close())
  bench.source.queues.set('orders', 5)
  const make = async (name: string, more: object): Promise<void> => {
    await bench.cluster.create(kinds.deployment, deployment(name, 3), forever)
    const triggers = [{ type: 'queue', metadata: { queue: 'orders' } }]
    const made = scaledObject({ triggers, cooldownPeriod: 30, ...more }, { name })
    await bench.cluster.create(kinds.scaledObject, made, forever)
  }
  await make('first', {})
  await bench.clock.advance(30_000)
  bench.source.queues.set('orders', 0)
  await make('second', { initialCooldownPeriod: 600 })
  await bench.clock.advance(590_000)
  assert.equal(await bench.replicas('second'), 3)
  await bench.clock.advance(20_000)
  assert.equal(await bench.replicas('second'), 0)
})

test('an activation that may have arrived counts, though it is seen only after the queue is empty', async (t) => {
  const bench = await ready(t, { cooldownPeriod: 300 })
  let held = true
  bench.cluster.setFaults({
    async before({ verb, subresource }) {
      if (!held || verb === 'get' || subresource !== 'scale') return
      held = false
      throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'reset' })
    },
  })
  bench.source.queues.set('orders', 6)
  await bench.clock.advance(10_000)
  bench.source.queues.set('orders', 0)
  await bench.clock.advance(10_000)
  // it arrives at last
  await bench.cluster.patch(
    kinds.deployment,
    { namespace: 'default', name: 'orders' },
    { spec: { replicas: 1 } },
    {},
    forever,
  )
  await bench.clock.advance(250_000)
  assert.equal(await bench.replicas(), 1)
  await bench.clock.advance(70_000)
  assert.equal(await bench.replicas(), 0)
})
