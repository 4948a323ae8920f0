import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { composite, type Composite, type CompositeInput } from '../../src/core/composite.ts'
import { decide, type TriggerFacts, type TriggerState } from '../../src/core/decide.ts'
import type { Fallback } from '../../src/core/fallback.ts'
import { modifiersOf, type Modifiers, type ModifiersSpec } from '../../src/core/modifiers.ts'
import { quiet, trigger } from './situation.ts'

const of = (name: string, state: TriggerState, more: Partial<TriggerFacts> = {}) => ({
  name,
  facts: trigger(state, { metric: `s-${name}`, ...more }),
})
const a = (value: number, state: TriggerState = 'active') => of('a', state, { value })
const b = (value: number, state: TriggerState = 'active') => of('b', state, { value })

function modifiers(spec: ModifiersSpec): Modifiers {
  const named = [
    { type: 'prometheus', name: 'a' },
    { type: 'kafka', name: 'b' },
  ]
  const result = modifiersOf({ target: '2', ...spec }, named)
  assert.ok(result !== undefined && !('problems' in result))
  return result
}

const left: Fallback = { threshold: 3, replicas: 5, behavior: 'scalingModifiers' }
const fixed: Fallback = { ...left, behavior: 'static' }

const base: CompositeInput = {
  modifiers: modifiers({ formula: 'a + b' }),
  fallback: undefined,
  variables: [a(3), b(4.5)],
  replicas: 2,
  readyPods: () => 2,
}

const value = (v: number): Composite['reading'] => ({ kind: 'value', value: v })
const failed = (why: string): Composite['reading'] => ({ kind: 'failed', why })

type Row = [
  name: string,
  difference: Partial<CompositeInput>,
  state: TriggerState,
  reading: Composite['reading'],
]

function all(rows: readonly Row[]): void {
  for (const [name, difference, state, reading] of rows)
    test(name, () => {
      const result = composite({ ...base, ...difference })
      assert.equal(result.facts.state, state)
      assert.deepEqual(result.reading, reading)
    })
}

const formula = (text: string, more: ModifiersSpec = {}) => ({
  modifiers: modifiers({ formula: text, ...more }),
})

describe('the composite metric (3.5, 3.13)', () => {
  all([
    ['is what the formula makes of the triggers', {}, 'active', value(7.5)],
    ['is not active at 0', { variables: [a(0), b(0)] }, 'idle', value(0)],
    [
      'is not active at its activationTarget',
      formula('a + b', { activationTarget: '7.5' }),
      'idle',
      value(7.5),
    ],
    [
      'is active above its activationTarget',
      formula('a + b', { activationTarget: '7.499' }),
      'active',
      value(7.5),
    ],
    [
      'is active whatever its triggers say by themselves',
      { variables: [a(3, 'idle'), b(4, 'idle')] },
      'active',
      value(7),
    ],
    ['is cut to thousandths, not rounded', formula('a / 7'), 'active', value(0.428)],
    ['is cut towards 0', formula('-a / 7'), 'idle', value(-0.428)],
    ['keeps what is negative (A9)', formula('a - 4.5'), 'idle', value(-1.5)],
    ['is 0 and not -0', formula('-a * 0'), 'idle', value(0)],
    ['cuts before it compares', formula('0.0009'), 'idle', value(0)],
    ['takes no negative value', { variables: [a(-3), b(4.5)] }, 'active', value(4.5)],
    ['takes values in thousandths', { variables: [a(0.0004), b(0.5006)] }, 'active', value(0.501)],
    [
      'leaves cpu and memory out',
      { variables: [...base.variables, of('c', 'resource')] },
      'active',
      value(7.5),
    ],
    [
      'takes the last of several metrics of a trigger',
      { variables: [a(1), a(3), b(4.5)] },
      'active',
      value(7.5),
    ],
    [
      'leaves triggers without a name out',
      { variables: [...base.variables, { name: undefined, facts: trigger('active') }] },
      'active',
      value(7.5),
    ],
  ])
})

describe('the composite metric fails', () => {
  all([
    [
      'while a trigger fails, whatever the others say',
      { variables: [of('a', 'failing'), b(9)] },
      'failing',
      failed('has no value while s-a cannot be read'),
    ],
    [
      'while one fails although another is in fallback',
      { variables: [of('a', 'failing'), of('b', 'fallback')], fallback: fixed },
      'failing',
      failed('has no value while s-a cannot be read'),
    ],
    [
      'while a trigger without a name fails',
      { variables: [...base.variables, { name: undefined, facts: trigger('failing') }] },
      'failing',
      failed('has no value while s0-azure-queue-orders cannot be read'),
    ],
    [
      'where the formula has no finite value (A8)',
      { ...formula('b / a'), variables: [a(0), b(1)] },
      'failing',
      failed('formula gives Infinity, not a finite number'),
    ],
    [
      'where the formula cannot be evaluated (A8)',
      { ...formula('[a, b][int(a) + 1]'), variables: [a(3), b(1)] },
      'failing',
      failed('formula an index is out of range'),
    ],
    [
      'where the value is too large for the HPA',
      formula('a * 1e18'),
      'failing',
      failed('3000000000000000000 is too large a number'),
    ],
    [
      'where the formula gives nil and there is no fallback',
      formula('a > 1 ? nil : a ?? 1'),
      'failing',
      failed('the formula gives nil, and there is no fallback to take its place'),
    ],
  ])

  test('not while a trigger is unread: it is unread too', () => {
    const result = composite({ ...base, variables: [of('a', 'unread'), b(9)] })
    assert.equal(result.facts.state, 'unread')
    assert.deepEqual(result.reading, failed('has no value before s-a is read'))
  })
})

