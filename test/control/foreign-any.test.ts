import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject } from '../support/controller.ts'

const ref = { namespace: 'default', name: 'orders' }
const second = 1_000
const minute = 60 * second
/** What the queue asks for. */
const wanted = 6

interface Step {
  /** Seconds that go by before. */
  readonly gap: number
  readonly manager: 'one' | 'two' | 'ebb'
  readonly replicas: number
  /** Answers to Ebb's writes get lost until the next step. */
  readonly lost: boolean
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    gap: fc.integer({ min: 15, max: 400 }),
    manager: fc.constantFrom('one', 'two', 'ebb'),
    replicas: fc.integer({ min: 0, max: 9 }),
    lost: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
)

/** Lives through the steps until somebody else has written twice within five minutes, or they end; says who. */
async function live(all: readonly Step[]): Promise<void> {
  const bench = await openBench()
  const { cluster, clock } = bench
  const scaled = (): number => bench.writes.filter((write) => write.startsWith('scale:')).length
  const ready = async (): Promise<string> => (await bench.condition('Ready')).reason ?? ''
  const write = async ({ manager, replicas }: Step): Promise<boolean> => {
    const port = cluster.as(manager)
    const scale = await port.readScale(kinds.deployment, ref, forever)
    if (!scale || scale.spec.replicas === replicas) return false
    await port.writeScale(kinds.deployment, { ...scale, spec: { replicas } }, forever)
    return manager !== 'ebb'
  }
  const contested = async (): Promise<string | undefined> => {
    const last = new Map<string, number>()
    for (const step of all) {
      await clock.advance(step.gap * second)
      cluster.setFaults({})
      const foreign = await write(step)
      // only what comes after is lost: this write is not Ebb's
      if (step.lost)
        cluster.setFaults({
          after(call) {
            if (call.verb === 'writeScale')
              throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'reset' })
          },
        })
      await clock.advance(0)
      if (!foreign) continue
      const before = last.get(step.manager)
      if (before !== undefined && clock.now() - before <= 5 * minute) return step.manager
      last.set(step.manager, clock.now())
    }
    return undefined
  }
  try {
    bench.source.queues.set('orders', 5 * wanted)
    const triggers = [{ type: 'queue', metadata: { queue: 'orders', length: '5' } }]
    const annotations = { 'ebb.dev/scaling': 'direct' }
    const object = scaledObject({ triggers }, { annotations })
    await cluster.create(kinds.deployment, deployment('orders', wanted), forever)
    await cluster.create(kinds.scaledObject, object, forever)
    await clock.advance(15 * second)
    const who = await contested()
    cluster.setFaults({})
    if (who !== undefined) {
      const before = [scaled(), await bench.replicas()]
      await clock.advance(5 * minute - second)
      assert.deepEqual([scaled(), await bench.replicas()], before, 'nothing is written')
      assert.equal(await ready(), 'ReplicasContested')
      assert.match((await bench.condition('Ready')).message ?? '', new RegExp(`^${who} `))
    } else assert.equal(await ready(), 'ScaledObjectReady')
    // nobody writes any more
    await clock.advance(12 * minute)
    assert.equal(await bench.replicas(), wanted)
    assert.equal(await ready(), 'ScaledObjectReady')
  } finally {
    await bench.close()
  }
}

test('whoever writes when, also while answers get lost: the second write of one is left alone, and Ebb goes on', () =>
  fc.assert(fc.asyncProperty(steps, live), { numRuns: 60 }))
