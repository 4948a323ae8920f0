import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { HpaReading } from '../../src/core/proposal.ts'
import {
  defaultFlags,
  hpaStep,
  noHpaState,
  notRescaled,
  rescaled,
  type HpaInput,
  type HpaWhy,
} from '../../src/core/replicas.ts'
import { play } from './replicas.play.ts'
import { allSeries } from './replicas.series.ts'

describe('an HPA', () => {
  for (const series of allSeries)
    test(series.name, () => {
      const { trace, conditions } = play(series)
      assert.deepEqual(trace, series.trace)
      for (const [type, reason] of Object.entries(series.conditions))
        assert.equal(conditions.get(type)?.reason, reason, type)
    })
})

const queue = (value: number | undefined): HpaReading => ({
  name: 'queue',
  target: { type: 'AverageValue', milli: 10_000 },
  read:
    value === undefined
      ? { kind: 'missing', reason: 'FailedGetExternalMetric', message: 'no queue' }
      : { kind: 'value', milli: value * 1000 },
})

/** Four replicas of 1..20, exactly on target. A test says only how it differs. */
const four: HpaInput = {
  now: 1_000_000,
  min: 1,
  max: 20,
  behavior: undefined,
  flags: defaultFlags,
  scaled: { spec: 4, status: 4, pods: 4, ready: 4 },
  metrics: [queue(40)],
}
const at = (spec: number): Partial<HpaInput> => ({
  scaled: { spec, status: spec, pods: spec, ready: spec },
})

describe('one sync says why', () => {
  const slow = { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } }
  const cases: [difference: Partial<HpaInput>, why: HpaWhy, desired: number][] = [
    [{}, 'on-target', 4],
    [{ metrics: [queue(43)] }, 'on-target', 4],
    [{ metrics: [queue(70)] }, 'above-target', 7],
    [{ metrics: [queue(20)] }, 'stabilized', 4],
    [
      { metrics: [queue(20)], behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
      'below-target',
      2,
    ],
    [{ metrics: [queue(100)] }, 'rate-limited', 8],
    [{ metrics: [queue(100)], behavior: slow }, 'rate-limited', 5],
    [{ metrics: [queue(70)], max: 5 }, 'at-max', 5],
    [{ metrics: [queue(70)], max: 5, behavior: {} }, 'at-max', 5],
    [{ metrics: [queue(100)], max: 8 }, 'at-max', 8],
    [{ metrics: [queue(80)], max: 8 }, 'above-target', 8],
    [
      { metrics: [queue(0)], min: 2, flags: { ...defaultFlags, downscaleStabilization: -1 } },
      'at-min',
      2,
    ],
    [
      { metrics: [queue(20)], min: 2, flags: { ...defaultFlags, downscaleStabilization: -1 } },
      'below-target',
      2,
    ],
    [{ metrics: [queue(undefined)] }, 'metrics-missing', 4],
    [{ metrics: [queue(undefined), queue(20)] }, 'metrics-missing', 4],
    [{ metrics: [queue(undefined), queue(70)] }, 'above-target', 7],
    [{ metrics: [queue(undefined), queue(40)] }, 'on-target', 4],
    [{ metrics: [] }, 'metrics-missing', 4],
    [at(0), 'scaling-disabled', 0],
    [{ ...at(0), min: 0, metrics: [queue(30)] }, 'above-target', 3],
    [at(21), 'above-max', 20],
    [{ min: 6 }, 'below-min', 6],
  ]
  for (const [difference, why, desired] of cases)
    test(`${why} (${JSON.stringify(difference)})`, () => {
      const step = hpaStep({ ...four, ...difference }, noHpaState)
      assert.deepEqual([step.why, step.desired], [why, desired])
    })
})

test('the metric that asks for most is named', () => {
  const metrics = [queue(60), { ...queue(70), name: 'other' }, { ...queue(50), name: 'third' }]
  assert.equal(hpaStep({ ...four, metrics }, noHpaState).metric, 'other')
})

