import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { TriggerFacts } from '../../src/core/decide.ts'
import { demandOf, offersOf, type DemandInput, type Offer } from '../../src/core/demand.ts'
import type { Fallback } from '../../src/core/fallback.ts'
import type { MetricHealth } from '../../src/core/health.ts'
import { compositeTarget, modifiersOf } from '../../src/core/modifiers.ts'
import { propose } from '../../src/core/proposal.ts'
import { formatReading, formatTarget, parseMilli } from '../../src/core/quantity.ts'
import { trigger } from './situation.ts'

const fixed: Fallback = { threshold: 3, replicas: 4, behavior: 'static' }
const engaged: MetricHealth = { failures: 9, countedAt: 0, engaged: true }

const input = (facts: TriggerFacts, more: Partial<DemandInput> = {}): DemandInput => ({
  metrics: [{ name: 'a', metricType: undefined, facts, holds: false }],
  health: new Map(),
  fallback: undefined,
  modifiers: undefined,
  sum: false,
  replicas: 2,
  readyPods: () => 2,
  ...more,
})

const inFallback = (facts: TriggerFacts, more: Partial<DemandInput> = {}): DemandInput =>
  input(facts, { fallback: fixed, health: new Map([[facts.metric, engaged]]), ...more })

const valued = (value: number, at: number | undefined): Offer['reading'] => ({
  kind: 'value',
  value,
  at,
})

const active = trigger('active')
const failing = trigger('failing')
const asValue = (facts: TriggerFacts): DemandInput['metrics'] => [
  { name: 'a', metricType: 'Value', facts, holds: false },
]

const readings: readonly [string, DemandInput, Offer['reading']][] = [
  ['that is read is its value', input(active), valued(12, active.at)],
  ['below zero is 0', input({ ...active, value: -3 }), valued(0, active.at)],
  ['that fails is its error', input(failing), { kind: 'failed', why: failing.error ?? '' }],
  [
    'that was never read says so',
    input(trigger('unread')),
    { kind: 'failed', why: 'it was not sampled yet' },
  ],
  ['in fallback is target x replicas', inFallback(failing), valued(20, undefined)],
  [
    'that is read again is its value, although engaged still',
    inFallback(active),
    valued(12, active.at),
  ],
  [
    'of type Value in fallback is shared by the ready pods',
    inFallback(failing, { metrics: asValue(failing) }),
    valued(10, undefined),
  ],
]
for (const [name, given, reading] of readings)
  test(`a metric ${name}`, () => assert.deepEqual(offersOf(given)[0]?.reading, reading))

test('cpu and memory are not offered: the HPA measures them itself', () =>
  assert.deepEqual(offersOf(input(trigger('resource'))), []))

test('without fallback and modifiers the facts stay what they are', () => {
  const { triggers, composite, fallbackReplicas } = demandOf(input(active))
  assert.equal(triggers[0], active)
  assert.deepEqual([composite, fallbackReplicas], [undefined, undefined])
})

test('ready pods are counted only where a Value target needs them', () => {
  const readyPods = (): number => assert.fail('counted')
  offersOf(inFallback(failing, { readyPods }))
  offersOf(input(active, { readyPods, metrics: asValue(active) }))
})

/** What an HPA of one replica makes of an offer, by the quantities on the wire. */
function asked({ metric, reading }: Offer, targetText: string): number {
  assert.ok(reading.kind === 'value')
  const milli = parseMilli(formatReading({ metric, value: reading.value })) ?? 0
  const target = { type: 'AverageValue', milli: parseMilli(targetText) ?? 0 } as const
  const scaled = { spec: 1, status: 1, pods: 1, ready: 1 }
  const read = { kind: 'value', milli } as const
  const proposal = propose({ name: metric, target, read }, scaled, { down: 0, up: 0 })
  return proposal.kind === 'replicas' ? proposal.replicas : -1
}

describe('the HPA comes to exactly the replicas of the fallback, whatever the target', () => {
  const targets = fc.double({ min: 0.01, max: 1e6, noNaN: true })
  const counts = fc.integer({ min: 1, max: 1000 })
  const of = (replicas: number): Fallback => ({ ...fixed, replicas })

  test('for a trigger', () =>
    fc.assert(
      fc.property(targets, counts, (target, replicas) => {
        const facts = { ...failing, target }
        const [offer] = offersOf(inFallback(facts, { fallback: of(replicas) }))
        assert.ok(offer)
        assert.equal(asked(offer, formatTarget(target, 'decimal')), replicas)
      }),
    ))

  test('for a formula', () =>
    fc.assert(
      fc.property(targets, counts, (target, replicas) => {
        const spec = { formula: 'a', target: target.toFixed(6) }
        const modifiers = modifiersOf(spec, [{ type: 'kafka', name: 'a' }])
        assert.ok(modifiers && !('problems' in modifiers))
        const [offer] = offersOf(inFallback(failing, { modifiers, fallback: of(replicas) }))
        assert.ok(offer)
        assert.equal(asked(offer, compositeTarget(modifiers)), replicas)
      }),
    ))
})
