import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import { manualClock } from '../support/clock.ts'
import { deployment, forever, openBench, scaledObject } from '../support/controller.ts'
import { scaledJob } from '../support/scaledjob.ts'

const name = 'orders'

test('a ScaledObject and a ScaledJob of one name are two workloads: each has its own view, figures and Jobs', async (t) => {
  const metrics = createMetrics({ clock: manualClock(), build: { version: '1', commit: '2' } })
  const bench = await openBench({ shared: { meter: metrics.control } })
  t.after(() => bench.close())
  bench.source.queues.set('orders', 7)
  bench.source.queues.set('work', 3)
  await bench.cluster.create(kinds.deployment, deployment(), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(), forever)
  await bench.cluster.create(kinds.scaledJob, scaledJob({}, { name }), forever)
  await bench.clock.advance(12_000)

  const { insight } = bench.controller()
  const seen = async (kind?: 'ScaledObject' | 'ScaledJob'): Promise<unknown> => {
    const view = await insight.get('default', name, kind)
    return view && [view.kind, view.target.kind, view.situation?.triggers[0]?.value]
  }
  assert.deepEqual(await seen('ScaledObject'), ['ScaledObject', 'Deployment', 7])
  assert.deepEqual(await seen('ScaledJob'), ['ScaledJob', 'Job', 3])
  assert.deepEqual(await seen(), await seen('ScaledObject'))
  assert.equal((await insight.list()).length, 2)

  const values = async (): Promise<readonly string[]> =>
    (await metrics.text())
      .split('\n')
      .filter((line) => line.startsWith('keda_scaler_metrics_value'))
      .toSorted()
  assert.deepEqual(
    (await values()).map((line) => [/type="(\w+)"/.exec(line)?.[1], line.split(' ').at(-1)]),
    [
      ['scaledobject', '7'],
      ['scaledjob', '3'],
    ],
  )

  await bench.cluster.remove(kinds.scaledObject, { namespace: 'default', name }, {}, forever)
  await bench.clock.advance(2_000)
  assert.equal(await seen('ScaledObject'), undefined)
  assert.deepEqual(await seen(), ['ScaledJob', 'Job', 3])
  assert.equal((await values()).length, 1)
  await assert.rejects(bench.read('s0-memory-work', name), { code: 'WORKLOAD_UNKNOWN' })
})
