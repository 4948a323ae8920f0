import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'

const second = 1_000
const minute = 60 * second

async function ready(t: TestContext, metadata: Record<string, string>): Promise<Bench> {
  const bench = await openBench()
  t.after(() => bench.close())
  await bench.cluster.create(kinds.deployment, deployment('orders', 0), forever)
  const triggers = [{ type: 'queue', name: 'jobs', metadata }]
  await bench.cluster.create(kinds.scaledObject, scaledObject({ triggers }), forever)
  await bench.clock.advance(second)
  return bench
}

const warnings = async (bench: Bench): Promise<readonly string[]> =>
  (await bench.events()).filter((event) => event.startsWith('Warning KEDAScalerInfo'))

describe('metadata that no field reads', () => {
  test('is warned of by name, and never by value', async (t) => {
    const bench = await ready(t, { queue: 'orders', qeueLength: 'hunter2', passwordFromEnv: 'P' })
    assert.deepEqual(await warnings(bench), [
      'Warning KEDAScalerInfo: trigger queue "jobs" does not read qeueLength of its metadata; check the spelling',
    ])
    assert.equal((await bench.condition('Ready')).status, 'True')
  })

  test('is warned of once per change of the spec, not per poll and not by a start', async (t) => {
    const bench = await ready(t, { queue: 'orders', odd: '1' })
    await bench.clock.advance(60 * minute)
    await bench.restart()
    await bench.clock.advance(60 * minute)
    assert.equal((await warnings(bench)).length, 1)
    const triggers = [{ type: 'queue', name: 'jobs', metadata: { queue: 'orders', even: '1' } }]
    await bench.change({ spec: { triggers } })
    await bench.clock.advance(minute)
    assert.equal((await warnings(bench)).length, 2)
  })
})
