import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  combinationOf,
  combined,
  jobsToCreate,
  jobBounds,
  jobDemand,
  strategyOf,
  type Combination,
  type JobCount,
  type JobDemand,
  type JobFigures,
  type Strategy,
} from '../../src/core/jobs.ts'

const plenty = jobBounds({ maxReplicaCount: 100 })
const demand = (queue: number, most: number, active = true): JobDemand => ({ queue, most, active })

describe('the bounds of a ScaledJob (1.11)', () => {
  const rows: [min: number | undefined, max: number | undefined, least: number, extra: number][] = [
    [undefined, undefined, 0, 100],
    [undefined, 10, 0, 10],
    [2, 10, 2, 8],
    [10, 10, 10, 0],
    [20, 10, 10, 10],
    // A13: the default of 100 is not lessened
    [20, undefined, 20, 100],
    [200, undefined, 200, 100],
  ]
  for (const [minReplicaCount, maxReplicaCount, min, extra] of rows)
    test(`min ${minReplicaCount ?? 'unset'}, max ${maxReplicaCount ?? 'unset'} are ${min} and ${extra} more`, () =>
      assert.deepEqual(jobBounds({ minReplicaCount, maxReplicaCount }), { min, extra }))
})

describe('the demand of a trigger (5.2)', () => {
  const rows: [name: string, values: number[], targets: number[], queue: number, most: number][] = [
    ['is its queue, and that by its target', [12], [5], 12, 2.4],
    ['is at most what may run', [1000], [5], 1000, 100],
    ['adds several values of its metric', [3, 4], [1], 7, 7],
    ['takes the mean of several targets', [12], [2, 4], 12, 4],
    ['counts a missing target as 0', [12], [0, 4], 12, 6],
    ['has no limit to divide by with a target of 0', [12], [0], 12, 0],
    ['has none without a spec', [12], [], 12, 0],
    ['is 0 for what is negative or no number', [-5, Number.NaN], [1], 0, 0],
    ['is in thousandths', [0.0004, 1.5], [1], 1.5, 1.5],
    ['is 0 without a value', [], [1], 0, 0],
  ]
  for (const [name, values, targets, queue, most] of rows)
    test(name, () =>
      assert.deepEqual(jobDemand(values, targets, true, plenty), demand(queue, most)),
    )
})

describe('the demand of several triggers (5.3, B.5)', () => {
  const two = [demand(12, 2.4), demand(3, 1.5)]
  const rows: [name: string, demands: JobDemand[], by: Combination, expected: JobDemand][] = [
    [
      'by max of an active trigger with nothing is none (A14)',
      [demand(0, 0)],
      'max',
      demand(0, 0, false),
    ],
    ['by sum is that of both', two, 'sum', demand(15, 4)],
    ['by min skips what is 0', [demand(0, 0), demand(3, 1.5)], 'min', demand(3, 2)],
    ['by min is 0 where that comes last', [demand(3, 1.5), demand(0, 0)], 'min', demand(0, 0)],
    ['by min of nothing but 0 is active', [demand(0, 0)], 'min', demand(0, 0)],
    ['by max is that of the longest queue', two, 'max', demand(12, 3)],
    ['by max is not that of the most Jobs', [demand(12, 1), demand(3, 3)], 'max', demand(12, 1)],
    ['by max is that of the first of equals', [demand(3, 1), demand(3, 2)], 'max', demand(3, 1)],
    ['by min is that of the shortest queue', two, 'min', demand(3, 2)],
    ['by avg is the mean of both', two, 'avg', demand(8, 2)],
    ['by avg leaves out who is not active', [...two, demand(99, 9, false)], 'avg', demand(8, 2)],
    ['leaves out who is not active', [demand(9, 9, false), demand(3, 1.5)], 'max', demand(3, 2)],
    ['of nobody is none', [demand(9, 9, false)], 'sum', demand(0, 0, false)],
    ['of nobody by avg is none', [], 'avg', demand(0, 0, false)],
    ['by sum is at most what may run', [demand(99, 99), demand(99, 99)], 'sum', demand(198, 100)],
  ]
  for (const [name, demands, by, expected] of rows)
    test(name, () => assert.deepEqual(combined(demands, by, plenty), expected))

  test('is active wherever there is a minimum', () => {
    const bounds = jobBounds({ minReplicaCount: 1 })
    assert.deepEqual(combined([], 'max', bounds), demand(0, 0))
  })

  test('is by max unless it says otherwise', () => {
    const words = ['min', 'avg', 'sum', 'max', '', 'other', undefined]
    assert.deepEqual(words.map(combinationOf), ['min', 'avg', 'sum', 'max', 'max', 'max', 'max'])
  })
})

