import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import type { Kind } from '../../src/kinds.ts'
import { kinds } from '../../src/kinds.ts'
import type { Resource, ScaledObjectSpec } from '../../src/resources.ts'
import { error } from '../../src/scaler.ts'
import { forever, openBench, scaledObject, type Bench } from '../support/controller.ts'
import { fleetDefinition } from '../support/fleet.ts'

const fleets: Kind<Resource> = {
  group: 'example.test',
  version: 'v1',
  kind: 'Fleet',
  plural: 'fleets',
  namespaced: true,
}
const ref = { namespace: 'default', name: 'orders' }
const metric = 's0-memory-orders'
const unreachable = error(failure('SOURCE_UNREACHABLE', { address: 'queue', why: 'gone' }))

interface Stage extends Bench {
  /** From now on /scale of the target fails so; undefined: it can be read again. */
  scaleFails(why: 'CLUSTER_FORBIDDEN' | 'CLUSTER_FAILED' | undefined): void
  readonly fleet: () => Promise<number>
}

/** A Fleet of three with work for three, followed for two polls of 10 s. */
async function stage(t: TestContext, spec: Partial<ScaledObjectSpec> = {}): Promise<Stage> {
  const bench = await openBench({
    // the definition of a test's own kind, as a manifest has it
    embedded: { definitions: [fleetDefinition('replicas') as never] },
  })
  t.after(() => bench.close())
  bench.source.queues.set('orders', 15)
  await bench.cluster.create(fleets, { metadata: ref, spec: { replicas: 3 } } as Resource, forever)
  const scaleTargetRef = { apiVersion: 'example.test/v1', kind: 'Fleet', name: 'orders' }
  await bench.cluster.create(kinds.scaledObject, scaledObject({ scaleTargetRef, ...spec }), forever)
  await bench.clock.advance(21_000)
  assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
  return {
    ...bench,
    scaleFails(why) {
      bench.cluster.setFaults({
        before({ verb }) {
          if (verb === 'readScale' && why)
            throw failure(why, { what: 'reading fleets/scale', why: 'as the test wants' })
        },
      })
    },
    fleet: async () => {
      bench.cluster.setFaults({})
      return (await bench.cluster.readScale(fleets, ref, forever))?.spec.replicas ?? -1
    },
  }
}

const statusWrites = ({ writes }: Bench): number =>
  writes.filter((write) => write.startsWith('patch/status')).length

describe('a target whose /scale cannot be read', () => {
  test('is said by Ready and one event, is written once, and not scaled until it can be read', async (t) => {
    const bench = await stage(t)
    bench.scaleFails('CLUSTER_FORBIDDEN')
    bench.source.queues.set('orders', 0)
    const before = bench.writes.length
    await bench.clock.advance(10_000)
    const { status, reason, message = '' } = await bench.condition('Ready')
    assert.deepEqual([status, reason], ['False', 'ErrorGettingCurrentReplicas'])
    assert.match(message, /not allowed: reading fleets\/scale/)
    // long after the cooldown of 60 s
    await bench.clock.advance(120_000)
    assert.deepEqual(bench.writes.slice(before), ['patch/status ScaledObject default/orders'])
    const events = (await bench.events()).filter((e) => e.includes('ErrorGettingCurrentReplicas'))
    assert.equal(events.length, 1)
    assert.equal(await bench.fleet(), 3)
    await bench.clock.advance(10_000)
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
    assert.equal(await bench.fleet(), 0)
  })

  test('wakes as soon as it can be read, with what has come meanwhile', async (t) => {
    const bench = await stage(t)
    bench.source.queues.set('orders', 0)
    await bench.clock.advance(80_000)
    assert.equal(await bench.fleet(), 0)
    bench.scaleFails('CLUSTER_FORBIDDEN')
    bench.source.queues.set('orders', 15)
    await bench.clock.advance(30_000)
    assert.equal((await bench.condition('Ready')).reason, 'ErrorGettingCurrentReplicas')
    assert.equal(await bench.fleet(), 0)
    await bench.clock.advance(10_000)
    assert.equal(await bench.fleet(), 1)
  })

  test('once is passed over where the API server fails, and said where that lasts', async (t) => {
    const bench = await stage(t)
    const before = statusWrites(bench)
    bench.scaleFails('CLUSTER_FAILED')
    await bench.clock.advance(10_000)
    bench.scaleFails(undefined)
    await bench.clock.advance(10_000)
    assert.equal(statusWrites(bench), before)
    bench.scaleFails('CLUSTER_FAILED')
    await bench.clock.advance(20_000)
    assert.equal((await bench.condition('Ready')).reason, 'ErrorGettingCurrentReplicas')
    bench.scaleFails(undefined)
    await bench.clock.advance(10_000)
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
  })

  for (const [behavior, replicas, wanted] of [
    ['static', 5, 5],
    ['currentReplicas', 5, 3],
    ['currentReplicasIfHigher', 5, 5],
    ['currentReplicasIfHigher', 2, 3],
    ['currentReplicasIfLower', 5, 3],
    ['currentReplicasIfLower', 2, 2],
  ] as const)
    test(`lets a fallback of ${replicas} by ${behavior} go by the 3 that were read last`, async (t) => {
      const bench = await stage(t, { fallback: { failureThreshold: 1, replicas, behavior } })
      bench.scaleFails('CLUSTER_FORBIDDEN')
      bench.source.queues.set('orders', unreachable)
      await bench.clock.advance(120_000)
      assert.equal((await bench.condition('Ready')).reason, 'ErrorGettingCurrentReplicas')
      // target 5 of one replica
      assert.equal((await bench.read(metric))[0]?.value, wanted * 5)
      assert.equal(await bench.fleet(), 3)
    })
})
