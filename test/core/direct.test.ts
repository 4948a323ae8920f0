import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decide, type Decision, type Situation } from '../../src/core/decide.ts'
import { directAfter, type DirectFacts } from '../../src/core/direct.ts'
import type { HpaReading } from '../../src/core/proposal.ts'
import { noHpaState } from '../../src/core/replicas.ts'
import { playDirect } from './direct.play.ts'
import { play } from './replicas.play.ts'
import { allSeries } from './replicas.series.ts'
import { anySeries, randomSeries } from './series/random.ts'
import { minute, quiet, trigger } from './situation.ts'

const queue = (value: number | undefined, target = 5): HpaReading => ({
  name: 's0-azure-queue-orders',
  target: { type: 'AverageValue', milli: target * 1000 },
  read:
    value === undefined
      ? { kind: 'missing', reason: 'FailedGetExternalMetric', message: 'gone' }
      : { kind: 'value', milli: value * 1000 },
})

/** Three replicas that may change at once; a test says what the queue holds. */
const facts = (value: number | undefined, difference: Partial<DirectFacts> = {}): DirectFacts => ({
  behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
  readings: [queue(value)],
  straight: true,
  status: 3,
  pods: { all: 3, ready: 3 },
  state: noHpaState,
  ...difference,
})

const busy = (value: number, difference: Partial<Situation> = {}): Situation => ({
  ...quiet,
  triggers: [trigger('active', { value })],
  direct: facts(value),
  ...difference,
})

/** The same queue as a target of the workload as a whole. */
const whole = (value: number): HpaReading => ({
  ...queue(value),
  target: { type: 'Value', milli: 5_000 },
})

const unmeasured = {
  kind: 'missing',
  reason: 'FailedGetResourceMetric',
  message: 'no pod is ready',
} as const

/** A cpu trigger beside what is there. */
const withCpu = (
  s: Situation,
  read: HpaReading['read'],
  state: 'resource' | 'failing' = 'resource',
): Situation => ({
  ...s,
  triggers: [...s.triggers, trigger(state, { metric: 'cpu', type: 'cpu' })],
  direct: s.direct && {
    ...s.direct,
    readings: [
      ...(s.triggers.length > 0 ? s.direct.readings : []),
      { name: 'cpu', target: { type: 'Usage' }, read },
    ],
  },
})

