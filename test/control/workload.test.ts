import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject } from '../support/controller.ts'

describe('a ScaledObject', () => {
  test('wakes its target, hands over to an HPA and goes back to zero after the cooldown', async () => {
    const bench = await openBench()
    const { clock, cluster, source } = bench
    await cluster.create(kinds.deployment, deployment(), forever)
    await cluster.create(kinds.scaledObject, scaledObject(), forever)
    await clock.advance(1_000)
    assert.equal(await bench.replicas(), 0)
    assert.equal((await bench.hpa())?.spec.metrics?.[0]?.external?.metric.name, 's0-memory-orders')
    assert.equal((await bench.condition('Ready')).status, 'True')
    assert.equal((await bench.condition('Active')).status, 'False')

    source.queues.set('orders', 12)
    await clock.advance(10_500)
    assert.equal(await bench.replicas(), 1)
    assert.equal((await bench.condition('Active')).reason, 'ScalerActive')

    source.queues.set('orders', 0)
    await clock.advance(50_000)
    assert.equal(await bench.replicas(), 1)
    assert.equal((await bench.condition('Active')).reason, 'ScalerCooldown')
    await clock.advance(21_000)
    assert.equal(await bench.replicas(), 0)
    await bench.close()
  })
})
