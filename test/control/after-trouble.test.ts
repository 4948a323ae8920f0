import { test } from 'node:test'
import assert from 'node:assert/strict'
import { kinds } from '../../src/kinds.ts'
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