test('the first of equals is named', () => {
  const metrics = [queue(70), { ...queue(70), name: 'other' }]
  assert.equal(hpaStep({ ...four, metrics }, noHpaState).metric, 'queue')
})

test('a metric that asks for nothing is heard, and nothing is the least', () => {
  const flags = { ...defaultFlags, downscaleStabilization: -1 }
  for (const value of [0, -500]) {
    const step = hpaStep({ ...four, min: 0, flags, metrics: [queue(value)] }, noHpaState)
    assert.deepEqual([step.metric, step.desired], ['queue', 0])
  }
})

const reasonsOf = (difference: Partial<HpaInput>): string[] =>
  hpaStep({ ...four, ...difference }, noHpaState).conditions.map(
    (c) => `${c.type} ${c.status} ${c.reason}`,
  )

test('an HPA without metrics is not active', () =>
  assert.deepEqual(reasonsOf({ metrics: [] }), [
    'AbleToScale True SucceededGetScale',
    'ScalingActive False FailedGetExternalMetric',
  ]))

describe('a window that holds is named by its direction', () => {
  const up = { scaleUp: { stabilizationWindowSeconds: 60 } }
  const cases: [name: string, difference: Partial<HpaInput>, reason: string][] = [
    ['down, without a behavior', { metrics: [queue(20)] }, 'ScaleDownStabilized'],
    ['down, with one', { metrics: [queue(20)], behavior: up }, 'ScaleDownStabilized'],
    ['up', { metrics: [queue(70)], behavior: up }, 'ScaleUpStabilized'],
  ]
  for (const [name, difference, reason] of cases)
    test(name, () => {
      const held = { ...difference, now: four.now + 1 }
      const { state } = hpaStep(four, noHpaState)
      assert.equal(hpaStep({ ...four, ...held }, state).conditions[0]?.reason, reason)
    })
})

test('the first metric that cannot be read gives the condition', () => {
  const second: HpaReading = {
    ...queue(undefined),
    read: { kind: 'missing', reason: 'FailedGetResourceMetric', message: 'no cpu' },
  }
  const { conditions } = hpaStep({ ...four, metrics: [queue(undefined), second] }, noHpaState)
  assert.equal(
    conditions.find((c) => c.type === 'ScalingActive')?.reason,
    'FailedGetExternalMetric',
  )
})

describe('what is remembered', () => {
  const first = hpaStep({ ...four, metrics: [queue(70)] }, noHpaState)

  test('begins with the count that was found', () =>
    assert.deepEqual(first.state.recommendations, [
      { at: four.now, replicas: 4 },
      { at: four.now, replicas: 7 },
    ]))
  test('begins so even where nothing may be scaled', () =>
    assert.deepEqual(hpaStep({ ...four, ...at(0) }, noHpaState).state.recommendations, [
      { at: four.now, replicas: 0 },
    ]))
  test('begins only once', () => {
    const { state } = hpaStep({ ...four, ...at(0) }, noHpaState)
    const later = hpaStep({ ...four, now: four.now + 9, metrics: [queue(70)] }, state)
    assert.deepEqual(
      later.state.recommendations.map((r) => r.replicas),
      [0, 7],
    )
  })
  test('is what was asked for, not what came of it', () => {
    const { state } = hpaStep({ ...four, metrics: [queue(500)] }, first.state)
    assert.equal(state.recommendations.at(-1)?.replicas, 50)
  })
  test('is nothing new where no count could be computed', () =>
    assert.equal(hpaStep({ ...four, metrics: [queue(undefined)] }, first.state).state, first.state))
  test('is a change only once it is written, and only with a behavior', () => {
    const behavior = {}
    const step = hpaStep({ ...four, behavior, metrics: [queue(70)] }, noHpaState)
    assert.deepEqual(step.state.ups, [])
    assert.deepEqual(rescaled(step, { now: four.now, behavior }, 4).state.ups, [
      { at: four.now, change: 3 },
    ])
    assert.deepEqual(rescaled(step, { now: four.now, behavior: undefined }, 4).state, step.state)
  })
})