const custom = (deduction: number, share: number): Strategy => ({
  kind: 'custom',
  deduction,
  share,
})

describe('the strategy (5.4)', () => {
  const half = { customScalingRunningJobPercentage: '0.5' }
  const rows: [Parameters<typeof strategyOf>[0], Strategy][] = [
    [undefined, { kind: 'default' }],
    [{}, { kind: 'default' }],
    [{ strategy: 'other' }, { kind: 'default' }],
    [{ strategy: 'accurate' }, { kind: 'accurate' }],
    [{ strategy: 'eager' }, { kind: 'eager' }],
    [{ strategy: 'custom' }, { kind: 'default' }],
    [{ strategy: 'custom', customScalingRunningJobPercentage: 'half' }, { kind: 'default' }],
    [{ strategy: 'custom', ...half }, custom(0, 0.5)],
    [{ strategy: 'custom', ...half, customScalingQueueLengthDeduction: 2 }, custom(2, 0.5)],
    [{ strategy: 'default', ...half }, { kind: 'default' }],
  ]
  for (const [spec, strategy] of rows)
    test(`of ${JSON.stringify(spec)} is ${strategy.kind}`, () =>
      assert.deepEqual(strategyOf(spec), strategy))
})

interface Example {
  readonly queue: number
  readonly target: number
  readonly min: number
  readonly max: number
  readonly running: number
  readonly pending: number
  readonly strategy: Strategy
}

const example: Example = {
  queue: 10,
  target: 1,
  min: 0,
  max: 3,
  running: 0,
  pending: 0,
  strategy: { kind: 'default' },
}

/** From one trigger with that queue to the Jobs. It is active where there is something in it. */
function play(difference: Partial<Example>): JobCount {
  const e = { ...example, ...difference }
  const bounds = jobBounds({ minReplicaCount: e.min, maxReplicaCount: e.max })
  const one = jobDemand([e.queue], [e.target], e.queue > 0, bounds)
  const { running, pending, strategy } = e
  return jobsToCreate({
    demand: combined([one], 'max', bounds),
    bounds,
    strategy,
    running,
    pending,
  })
}

const accurate = { kind: 'accurate' } as const
const eager = { kind: 'eager' } as const

describe('the Jobs to create: the worked examples (5.7)', () => {
  const rows: [difference: Partial<Example>, create: number][] = [
    [{}, 3],
    [{ target: 2 }, 3],
    [{ running: 1 }, 2],
    [{ queue: 4, target: 5 }, 1],
    [{ queue: 12, target: 5, max: 100, running: 2 }, 1],
    [{ queue: 6, max: 10, running: 3, strategy: eager }, 6],
    [{ queue: 5, max: 10, running: 2, pending: 1, strategy: accurate }, 4],
    [{ max: 10, running: 3, strategy: accurate }, 7],
    [{ queue: 0, max: 10, min: 2 }, 2],
    [{ queue: 0, max: 10, min: 2, strategy: accurate }, 2],
    [{ queue: 0, max: 10, min: 2, strategy: eager }, 2],
    [{ queue: 0, max: 10, min: 2, strategy: custom(1, 0.5) }, 2],
    [{ queue: 5, max: 10, min: 2, running: 2 }, 5],
    [{ max: 20, running: 4, strategy: custom(1, 0.5) }, 7],
  ]
  for (const [difference, create] of rows)
    test(`${JSON.stringify(difference)} makes ${create}`, () =>
      assert.equal(play(difference).create, create))
})

