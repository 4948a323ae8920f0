import * as fc from 'fast-check'
import type { Policy, Rules } from '../../../src/core/behavior.ts'
import type { Series } from './shape.ts'

const seconds = fc.constantFrom(3, 4, 5, 6, 8)

const policy: fc.Arbitrary<Policy> = fc.oneof(
  fc.record({
    type: fc.constant('Pods'),
    value: fc.integer({ min: 1, max: 6 }),
    periodSeconds: seconds,
  }),
  fc.record({
    type: fc.constant('Percent'),
    value: fc.integer({ min: 5, max: 150 }),
    periodSeconds: seconds,
  }),
)

const rules: fc.Arbitrary<Rules> = fc.record(
  {
    stabilizationWindowSeconds: fc.oneof(fc.constant(0), seconds),
    selectPolicy: fc.constantFrom('Max', 'Min', 'Max', 'Min', 'Disabled'),
    policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
    tolerance: fc.constantFrom('0', '50m', '0.25', '0.5'),
  },
  { requiredKeys: [] },
)

const behavior = fc.oneof(
  fc.constant(undefined),
  fc.record({ scaleUp: rules, scaleDown: rules }, { requiredKeys: [] }),
)

const value = (scale: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 30 * scale }).map((n) => `${n * 100}m`) },
    { weight: 1, arbitrary: fc.constant('missing') },
    { weight: 1, arbitrary: fc.constant('0') },
  )

const metrics: Series['metrics'] = [
  { name: 'queue', type: 'AverageValue', target: '10' },
  { name: 'ratio', type: 'Value', target: '2' },
]

/** Any script without interference by others. */
export const anySeries: fc.Arbitrary<Series> = fc
  .record({
    min: fc.integer({ min: 1, max: 4 }),
    span: fc.integer({ min: 0, max: 16 }),
    start: fc.integer({ min: 0, max: 12 }),
    behavior,
    both: fc.boolean(),
    steps: fc.array(
      fc.record({
        gap: fc.integer({ min: 2, max: 4 }),
        queue: value(80),
        ratio: value(1),
      }),
      { minLength: 6, maxLength: 8 },
    ),
  })
  .map(({ min, span, start, behavior, both, steps }) => ({
    name: '',
    min,
    max: min + span,
    behavior,
    metrics: both ? metrics : metrics.slice(0, 1),
    start,
    steps: steps.map(({ queue, ratio }, i) => ({
      at: steps.slice(1, i + 1).reduce((sum, s) => sum + s.gap, 0),
      values: both ? { queue, ratio } : { queue },
    })),
    until: 20,
    trace: [],
    conditions: {},
  }))

/** Scripts that nobody wrote, without interference by others, the same in each run; what comes of them only the real controller says. */
export const randomSeries: readonly Series[] = fc
  .sample(anySeries, { numRuns: 16, seed: 20_261 })
  .map((s, i) => ({ ...s, name: `random script ${i + 1}` }))