describe('conditions after writing', () => {
  const step = hpaStep({ ...four, metrics: [queue(70)] }, noHpaState)
  const reasons = (list: typeof step.conditions): string[] =>
    list.map((c) => `${c.type} ${c.status} ${c.reason}`)
  const rest = ['ScalingActive True ValidMetricFound', 'ScalingLimited False DesiredWithinRange']

  test('tell of success', () =>
    assert.deepEqual(reasons(rescaled(step, four, 4).conditions), [
      'AbleToScale True SucceededRescale',
      ...rest,
    ]))
  test('tell of failure', () =>
    assert.deepEqual(reasons(notRescaled(step, 'conflict')), [
      'AbleToScale False FailedUpdateScale',
      ...rest,
    ]))
})

const rules = fc.record(
  {
    selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
    stabilizationWindowSeconds: fc.integer({ min: 0, max: 60 }),
    tolerance: fc.constantFrom('0', '0.1', '300m'),
    policies: fc.array(
      fc.record({
        type: fc.constantFrom('Pods', 'Percent'),
        value: fc.integer({ min: 1, max: 120 }),
        periodSeconds: fc.integer({ min: 1, max: 60 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
)
const behavior = fc.option(fc.record({ scaleUp: rules, scaleDown: rules }, { requiredKeys: [] }), {
  nil: undefined,
})
const values = fc.array(
  fc.option(fc.double({ min: 0, max: 500, noNaN: true }), { nil: undefined }),
  {
    minLength: 1,
    maxLength: 3,
  },
)

/** A run of syncs, 5 s apart, each with its own readings. */
const run = fc.record({
  min: fc.integer({ min: 0, max: 5 }),
  room: fc.integer({ min: 0, max: 30 }),
  start: fc.integer({ min: 0, max: 40 }),
  behavior,
  rounds: fc.array(values, { minLength: 1, maxLength: 20 }),
})

/** Plays a run and asks `holds` of every sync; `state` is what was remembered before it. */
function always(
  holds: (input: HpaInput, step: ReturnType<typeof hpaStep>, state: typeof noHpaState) => boolean,
): void {
  fc.assert(
    fc.property(run, ({ min, room, start, behavior, rounds }) => {
      let spec = start
      let state = noHpaState
      return rounds.every((readings, i) => {
        const input: HpaInput = {
          ...four,
          ...at(spec),
          now: i * 5000,
          min,
          max: Math.max(1, min + room),
          behavior,
          metrics: readings.map(queue),
        }
        const step = hpaStep(input, state)
        const good = holds(input, step, state)
        state = step.desired === spec ? step.state : rescaled(step, input, spec).state
        spec = step.desired
        return good
      })
    }),
    { numRuns: 300 },
  )
}

describe('sync after sync, whatever is read,', () => {
  test('the count is whole and within bounds, except at zero', () =>
    always(({ min, max, scaled }, { desired }) => {
      if (scaled.spec === 0 && min > 0) return desired === 0
      // with a behavior, what is missing may leave the count, which is then within bounds already
      return Number.isInteger(desired) && desired >= min && desired <= max
    }))

  test('nothing is lowered on a missing metric, except to max', () =>
    always(
      ({ metrics, scaled, max }, { desired }) =>
        metrics.every((m) => m.read.kind === 'value') || desired >= Math.min(scaled.spec, max),
    ))

  test('more backlog gives no fewer replicas', () =>
    always((input, { desired }, state) => {
      const metrics = input.metrics.map((m): HpaReading =>
        m.read.kind === 'value'
          ? { ...m, read: { kind: 'value', milli: m.read.milli * 1.7 + 3 } }
          : m,
      )
      return hpaStep({ ...input, metrics }, state).desired >= desired
    }))

  test('the order of the metrics does not matter', () =>
    always(
      (input, { desired }, state) =>
        hpaStep({ ...input, metrics: input.metrics.toReversed() }, state).desired === desired,
    ))

  test('what is remembered survives being stored', () =>
    always((input, step, state) => {
      const stored = JSON.parse(JSON.stringify(state)) as typeof state
      assert.deepEqual(hpaStep(input, stored), step)
      return true
    }))
})
