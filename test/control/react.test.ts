import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'

const second = 1_000
const others = 1_000
/** Of those that are changed: so rare that no poll can be what carries the change (s). */
const rarely = 3_600

/** 1,000 workloads that are polled every two seconds, half of them awake, beside two that are polled once an hour. */
async function amongOthers(): Promise<Bench> {
  const bench = await openBench()
  const { cluster, source, clock } = bench
  const add = async (name: string, pollingInterval: number, count: number): Promise<void> => {
    source.queues.set(name, count)
    await cluster.create(kinds.deployment, deployment(name, Math.sign(count)), forever)
    await cluster.create(kinds.scaledObject, scaledObject({ pollingInterval }, { name }), forever)
  }
  for (let i = 0; i < others; i++) await add(`other-${i}`, 2, (i % 2) * 5)
  await add('orders', rarely, 5)
  await add('quiet', rarely, 0)
  await clock.advance(5 * second)
  return bench
}

const annotated = (name: string, value: string | null): object => ({
  metadata: { annotations: { [`autoscaling.keda.sh/${name}`]: value } },
})

describe('while 1,000 others are polled, within a second', () => {
  test('a spec change, a pause and an unpause reach the workload', async (t) => {
    const bench = await amongOthers()
    t.after(() => bench.close())
    const change = async (patch: object, name = 'orders'): Promise<void> => {
      const asked = bench.source.asked.length
      await bench.change(patch, name)
      await bench.clock.advance(second)
      const polled = bench.source.asked.slice(asked).filter((queue) => queue.startsWith('other'))
      assert.ok(polled.length > 300, `only ${polled.length} of the others were polled`)
    }
    assert.equal(await bench.replicas(), 1)

    await change({ spec: { minReplicaCount: 3 } })
    assert.equal(await bench.replicas(), 3)

    await change({ spec: { maxReplicaCount: 7 } })
    assert.equal((await bench.hpa())?.spec.maxReplicas, 7)

    await change(annotated('paused-replicas', '0'))
    assert.equal(await bench.replicas(), 0)

    await change(annotated('paused-replicas', null))
    assert.equal(await bench.replicas(), 3)

    await change(annotated('paused', 'true'))
    assert.equal(await bench.hpa(), undefined)

    await change(annotated('paused', null))
    assert.ok(await bench.hpa())

    assert.equal(await bench.replicas('quiet'), 0)
    await change(annotated('force-activation', 'true'), 'quiet')
    assert.equal(await bench.replicas('quiet'), 1)
  })
})
