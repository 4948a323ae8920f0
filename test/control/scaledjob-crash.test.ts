import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { forever, openBench, type BenchOptions } from '../support/controller.ts'
import { looks, scaledJob } from '../support/scaledjob.ts'

type Fate = 'ok' | 'lost' | 'refused' | 'crash' | 'crash before'

interface World {
  readonly max: number
  /** Messages that come, one entry every 10 s. */
  readonly arrivals: readonly number[]
  /** What becomes of the creations, in their order; those after the last one work. */
  readonly fates: readonly Fate[]
  readonly history: number
  readonly strategy: string
}

const worlds = (strategy: fc.Arbitrary<string>): fc.Arbitrary<World> =>
  fc.record({
    max: fc.integer({ min: 1, max: 8 }),
    arrivals: fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }),
    fates: fc.array(
      fc.constantFrom<Fate>('ok', 'ok', 'ok', 'lost', 'refused', 'crash', 'crash before'),
      { maxLength: 20 },
    ),
    history: fc.nat(3),
    strategy,
  })

const cut = (): never => {
  throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'cut' })
}

/**
 * Lives through a world in which each Job works on one message for 12 s and then takes it away. Answers how many Jobs were
 * made, and fails where more than max run.
 */
async function live(world: World): Promise<{ made: readonly string[]; messages: number }> {
  let waiting = 0
  const work = async (): Promise<void> => {
    await bench.clock.sleep(12_000, forever)
    waiting--
    bench.source.queues.set('work', waiting)
  }
  const embedded: BenchOptions['embedded'] = {
    program: (pod) => (pod.metadata.name.startsWith('work-') ? work() : undefined),
  }
  const bench = await openBench({ embedded })
  const made: string[] = []
  const fates = [...world.fates]
  let crash = false
  const isCreate = (call: { verb: string; resource: string }): boolean =>
    call.verb === 'create' && call.resource === 'jobs'
  bench.cluster.setFaults({
    before(call) {
      if (!isCreate(call)) return
      // nothing of a process that has ended reaches the server
      if (crash) cut()
      if (fates[0] !== 'refused' && fates[0] !== 'crash before') return
      crash = fates.shift() === 'crash before'
      cut()
    },
    after(call) {
      if (!isCreate(call)) return
      made.push(call.name)
      const fate = fates.shift()
      if (fate === 'crash') crash = true
      if (fate === 'lost' || fate === 'crash') cut()
    },
  })
  const spec = {
    maxReplicaCount: world.max,
    successfulJobsHistoryLimit: world.history,
    scalingStrategy: { strategy: world.strategy },
  }
  await bench.cluster.create(kinds.scaledJob, scaledJob(spec), forever)
  const { jobs } = looks(bench)
  const messages = world.arrivals.reduce((sum, n) => sum + n, 0)
  const step = async (): Promise<void> => {
    await bench.clock.advance(2_000)
    if (crash) await bench.restart()
    crash = false
    const running = (await jobs()).filter((job) => job.status?.completionTime === undefined)
    assert.ok(running.length <= world.max, `${running.length} run, of ${world.max} at most`)
  }
  for (const arriving of world.arrivals) {
    waiting += arriving
    bench.source.queues.set('work', waiting)
    for (let i = 0; i < 5; i++) await step()
  }
  for (let i = 0; i < 600 && waiting > 0; i++) await step()
  for (let i = 0; i < 10; i++) await step()
  await bench.close()
  return { made, messages }
}

/** Where nothing is kept, nothing says after a start which numbers there were. */
const assertOnce = (made: readonly string[], { history }: World): void => {
  if (history > 0) assert.equal(new Set(made).size, made.length, made.join())
}

describe('a ScaledJob whose creations are lost, refused or cut off by a crash, any seed', () => {
  test('makes one Job for each message, no number twice, and never more than max at once', () =>
    fc.assert(
      fc.asyncProperty(worlds(fc.constant('default')), async (world) => {
        const { made, messages } = await live(world)
        assertOnce(made, world)
        assert.equal(made.length, messages, `${made.length} Jobs for ${messages} messages`)
      }),
      { numRuns: 60 },
    ))

  test('with every strategy has no more than max at once', () =>
    fc.assert(
      fc.asyncProperty(worlds(fc.constantFrom('accurate', 'eager')), async (world) => {
        const { made } = await live({ ...world, arrivals: world.arrivals.slice(0, 3) })
        assertOnce(made, world)
      }),
      { numRuns: 25 },
    ))
})
