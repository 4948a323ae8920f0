import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'

const second = 1_000
const ref = { namespace: 'default', name: 'orders' }

/** A target with three replicas and an empty queue, in a cluster that takes no status yet. */
async function withoutStatus(t: TestContext, restores: boolean): Promise<Bench> {
  const bench = await openBench()
  t.after(() => bench.close())
  bench.cluster.setFaults({
    before({ verb, subresource }) {
      if (verb === 'patch' && subresource === 'status')
        throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'down' })
    },
  })
  const spec = { advanced: { restoreToOriginalReplicaCount: restores } }
  await bench.cluster.create(kinds.deployment, deployment('orders', 3), forever)
  await bench.cluster.create(kinds.scaledObject, scaledObject(spec), forever)
  await bench.clock.advance(30 * second)
  return bench
}

const original = async (bench: Bench): Promise<number | undefined> =>
  (await bench.scaledObject()).status?.originalReplicaCount

describe('the replicas a target had before Ebb', () => {
  test('are stored before anything is scaled where they are to be restored', async (t) => {
    const bench = await withoutStatus(t, true)
    assert.equal(await bench.replicas(), 3)
    bench.cluster.setFaults({})
    await bench.clock.advance(60 * second)
    assert.deepEqual([await bench.replicas(), await original(bench)], [0, 3])
    await bench.cluster.remove(kinds.scaledObject, ref, {}, forever)
    await bench.clock.advance(5 * second)
    assert.equal(await bench.replicas(), 3)
  })

  test('are remembered until they can be stored, whatever was scaled and changed meanwhile', async (t) => {
    const bench = await withoutStatus(t, false)
    assert.equal(await bench.replicas(), 0)
    const spec = { cooldownPeriod: 5 }
    await bench.cluster.patch(kinds.scaledObject, ref, { spec }, {}, forever)
    await bench.clock.advance(30 * second)
    bench.cluster.setFaults({})
    await bench.clock.advance(30 * second)
    assert.equal(await original(bench), 3)
  })
})
