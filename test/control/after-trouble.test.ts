import { test } from 'node:test'
import assert from 'node:assert/strict'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { ManualClock } from '../support/clock.ts'
import { deployment, forever, openBench, scaledObject } from '../support/controller.ts'

// what the simulation found; see docs/reliability.md

test('the count of a pause has a record like any other change', async (t) => {
  const bench = await openBench()
  t.after(() => bench.close())
  await bench.cluster.create(kinds.deployment, deployment('orders', 5), forever)
  const annotations = { 'autoscaling.keda.sh/paused-replicas': '2' }
  await bench.cluster.create(kinds.scaledObject, scaledObject({}, { annotations }), forever)
  await bench.clock.advance(1_000)
  assert.equal(await bench.replicas(), 2)
  const view = await bench.controller().insight.get('default', 'orders')
  const written = view?.records.map(({ write }) => write).find(({ kind }) => kind === 'scaled')
  assert.deepEqual(written, { kind: 'scaled', from: 5, to: 2 })
})

test('a forced activation counts as activity until it ends, also for a successor', async (t) => {
  const bench = await openBench()
  t.after(() => bench.close())
  const annotations = { 'autoscaling.keda.sh/force-activation': 'true' }
  await bench.cluster.create(kinds.deployment, deployment('orders', 0), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject({}, { annotations }), forever)
  await bench.clock.advance(100_000)
  await bench.change({
    metadata: { annotations: { 'autoscaling.keda.sh/force-activation': null } },
  })
  await bench.clock.advance(1_000)
  await bench.restart()
  await bench.clock.advance(30_000)
  assert.equal(await bench.replicas(), 1)
  await bench.clock.advance(40_000)
  assert.equal(await bench.replicas(), 0)
})

test('an activation whose answer is lost took place, so that its cooldown counts', async (t) => {
  const bench = await openBench()
  t.after(() => bench.close())
  bench.source.queues.set('orders', 6)
  bench.cluster.setFaults({
    async after({ verb, subresource }) {
      if (verb === 'get' || subresource !== 'scale') return
      // the watch is faster
      await bench.clock.sleep(100, forever)
      throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'answer lost' })
    },
  })
  await bench.cluster.create(kinds.deployment, deployment('orders', 0), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(), forever)
  await bench.clock.advance(1_000)
  assert.equal(await bench.replicas(), 1)
  bench.cluster.setFaults({})
  bench.source.queues.set('orders', 0)
  await bench.clock.advance(30_000)
  assert.equal(await bench.replicas(), 1)
})

test('what was read before the process was suspended lowers nothing when it goes on', async (t) => {
  const machine: { clock?: ManualClock } = {}
  let suspended = 0
  const clock = (): ManualClock => {
    assert.ok(machine.clock)
    return machine.clock
  }
  const bench = await openBench({
    shared: {
      clock: {
        now: () => (machine.clock?.now() ?? 0) + suspended,
        after: (ms, fire) => clock().after(ms, fire),
        sleep: (ms, signal) => clock().sleep(ms, signal),
      },
    },
  })
  machine.clock = bench.clock
  t.after(() => bench.close())
  await bench.cluster.create(kinds.deployment, deployment('orders', 0), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(), forever)
  await bench.clock.advance(5_000)
  suspended = 600_000
  // by hand, before anything is read anew
  const ref = { namespace: 'default', name: 'orders' }
  await bench.cluster.patch(kinds.deployment, ref, { spec: { replicas: 3 } }, {}, forever)
  await bench.clock.advance(0)
  assert.equal(await bench.replicas(), 3)
})

test('an HPA that is taken away each time it is made is made at most once a second', async (t) => {
  const bench = await openBench()
  t.after(() => bench.close())
  const ref = { namespace: 'default', name: 'keda-hpa-orders' }
  bench.cluster.setFaults({
    async after({ verb, resource }) {
      // as a garbage collector does where the owner is gone
      if (verb === 'create' && resource === kinds.hpa.plural)
        await bench.cluster.remove(kinds.hpa, ref, {}, forever)
    },
  })
  await bench.cluster.create(kinds.deployment, deployment('orders', 1), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(), forever)
  await bench.clock.advance(20_000)
  const made = bench.writes.filter((w) => w.startsWith('create HorizontalPodAutoscaler')).length
  assert.ok(made >= 3 && made <= 21, `${made}`)
})
