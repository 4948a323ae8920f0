import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decide } from '../../src/core/decide.ts'
import {
  fallbackCount,
  fallbackOf,
  fallbackValue,
  type Fallback,
  type FallbackFacts,
  type FallbackValue,
} from '../../src/core/fallback.ts'
import { propose } from '../../src/core/proposal.ts'
import { formatMetric, parseMilli } from '../../src/core/quantity.ts'
import { quiet, trigger } from './situation.ts'

const spec = { failureThreshold: 3, replicas: 6 }
const plain = { triggerTypes: ['azure-queue'], modifiers: undefined }
const modified = (target: string | undefined, formula: string | undefined = 'a') => ({
  triggerTypes: ['azure-queue'],
  modifiers: { formula, target },
})

describe('spec.fallback (1.11, 3.11)', () => {
  const followed = (behavior: Fallback['behavior']): Fallback => ({
    threshold: 3,
    replicas: 6,
    behavior,
  })
  const valid: [name: string, ...Parameters<typeof fallbackOf>, ReturnType<typeof fallbackOf>][] = [
    ['is none where it is absent', undefined, plain, undefined],
    ['is static without a behavior', spec, plain, followed('static')],
    ['is static with an empty one', { ...spec, behavior: '' }, plain, followed('static')],
    ['is static with an unknown one', { ...spec, behavior: 'other' }, plain, followed('static')],
    [
      'has the behavior it names',
      { ...spec, behavior: 'currentReplicasIfLower' },
      plain,
      followed('currentReplicasIfLower'),
    ],
    [
      'may have a threshold and replicas of 0',
      { failureThreshold: 0, replicas: 0 },
      plain,
      { threshold: 0, replicas: 0, behavior: 'static' },
    ],
    ['counts beside cpu', spec, { ...plain, triggerTypes: ['cpu', 'kafka'] }, followed('static')],
    ['counts for a formula with a whole target', spec, modified('2'), followed('static')],
    [
      'counts for a formula with a target of 2.5, unlike in KEDA',
      spec,
      modified('2.5'),
      followed('static'),
    ],
    [
      'may leave it to the formula',
      { ...spec, behavior: 'scalingModifiers' },
      modified('2'),
      followed('scalingModifiers'),
    ],
    [
      'of cpu alone counts for a formula',
      spec,
      { ...modified('2'), triggerTypes: ['cpu'] },
      followed('static'),
    ],
  ]
  for (const [name, given, context, expected] of valid)
    test(name, () => assert.deepEqual(fallbackOf(given, context), expected))

  const invalid: [name: string, ...Parameters<typeof fallbackOf>, RegExp][] = [
    ['a negative threshold', { ...spec, failureThreshold: -1 }, plain, /not negative/],
    ['negative replicas', { ...spec, replicas: -1 }, plain, /not negative/],
    ['replicas that are not whole', { ...spec, replicas: 1.5 }, plain, /whole/],
    ['a threshold that is no number', { ...spec, failureThreshold: Number.NaN }, plain, /whole/],
    ['cpu and memory alone', spec, { ...plain, triggerTypes: ['cpu', 'memory'] }, /cpu/],
    ['a formula without a target', spec, modified(undefined), /target/],
    ['a formula with a target of 0', spec, modified('0'), /target/],
    [
      'modifiers that are empty, and cpu',
      spec,
      { triggerTypes: ['cpu'], modifiers: { formula: '' } },
      /cpu/,
    ],
    ['a target that is no number', spec, modified('many'), /target/],
    [
      'behavior scalingModifiers without modifiers',
      { ...spec, behavior: 'scalingModifiers' },
      plain,
      /formula/,
    ],
    [
      'behavior scalingModifiers without a formula',
      { ...spec, behavior: 'scalingModifiers' },
      modified('2', ''),
      /formula/,
    ],
  ]
  for (const [name, given, context, problem] of invalid)
    test(`is refused with ${name}`, () => {
      const result = fallbackOf(given, context)
      assert.ok(result !== undefined && 'problem' in result)
      assert.match(result.problem, problem)
    })
})

describe('the count of a fallback of 6 (3.11)', () => {
  const rows: [Fallback['behavior'], current: number | undefined, count: number | undefined][] = [
    ['static', 2, 6],
    ['static', 9, 6],
    ['static', undefined, 6],
    ['currentReplicas', 2, 2],
    ['currentReplicas', 0, 0],
    ['currentReplicas', undefined, undefined],
    ['currentReplicasIfHigher', 2, 6],
    ['currentReplicasIfHigher', 9, 9],
    ['currentReplicasIfHigher', undefined, undefined],
    ['currentReplicasIfLower', 2, 2],
    ['currentReplicasIfLower', 9, 6],
    ['currentReplicasIfLower', undefined, undefined],
    ['scalingModifiers', 2, 6],
  ]
  for (const [behavior, current, count] of rows)
    test(`${behavior} with ${current ?? 'unknown'} replicas is ${count ?? 'unknown'}`, () =>
      assert.equal(fallbackCount({ threshold: 3, replicas: 6, behavior }, current), count))
})