describe('without an HPA', () => {
  const stay = (because: string, until?: number): object => ({ stay: true, because, until })
  const held = { at: quiet.now - minute, replicas: 3 }
  const rows: [what: string, situation: Situation, decision: object][] = [
    [
      'from zero it goes straight to what is asked for',
      busy(42, { replicas: 0 }),
      { scaleTo: 9, because: 'triggered' },
    ],
    [
      'from zero to max at most',
      busy(4200, { replicas: 0, max: 20 }),
      { scaleTo: 20, because: 'triggered' },
    ],
    [
      'from zero to min at least',
      busy(1, { replicas: 0, min: 2 }),
      { scaleTo: 2, because: 'triggered' },
    ],
    [
      'from zero whatever the policies and windows say',
      busy(42, {
        replicas: 0,
        direct: facts(42, {
          behavior: { scaleUp: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 600 } },
          state: { ...noHpaState, recommendations: [{ at: quiet.now - 1, replicas: 0 }] },
        }),
      }),
      { scaleTo: 9, because: 'triggered' },
    ],
    [
      'from one the policies count',
      busy(42, {
        replicas: 1,
        direct: facts(42, {
          behavior: { scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] } },
          status: 1,
          pods: { all: 1, ready: 1 },
        }),
      }),
      { scaleTo: 3, because: 'demand-rose' },
    ],
    [
      'where an HPA would follow, from zero to one first',
      busy(42, { replicas: 0, direct: facts(42, { straight: false }) }),
      { scaleTo: 1, because: 'triggered' },
    ],
    [
      'forced, from zero to one',
      { ...quiet, replicas: 0, forced: true, direct: facts(0) },
      { scaleTo: 1, because: 'forced' },
    ],
    [
      'from the idle count straight to what is asked for',
      busy(42, { replicas: 1, idle: 1, min: 4 }),
      { scaleTo: 9, because: 'triggered' },
    ],
    [
      'at the idle count it rests',
      { ...quiet, replicas: 1, idle: 1, min: 4, direct: facts(0) },
      stay('settled'),
    ],
    [
      'up, by the default policy four more or double',
      busy(420),
      { scaleTo: 7, because: 'demand-rose' },
    ],
    ['what is asked for is there', busy(15), stay('on-target')],
    ['a tenth more is tolerated', busy(16), stay('on-target')],
    ['down', busy(6), { scaleTo: 2, because: 'demand-fell' }],
    [
      'down to one and no further while the cooldown lasts',
      { ...quiet, lastActive: quiet.now - 1, direct: facts(0) },
      { scaleTo: 1, because: 'demand-fell' },
    ],
    [
      'at one it cools down',
      { ...quiet, replicas: 1, lastActive: quiet.now - 1, direct: facts(0) },
      stay('cooling-down', quiet.now - 1 + 5 * minute),
    ],
    ['quiet, it goes to zero', { ...quiet, direct: facts(0) }, { scaleTo: 0, because: 'quiet' }],
    [
      'never below min',
      { ...quiet, min: 2, direct: facts(0) },
      { scaleTo: 2, because: 'demand-fell' },
    ],
    [
      'the window holds',
      busy(6, {
        direct: facts(6, {
          behavior: undefined,
          state: { ...noHpaState, recommendations: [held] },
        }),
      }),
      stay('stabilizing', held.at + 5 * minute),
    ],
    [
      'the window of a behavior holds for an instant less',
      busy(6, {
        direct: facts(6, {
          behavior: {},
          state: { ...noHpaState, recommendations: [held] },
        }),
      }),
      stay('stabilizing', held.at + 5 * minute - 1),
    ],
    [
      'the window holds until the last that asked for as many leaves it, whoever asked for fewer',
      busy(6, {
        direct: facts(6, {
          behavior: {},
          state: {
            ...noHpaState,
            recommendations: [
              { at: quiet.now - 2 * minute, replicas: 7 },
              { at: quiet.now - 3 * minute, replicas: 4 },
              held,
              { at: quiet.now, replicas: 2 },
            ],
          },
        }),
      }),
      stay('stabilizing', held.at + 5 * minute - 1),
    ],
    [
      'the window of scaling up holds too',
      busy(42, {
        direct: facts(42, {
          behavior: { scaleUp: { stabilizationWindowSeconds: 60 } },
          state: { ...noHpaState, recommendations: [{ ...held, at: quiet.now - 1_000 }] },
        }),
      }),
      stay('stabilizing', quiet.now + 59_000 - 1),
    ],
    [
      'a policy holds until its period lets the next step be taken',
      busy(420, {
        direct: facts(420, {
          behavior: { scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] } },
          state: {
            ...noHpaState,
            ups: [
              { at: quiet.now - 50_000, change: 1 },
              { at: quiet.now - 20_000, change: 1 },
            ],
          },
        }),
      }),
      stay('rate-limited', quiet.now + 10_000 - 1),
    ],
    [
      'a direction that is disabled is not waited for',
      busy(420, { direct: facts(420, { behavior: { scaleUp: { selectPolicy: 'Disabled' } } }) }),
      stay('rate-limited'),
    ],
    ['above max it is cut at once', busy(420, { max: 2 }), { scaleTo: 2, because: 'above-max' }],
    [
      'above max it is cut although nothing can be read, as by an HPA',
      { ...quiet, max: 2, triggers: [trigger('failing')], direct: facts(undefined) },
      { scaleTo: 2, because: 'above-max' },
    ],
    ['above max a pause holds', busy(420, { max: 2, paused: 'in' }), stay('paused')],
    ['above max --hold holds', busy(420, { max: 2, hold: true }), stay('held')],
    ['a paused scale-in holds', busy(6, { paused: 'in' }), stay('paused')],
    ['a paused scale-out holds', busy(420, { paused: 'out' }), stay('paused')],
    ['--hold holds what would go', busy(6, { hold: true }), stay('held')],
    ['--hold lets more come', busy(420, { hold: true }), { scaleTo: 7, because: 'demand-rose' }],
    [
      'nothing is lowered on what cannot be read',
      { ...quiet, triggers: [trigger('failing')], direct: facts(undefined) },
      stay('failing-blind'),
    ],
    [
      'nothing is lowered while one of two cannot be read',
      busy(6, {
        triggers: [trigger('active', { value: 6 }), trigger('failing', { metric: 's1' })],
        direct: facts(6, { readings: [queue(6), queue(undefined)] }),
      }),
      stay('partly-failing'),
    ],
    [
      'but what can be read may raise',
      busy(42, {
        triggers: [trigger('active', { value: 42 }), trigger('failing', { metric: 's1' })],
        direct: facts(42, { readings: [queue(42), queue(undefined)] }),
      }),
      { scaleTo: 7, because: 'demand-rose' },
    ],
    [
      'what cpu asks for counts beside a queue',
      withCpu(busy(6), { kind: 'usage', ratio: 2, ready: 3, guarded: undefined, current: 120 }),
      { scaleTo: 6, because: 'demand-rose' },
    ],
    [
      'cpu that is not known yet holds what the queue would lower',
      withCpu(busy(6), unmeasured),
      stay('unmeasured'),
    ],
    [
      'cpu that is not known yet does not hold what the queue raises',
      withCpu(busy(42), unmeasured),
      { scaleTo: 7, because: 'demand-rose' },
    ],
    [
      'cpu that is not known yet does not keep an idle workload up',
      withCpu({ ...busy(0), triggers: [trigger('idle')] }, unmeasured),
      { scaleTo: 0, because: 'quiet' },
    ],
    [
      'cpu that cannot be read keeps an idle workload up',
      withCpu({ ...busy(0), triggers: [trigger('idle')] }, unmeasured, 'failing'),
      stay('failing-blind'),
    ],
    [
      'no fallback is waited for where only cpu cannot be read',
      withCpu(
        { ...busy(0), triggers: [trigger('idle')], fallbackReplicas: 4 },
        unmeasured,
        'failing',
      ),
      stay('failing-blind'),
    ],
    [
      'cpu alone, which cannot be read, wakes a workload all the same',
      withCpu({ ...busy(0, { replicas: 0 }), triggers: [] }, unmeasured, 'failing'),
      { scaleTo: 1, because: 'triggered' },
    ],
    [
      'cpu alone keeps a workload up',
      withCpu(
        { ...busy(0), triggers: [] },
        { kind: 'usage', ratio: 0, ready: 3, guarded: undefined, current: 0 },
      ),
      { scaleTo: 1, because: 'demand-fell' },
    ],
    [
      'what pods that are going use does not count for a workload that wakes',
      withCpu(busy(6, { replicas: 0 }), {
        kind: 'usage',
        ratio: 20,
        ready: 3,
        guarded: undefined,
        current: 1200,
      }),
      { scaleTo: 2, because: 'triggered' },
    ],
    [
      'a Value target is a share of the ready pods',
      busy(10, { direct: facts(10, { readings: [whole(10)], pods: { all: 3, ready: 2 } }) }),
      { scaleTo: 4, because: 'demand-rose' },
    ],
    [
      'a Value target changes nothing while the pods cannot be counted',
      busy(10, { direct: facts(10, { readings: [whole(10)], pods: undefined }) }),
      stay('unmeasured'),
    ],
    [
      'nothing is lowered on what was read before a gap',
      busy(6, { freshSince: quiet.now }),
      stay('warming-up'),
    ],
  ]
  for (const [what, situation, decision] of rows)
    test(what, () => assert.deepEqual(decide(situation), decision))
})