describe('the Jobs to create (5.4)', () => {
  const rows: [name: string, difference: Partial<Example>, expected: JobCount][] = [
    ['are none without a queue', { queue: 0 }, { create: 0, because: 'quiet' }],
    ['are none where as many run', { running: 3 }, { create: 0, because: 'enough' }],
    ['are none where more run', { running: 9 }, { create: 0, because: 'enough' }],
    [
      'bring back the minimum whatever waits',
      { min: 2, max: 10, running: 1 },
      { create: 1, because: 'below-min' },
    ],
    [
      'are none where the minimum runs and nothing waits',
      { queue: 0, min: 2, max: 10, running: 2 },
      { create: 0, because: 'quiet' },
    ],
    [
      'are no more than wait',
      { queue: 2, target: 0.5, max: 100 },
      { create: 2, because: 'queued' },
    ],
    ['are none for a target of 0', { target: 0 }, { create: 0, because: 'enough' }],
    [
      'cut the custom share down',
      { max: 20, running: 3, strategy: custom(0, 0.5) },
      { create: 9, because: 'queued' },
    ],
    [
      'of a custom strategy are never more than may run',
      { queue: 50, max: 20, strategy: custom(-9, 0) },
      { create: 20, because: 'queued' },
    ],
    [
      'of a custom strategy are none where too much is deducted',
      { strategy: custom(9, 0) },
      { create: 0, because: 'enough' },
    ],
    [
      'of an eager strategy fill up to the max',
      { queue: 10, max: 10, running: 3, pending: 2, strategy: eager },
      { create: 5, because: 'queued' },
    ],
    [
      'of an eager strategy are none without a queue',
      { queue: 0, strategy: eager },
      { create: 0, because: 'quiet' },
    ],
    [
      'of an accurate strategy spare what is pending',
      { queue: 5, max: 10, pending: 5, running: 5, strategy: accurate },
      { create: 0, because: 'enough' },
    ],
  ]
  for (const [name, difference, expected] of rows)
    test(name, () => assert.deepEqual(play(difference), expected))
})

describe('whatever the situation', () => {
  const count = fc.integer({ min: 0, max: 60 })
  const strategy = fc.oneof(
    fc.constantFrom<Strategy>({ kind: 'default' }, accurate, eager),
    fc
      .tuple(fc.integer({ min: -5, max: 60 }), fc.double({ min: -2, max: 2, noNaN: true }))
      .map(([d, s]) => custom(d, s)),
  )
  const situation: fc.Arbitrary<JobFigures> = fc
    .record({
      min: count,
      max: fc.option(fc.integer({ min: 1, max: 60 })),
      queue: count,
      target: fc.integer({ min: 0, max: 9 }),
      running: count,
      pending: count,
      strategy,
      active: fc.boolean(),
    })
    .map(({ min, max, queue, target, running, pending, strategy: s, active }) => {
      const bounds = jobBounds({ minReplicaCount: min, maxReplicaCount: max ?? undefined })
      const one = jobDemand([queue], [target], active, bounds)
      return {
        bounds,
        demand: combined([one], 'max', bounds),
        running,
        pending: Math.min(pending, running),
        strategy: s,
      }
    })

  test('the Jobs to create are a whole number, none only where it says so', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const { create, because } = jobsToCreate(s)
        assert.ok(Number.isInteger(create) && create >= 0)
        assert.equal(create > 0, because === 'queued' || because === 'below-min')
      }),
    )
  })

  test('no strategy but a custom one has more Jobs run than there may', () => {
    fc.assert(
      fc.property(situation, (s) => {
        fc.pre(s.strategy.kind !== 'custom')
        const { create } = jobsToCreate(s)
        const { min, extra } = s.bounds
        assert.ok(create === 0 || s.running + create <= min + extra)
      }),
    )
  })

  test('a longer queue never makes fewer Jobs', () => {
    fc.assert(
      fc.property(situation, fc.integer({ min: 0, max: 50 }), (s, more) => {
        const longer = {
          ...s.demand,
          queue: s.demand.queue + more,
          most: Math.min(s.demand.most + more, s.bounds.extra),
        }
        assert.ok(jobsToCreate({ ...s, demand: longer }).create >= jobsToCreate(s).create)
      }),
    )
  })
})