describe('the value of a metric in fallback (3.11)', () => {
  const base: FallbackFacts = {
    count: 6,
    target: 5,
    metricType: undefined,
    readyPods: undefined,
  }
  const value = (v: number): FallbackValue => ({ kind: 'value', value: v })
  const rows: [name: string, difference: Partial<FallbackFacts>, FallbackValue][] = [
    ['is target x replicas', {}, value(30)],
    ['is 0 for no replicas', { count: 0 }, value(0)],
    ['is cut to thousandths', { target: 0.3335, count: 1 }, value(0.333)],
    ['keeps the thousandths of a target', { target: 2.505, count: 3 }, value(7.515)],
    [
      'is shared by the ready pods of a Value target',
      { metricType: 'Value', readyPods: 4 },
      value(7.5),
    ],
    [
      'does not look at pods for an AverageValue',
      { metricType: 'AverageValue', readyPods: 0 },
      value(30),
    ],
    [
      'fails for a Value target with no ready pod',
      { metricType: 'Value', readyPods: 0 },
      { kind: 'failed', why: 'no pod is ready, and a Value target is a share of those that are' },
    ],
    [
      'fails for a Value target whose pods cannot be counted',
      { metricType: 'Value' },
      { kind: 'failed', why: 'the ready pods cannot be counted' },
    ],
    [
      'fails where the count is unknown',
      { count: undefined },
      { kind: 'failed', why: 'the current replicas are not known' },
    ],
    [
      'fails where it is too large',
      { target: 1e18 },
      { kind: 'failed', why: 'target x replicas is too large a number' },
    ],
  ]
  for (const [name, difference, expected] of rows)
    test(name, () => assert.deepEqual(fallbackValue({ ...base, ...difference }), expected))

  const count = fc.integer({ min: 0, max: 1000 })
  const target = fc.integer({ min: 1, max: 10_000_000 }).map((milli) => milli / 1000)
  const tolerances = { down: 0, up: 0 }
  const asked = (facts: FallbackFacts, pods: number): unknown => {
    const result = fallbackValue(facts)
    assert.equal(result.kind, 'value')
    const milli = parseMilli(formatMetric(result.kind === 'value' ? result.value : 0)) ?? 0
    const type = facts.metricType === 'Value' ? 'Value' : 'AverageValue'
    const scaled = { spec: pods, status: pods, pods, ready: pods }
    const targetMilli = Math.round(facts.target * 1000)
    return propose(
      { name: 'm', target: { type, milli: targetMilli }, read: { kind: 'value', milli } },
      scaled,
      tolerances,
    )
  }

  test('makes the HPA compute exactly the count', () => {
    fc.assert(
      fc.property(count, target, fc.integer({ min: 1, max: 50 }), (n, t, pods) => {
        assert.deepEqual(asked({ ...base, count: n, target: t }, pods), {
          kind: 'replicas',
          replicas: n,
        })
      }),
    )
  })

  test('makes the HPA compute the count from a Value target too, where the share is whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 50 }), (n, pods) => {
        const facts = { ...base, count: n * pods, metricType: 'Value', readyPods: pods }
        assert.deepEqual(asked(facts, pods), { kind: 'replicas', replicas: n * pods })
      }),
    )
  })
})

/** The rows of keda-behaviour.md 3.14 that are about fallback, and A2-A3 of 3.6. */
describe('a workload whose trigger fails', () => {
  const failing = { triggers: [trigger('failing')], replicas: 1 }
  const engaged = { triggers: [trigger('fallback')], replicas: 1 }
  const rows: [name: string, Parameters<typeof decide>[0], ReturnType<typeof decide>][] = [
    [
      'stays as it is without a fallback',
      { ...quiet, ...failing },
      { stay: true, because: 'failing-blind', until: undefined },
    ],
    [
      'waits for the fallback up to the threshold',
      { ...quiet, ...failing, fallbackReplicas: 3 },
      { stay: true, because: 'awaiting-fallback', until: undefined },
    ],
    [
      'waits for a fallback of 0 too',
      { ...quiet, ...failing, fallbackReplicas: 0 },
      { stay: true, because: 'awaiting-fallback', until: undefined },
    ],
    [
      'is left to the HPA once the fallback is engaged',
      { ...quiet, ...engaged, fallbackReplicas: 3 },
      { stay: true, because: 'hpa-in-charge', until: undefined },
    ],
    [
      'is woken from 0 by the fallback',
      { ...quiet, ...engaged, replicas: 0, fallbackReplicas: 3 },
      { scaleTo: 1, because: 'triggered' },
    ],
  ]
  for (const [name, situation, expected] of rows)
    test(name, () => assert.deepEqual(decide(situation), expected))
})
