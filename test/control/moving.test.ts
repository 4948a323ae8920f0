import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { kinds } from '../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'

const modes = {
  hpa: { 'ebb.dev/scaling': null, 'ebb.dev/mode': null },
  direct: { 'ebb.dev/scaling': 'direct', 'ebb.dev/mode': null },
  shadow: { 'ebb.dev/scaling': null, 'ebb.dev/mode': 'shadow' },
  'shadow that would be direct': { 'ebb.dev/scaling': 'direct', 'ebb.dev/mode': 'shadow' },
} as const
type Mode = keyof typeof modes

const max = 12
/** Messages for one replica. */
const each = 5
const namesOf = Object.keys(modes) as Mode[] // the keys of a literal
const mode = fc.constantFrom(...namesOf)

interface Life {
  readonly replicas: number
  readonly min: number
  readonly behavior: object | undefined
  /** Modes in turn, each with what the queue holds then and for how many minutes. */
  readonly phases: readonly {
    readonly mode: Mode
    readonly length: number
    readonly minutes: number
  }[]
  readonly restarts: boolean
}

const life: fc.Arbitrary<Life> = fc.record({
  replicas: fc.integer({ min: 0, max }),
  min: fc.integer({ min: 0, max: 3 }),
  behavior: fc.constantFrom(
    undefined,
    {},
    { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 30 }] } },
  ),
  phases: fc.array(
    fc.record({
      mode,
      length: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 * max * each })),
      minutes: fc.constantFrom(0.2, 1, 4, 7),
    }),
    { minLength: 2, maxLength: 4 },
  ),
  restarts: fc.boolean(),
})

async function open({ replicas, min, behavior, phases }: Life): Promise<Bench> {
  const bench = await openBench({ hpasRead: true })
  const annotations = Object.entries(modes[phases[0]?.mode ?? 'hpa']).filter(([, v]) => v !== null)
  const advanced = behavior && { horizontalPodAutoscalerConfig: { behavior } }
  const spec = {
    // nothing rests while it is looked at
    cooldownPeriod: 36_000,
    initialCooldownPeriod: 36_000,
    minReplicaCount: min,
    maxReplicaCount: max,
    triggers: [{ type: 'queue', metadata: { queue: 'orders', length: String(each) } }],
    ...(advanced && { advanced }),
  }
  await bench.cluster.create(kinds.deployment, deployment('orders', replicas), forever)
  await bench.cluster.create(
    kinds.scaledObject,
    scaledObject(spec, { annotations: Object.fromEntries(annotations) as Record<string, string> }),
    forever,
  )
  return bench
}

const wanted = (length: number, min: number): number =>
  Math.min(max, Math.max(min, Math.ceil(length / each)))

/**
 * Moves a workload through its modes. After each move, for nearly as long as the stabilization window, the count stays, unless
 * what is or was in the queue asks for more.
 */
async function live(one: Life): Promise<void> {
  const bench = await open(one)
  const { clock } = bench
  try {
    let before = 0
    let last: Mode | undefined
    for (const [i, { mode, length, minutes }] of one.phases.entries()) {
      const found = await bench.replicas()
      // in shadow nothing is taken away, so an HPA that is there goes on
      const goesOn = mode === last || (mode !== 'direct' && (await bench.hpa()) !== undefined)
      const moved = last !== undefined && !goesOn
      bench.source.queues.set('orders', length)
      if (one.restarts && i === 1) await bench.restart()
      if (i > 0) await bench.change({ metadata: { annotations: modes[mode] } })
      const most = Math.max(found, wanted(before, one.min), wanted(length, one.min), 1)
      for (let at = 0; at < minutes * 60_000; at += 5_000) {
        await clock.advance(5_000)
        const now = await bench.replicas()
        if (moved && at < 290_000)
          assert.ok(
            now >= found && now <= most,
            `from ${found} to ${now} in ${mode}, ${at / 1000} s after it began`,
          )
      }
      before = length
      last = mode
    }
  } finally {
    await bench.close()
  }
}

test(
  'moving a workload between modes never changes its replicas by itself',
  { timeout: 120_000 },
  () => fc.assert(fc.asyncProperty(life, live), { numRuns: 80 }),
)

for (const from of namesOf)
  for (const to of namesOf.filter((name) => name !== from))
    test(`from ${from} to ${to}: what is asked for is there, and stays, whatever was remembered`, async () => {
      const bench = await open({
        replicas: 6,
        min: 0,
        behavior: undefined,
        phases: [{ mode: from, length: 0, minutes: 0 }],
        restarts: false,
      })
      try {
        // an hour ago it had less to do, and somebody has set the count meanwhile
        bench.source.queues.set('orders', 2 * each)
        await bench.clock.advance(20 * 60_000)
        bench.source.queues.set('orders', 6 * each)
        await bench.clock.advance(60_000)
        await bench.change({ metadata: { annotations: modes[to] } })
        bench.writes.length = 0
        const seen = new Set<number>([await bench.replicas()])
        for (let i = 0; i < 120; i++) {
          await bench.clock.advance(5_000)
          seen.add(await bench.replicas())
        }
        assert.deepEqual([...seen], [6])
        assert.deepEqual(
          bench.writes.filter((write) => write.startsWith('scale:')),
          [],
        )
      } finally {
        await bench.close()
      }
    })

test('a process that leaves shadow begins with the replicas there are, whatever it saw before', async () => {
  let active = false
  const bench = await openBench({ shared: { writes: () => active } })
  const { clock } = bench
  try {
    const annotations = { 'ebb.dev/scaling': 'direct' }
    const triggers = [{ type: 'queue', metadata: { queue: 'orders', length: String(each) } }]
    bench.source.queues.set('orders', each)
    await bench.cluster.create(kinds.deployment, deployment('orders', 6), forever)
    await bench.cluster.create(
      kinds.scaledObject,
      scaledObject({ triggers }, { annotations }),
      forever,
    )
    await clock.advance(20 * 60_000)
    assert.deepEqual(bench.writes, [])
    active = true
    await clock.advance(4.9 * 60_000)
    assert.equal(await bench.replicas(), 6)
    await clock.advance(60_000)
    assert.equal(await bench.replicas(), 1)
  } finally {
    await bench.close()
  }
})