describe('the composite metric in fallback (3.11, 3.13)', () => {
  const engaged = { fallback: fixed, variables: [of('a', 'fallback'), b(100)] }
  const asleep = { replicas: 0, readyPods: () => 0 }
  all([
    ['is target x replicas without asking the formula', engaged, 'active', value(10)],
    [
      'is inactive for no replicas',
      { ...engaged, fallback: { ...fixed, replicas: 0 } },
      'idle',
      value(0),
    ],
    [
      'is inactive at the activationTarget',
      { ...engaged, ...formula('a', { activationTarget: '10' }) },
      'idle',
      value(10),
    ],
    [
      'follows the current replicas where the behavior does',
      { ...engaged, fallback: { ...fixed, behavior: 'currentReplicasIfLower' } },
      'active',
      value(4),
    ],
    [
      'takes a target that is not whole (A3)',
      { ...engaged, ...formula('a', { target: '2.5' }) },
      'active',
      value(12.5),
    ],
    [
      'keeps the thousandths of its target',
      { ...engaged, ...formula('a', { target: '2.505' }), fallback: { ...fixed, replicas: 3 } },
      'active',
      value(7.515),
    ],
    [
      'is shared by the ready pods for metricType Value',
      { ...engaged, ...formula('a', { metricType: 'Value' }) },
      'active',
      value(5),
    ],
    [
      'wakes a workload that has no ready pod to share it by',
      { ...engaged, ...formula('a', { metricType: 'Value' }), ...asleep },
      'active',
      failed('no pod is ready, and a Value target is a share of those that are'),
    ],
    [
      'fails where the count is unknown',
      { ...engaged, fallback: { ...fixed, behavior: 'currentReplicas' }, replicas: undefined },
      'failing',
      failed('the current replicas are not known'),
    ],
  ])
})

describe('a fallback that is left to the formula (3.11, 3.13)', () => {
  const lost = { fallback: left, variables: [of('a', 'fallback'), b(4.5)] }
  all([
    ['makes its trigger nil', { ...lost, ...formula('a ?? b') }, 'active', value(4.5)],
    [
      'may be read by the formula',
      { ...lost, ...formula('a == nil ? 7 : a ?? 1') },
      'active',
      value(7),
    ],
    [
      'is target x replicas where the formula gives nil',
      {
        fallback: left,
        variables: [of('a', 'fallback'), of('b', 'fallback')],
        ...formula('a ?? b'),
      },
      'active',
      value(10),
    ],
    [
      'is so of any other behavior too',
      { fallback: fixed, variables: [a(3), b(4)], ...formula('a > 1 ? nil : a ?? 1') },
      'active',
      value(10),
    ],
    [
      'fails where the formula cannot do without the trigger',
      lost,
      'failing',
      failed('formula nil + float is not defined'),
    ],
  ])
})

test('its facts name it, its target and the oldest of its samples', () => {
  const { facts } = composite({
    ...base,
    variables: [of('a', 'active', { value: 3, at: 50 }), of('b', 'active', { value: 4, at: 40 })],
  })
  assert.deepEqual(facts, {
    metric: 'composite-metric',
    type: 'composite-metric',
    state: 'active',
    value: 7,
    target: 2,
    at: 40,
    error: undefined,
  })
})

test('a workload whose formula fails is not lowered', () => {
  const broken = composite({
    ...base,
    ...formula('b / a'),
    variables: [a(0, 'idle'), b(1, 'idle')],
  })
  const triggers = [trigger('idle'), trigger('idle')]
  assert.deepEqual(decide({ ...quiet, triggers, composite: broken.facts }), {
    stay: true,
    because: 'failing-blind',
    until: undefined,
  })
})

test('whatever the values are, a reading is a finite number of whole thousandths or a failure', () => {
  const number = fc.oneof(fc.double(), fc.double({ min: -1e6, max: 1e6 }))
  const formulas = ['a + b', 'a / b', 'a * b * 1e9', 'a - b', 'max([a, b]) ** 3', 'int(a) % 3']
  fc.assert(
    fc.property(number, number, fc.constantFrom(...formulas), (x, y, text) => {
      const { facts, reading } = composite({ ...base, ...formula(text), variables: [a(x), b(y)] })
      assert.equal(facts.state === 'failing', reading.kind === 'failed')
      if (reading.kind === 'value') {
        assert.ok(Number.isFinite(reading.value))
        assert.equal(reading.value, Math.round(reading.value * 1000) / 1000)
        assert.equal(facts.state === 'active', reading.value > 0)
      }
    }),
    { numRuns: 500 },
  )
})