const count = fc.integer({ min: 0, max: 12 })
const reading = fc.record({
  value: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined, freq: 6 }),
  target: fc.integer({ min: 1, max: 20 }),
})
const seconds = (most: number) => fc.integer({ min: 0, max: most })
const rules = fc.record(
  {
    stabilizationWindowSeconds: seconds(600),
    selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
    policies: fc.array(
      fc.record({
        type: fc.constantFrom('Pods', 'Percent'),
        value: fc.integer({ min: 1, max: 100 }),
        periodSeconds: fc.integer({ min: 1, max: 60 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
)
const situation: fc.Arbitrary<Situation> = fc
  .record({
    replicas: fc.integer({ min: 0, max: 20 }),
    min: count,
    span: count,
    readings: fc.array(reading, { minLength: 1, maxLength: 3 }),
    behavior: fc.option(fc.record({ scaleUp: rules, scaleDown: rules }, { requiredKeys: [] }), {
      nil: undefined,
    }),
    past: fc.array(fc.record({ ago: seconds(900), replicas: count }), { maxLength: 5 }),
    paused: fc.constantFrom('no', 'in', 'out', 'both'),
    freshSince: fc.constantFrom(0, quiet.now),
  })
  .map(({ replicas, min, span, readings, behavior, past, paused, freshSince }) => ({
    ...quiet,
    replicas,
    min,
    max: Math.max(1, min + span),
    paused: paused as 'no',
    freshSince,
    triggers: readings.map(({ value, target }, i) =>
      trigger(value === undefined ? 'failing' : value > 0 ? 'active' : 'idle', {
        metric: `s${i}`,
        value,
        target,
      }),
    ),
    direct: {
      behavior,
      readings: readings.map(({ value, target }) => queue(value, target)),
      straight: true,
      status: replicas,
      pods: { all: replicas, ready: replicas },
      state: {
        ...noHpaState,
        recommendations: past.map((p) => ({ at: quiet.now - p.ago * 1000, replicas: p.replicas })),
      },
    },
  }))

/** The same at another time, with what is remembered by then. */
function at(s: Situation, now: number): Situation {
  if (!s.direct) return { ...s, now }
  return { ...s, now, direct: { ...s.direct, state: directAfter(s, s.direct, undefined) } }
}

const after = (s: Situation, d: Decision): number => ('scaleTo' in d ? d.scaleTo : s.replicas)
const always = (property: (s: Situation) => boolean): void =>
  fc.assert(fc.property(situation, property), { numRuns: 2_000 })

describe('without an HPA, always', () => {
  test('a new count is within the bounds', () =>
    always((s) => {
      const d = decide(s)
      return !('scaleTo' in d) || (d.scaleTo >= 0 && d.scaleTo <= s.max && d.scaleTo !== s.replicas)
    }))

  test('nothing is lowered while something cannot be read, or was read before a gap', () =>
    always(
      (s) =>
        !(s.triggers.some((t) => t.state === 'failing') || s.freshSince === s.now) ||
        s.replicas > s.max ||
        after(s, decide(s)) >= s.replicas,
    ))

  test('more backlog never means fewer replicas', () =>
    fc.assert(
      fc.property(situation, fc.integer({ min: 1, max: 100 }), (s, more) => {
        const grown: Situation = {
          ...s,
          triggers: s.triggers.map((t) =>
            t.value === undefined ? t : { ...t, state: 'active', value: t.value + more },
          ),
          direct: s.direct && {
            ...s.direct,
            readings: s.direct.readings.map((r) =>
              r.read.kind === 'value'
                ? { ...r, read: { ...r.read, milli: r.read.milli + more * 1000 } }
                : r,
            ),
          },
        }
        return after(grown, decide(grown)) >= after(s, decide(s))
      }),
      { numRuns: 2_000 },
    ))

  test('`until` is the last instant that comes to the same, all else equal', () =>
    always((s) => {
      const d = decide(s)
      if (!('stay' in d) || d.until === undefined || d.because === 'cooling-down') return true
      const [held, free] = [d.until, d.until + 1].map((now) => decide(at(s, now)))
      return held?.because === d.because && free?.because !== d.because
    }))

  test('what waits without an `until` waits for ever', () =>
    always((s) => {
      const d = decide(s)
      if (d.because !== 'stabilizing' && d.because !== 'rate-limited') return true
      if ('stay' in d && d.until !== undefined) return true
      return 'stay' in decide(at(s, s.now + 100 * minute))
    }))

  test('a record that was stored is decided the same again', () =>
    always((s) => {
      const stored: Situation = JSON.parse(
        JSON.stringify(s),
        (_, value: unknown) => value ?? undefined,
      )
      return JSON.stringify(decide(stored)) === JSON.stringify(decide(s))
    }))

  test('what is remembered stays short', () =>
    always((s) => {
      if (!s.direct) return false
      let { state } = s.direct
      for (let i = 0; i < 50; i++) {
        const now = { ...s, now: s.now + i * 1000 }
        state = directAfter(now, { ...s.direct, state }, i % 7 === 0 ? (i % 5) + 1 : undefined)
      }
      return state.recommendations.length <= 25
    }))
})

describe('without an HPA it does what a real HPA does between 1 and max', () => {
  for (const series of [...allSeries, ...randomSeries].filter(({ start }) => start > 0))
    test(series.name, () => {
      assert.deepEqual(playDirect(series), play(series).trace)
    })

  test('whatever the script', () =>
    fc.assert(
      fc.property(
        anySeries.filter(({ start }) => start > 0),
        (series) => assert.deepEqual(playDirect(series), play(series).trace),
      ),
      { numRuns: 500 },
    ))
})
