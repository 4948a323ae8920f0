import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  checkFailed,
  conditionsAfter,
  find,
  hpaActive,
  initialConditions,
  merge,
  replicasUnknown,
  type Condition,
} from '../../src/core/conditions.ts'
import { decide, type Situation } from '../../src/core/decide.ts'
import { minute, quiet, trigger } from './situation.ts'

const busy = { triggers: [trigger('active')] }
const failing = { triggers: [trigger('failing')] }
const contested = { manager: 'x', operation: 'Apply', subresource: '', until: 105 * minute }
const half = { triggers: [trigger('active'), trigger('failing', { metric: 's1-b' })] }

const after = (
  difference: Partial<Situation>,
  before: readonly Condition[] = initialConditions,
): readonly Condition[] => {
  const s = { ...quiet, ...difference }
  return merge(before, conditionsAfter(s, decide(s), before))
}

/** Status and reason, `True ScaledObjectReady`. */
const short = (conditions: readonly Condition[], type: string): string | undefined => {
  const c = find(conditions, type)
  return c && [c.status, c.reason].filter(Boolean).join(' ')
}

const ready = 'True ScaledObjectReady'
const blind = 'False TriggerError'
const partly = 'Unknown PartialTriggerError'
const is = 'True ScalerActive'
const isNot = 'False ScalerNotActive'

/** keda-behaviour.md 1.9 and 3.6. */
const cases: [name: string, difference: Partial<Situation>, ready: string, active: string][] = [
  ['asleep', { replicas: 0 }, ready, isNot],
  ['woken', { ...busy, replicas: 0 }, ready, is],
  ['in the HPA’s hands', busy, ready, is],
  ['forced', { forced: true }, ready, is],
  ['put to sleep', {}, ready, isNot],
  ['cooling down', { lastActive: 98 * minute }, ready, 'False ScalerCooldown'],
  ['active in part', half, partly, is],
  ['forced and blind', { ...failing, forced: true }, partly, is],
  ['blind without a fallback', failing, blind, isNot],
  ['blind with a fallback to come', { ...failing, fallbackReplicas: 2 }, ready, isNot],
  ['in fallback', { triggers: [trigger('fallback')], fallbackReplicas: 2 }, ready, is],
  ['blind in its formula', { ...busy, composite: trigger('failing') }, blind, isNot],
  ['warming up', { triggers: [trigger('unread')] }, ready, 'Unknown'],
  ['paused', { ...busy, paused: 'both' }, ready, 'Unknown'],
  ['paused and blind', { ...failing, paused: 'both' }, ready, 'Unknown'],
  ['active with scale-out paused', { ...busy, replicas: 0, paused: 'out' }, ready, is],
  ['quiet with scale-in paused', { paused: 'in' }, ready, isNot],
  ['contested', { ...busy, contested }, 'False ReplicasContested', is],
  ['contested and blind', { ...failing, contested }, 'False ReplicasContested', isNot],
  ['contested while paused', { ...busy, contested, paused: 'both' }, ready, 'Unknown'],
  ['below min', { min: 5 }, ready, isNot],
]

describe('a workload that is', () => {
  for (const [name, difference, readiness, activity] of cases) {
    test(`${name} is ${readiness} and ${activity}`, () => {
      const conditions = after(difference)
      assert.equal(short(conditions, 'Ready'), readiness)
      assert.equal(short(conditions, 'Active'), activity)
    })
  }
})

describe('Fallback', () => {
  const engaged = { triggers: [trigger('idle'), trigger('fallback', { metric: 's1-b' })] }
  const was = merge(initialConditions, [
    { type: 'Fallback', status: 'True', reason: 'FallbackExists' },
  ])

  test('is True while a trigger is in fallback, and names it', () => {
    const conditions = after({ ...engaged, fallbackReplicas: 2 })
    assert.equal(short(conditions, 'Fallback'), 'True FallbackExists')
    assert.equal(find(conditions, 'Fallback')?.message, 'in fallback: s1-b')
  })
  test('is False without one', () =>
    assert.equal(short(after({}), 'Fallback'), 'False NoFallbackFound'))
  test('stays as it is while paused', () =>
    assert.equal(
      short(after({ paused: 'both', fallbackReplicas: 2 }, was), 'Fallback'),
      'True FallbackExists',
    ))
  test('is cleared by a pause where the spec has no fallback any more', () =>
    assert.equal(short(after({ paused: 'both' }, was), 'Fallback'), 'False NoFallbackFound'))
})

describe('Paused', () => {
  const paused = after({ paused: 'in' })
  for (const how of ['in', 'out', 'both'] as const)
    test(`is True when ${how} is paused`, () =>
      assert.equal(short(after({ paused: how }), 'Paused'), 'True ScaledObjectPaused'))

  test('says unpaused once it was', () =>
    assert.equal(short(after({}, paused), 'Paused'), 'False ScaledObjectUnpaused'))
  test('keeps saying it', () => {
    const once = after({}, paused)
    assert.equal(after({}, once), once)
  })
  test('says nothing where it never was', () => assert.equal(short(after({}), 'Paused'), 'False'))
})

describe('messages', () => {
  test('name every failing trigger with its error', () =>
    assert.equal(
      find(after(half), 'Ready')?.message,
      'some triggers cannot be read, the others decide; s1-b: http://queue did not answer within 3000 ms',
    ))

  const error = (text: string): Partial<Situation> => ({
    triggers: [trigger('failing', { error: text })],
  })
  const message = (text: string, then: string): string | undefined =>
    find(after(error(text), after(error(then))), 'Ready')?.message

  test('do not follow request ids and times', () => {
    const first = 'refused: RequestId:7f3a-00b1 Time:2026-01-01T00:00:00.1Z'
    const second = 'refused: RequestId:81cc-9d2e Time:2026-01-01T00:00:30.2Z'
    assert.match(message(second, first) ?? '', /7f3a-00b1/)
  })
  test('do follow the cause', () =>
    assert.match(message('refused the credentials', 'did not answer') ?? '', /credentials/))
  test('do follow which triggers fail', () => {
    const first = after(half)
    const now = after(
      { triggers: [trigger('failing'), trigger('active', { metric: 's1-b' })] },
      first,
    )
    assert.match(find(now, 'Ready')?.message ?? '', /orders/)
  })
})

describe('a workload at rest', () => {
  test('gets the very same list poll after poll', () => {
    for (const [, difference] of cases) {
      const once = after(difference)
      const value = Math.random() * 100
      const later = { ...quiet, ...difference }.triggers.map((t) => ({ ...t, value }))
      assert.equal(after({ ...difference, triggers: later }, once), once)
    }
  })
})

describe('merge', () => {
  const list = after(busy)
  test('keeps the order in which the list is stored', () =>
    assert.deepEqual(
      after({}, []).map((c) => c.type),
      ['Ready', 'Active', 'Fallback'],
    ))
  test('puts HPAActive last and what it does not know behind', () => {
    const merged = merge(
      [{ type: 'Other', status: 'True' }, ...list],
      [{ type: 'HPAActive', status: 'True', reason: 'HPAActive' }],
    )
    assert.deepEqual(
      merged.map((c) => c.type),
      ['Ready', 'Active', 'Fallback', 'Paused', 'HPAActive', 'Other'],
    )
  })
  test('gives the same array for the same conditions', () =>
    assert.equal(
      merge(
        list,
        list.map((c) => ({ ...c })),
      ),
      list,
    ))
  test('takes empty text for absent text', () =>
    assert.equal(
      merge(initialConditions, [{ type: 'Ready', status: 'Unknown', reason: '', message: '' }]),
      initialConditions,
    ))
  for (const change of [{ status: 'False' }, { reason: 'X' }, { message: 'x' }] as const)
    test(`sees a change of ${Object.keys(change).join()}`, () => {
      const [first] = list
      assert.ok(first)
      const changed = merge(list, [{ ...first, ...change }])
      assert.notEqual(changed, list)
      assert.deepEqual(changed, [{ ...first, ...change }, ...list.slice(1)])
    })
  test('changes nothing a second time', () => {
    const status = fc.constantFrom('True', 'False', 'Unknown')
    const text = fc.option(fc.constantFrom('', 'a', 'b'), { nil: undefined })
    const one = fc
      .record({ type: fc.constantFrom('Ready', 'Active', 'Z'), status, text })
      .map((c): Condition => ({
        type: c.type,
        status: c.status as 'True',
        ...(c.text !== undefined && { reason: c.text }),
      }))
    const some = fc.uniqueArray(one, { selector: (c) => c.type })
    fc.assert(
      fc.property(some, some, (conditions, changes) => {
        const once = merge(conditions, changes)
        return merge(once, changes) === once
      }),
    )
  })
})

describe('HPAActive', () => {
  const scaling = (status: 'True' | 'False', reason: string, message = 'm'): Condition[] => [
    { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' },
    { type: 'ScalingActive', status, reason, message },
  ]
  const rows: [name: string, hpa: Condition[], expected: string | undefined][] = [
    ['True where the HPA scales', scaling('True', 'ValidMetricFound'), 'True HPAActive'],
    ['True at rest at zero', scaling('False', 'ScalingDisabled'), 'True ScalingDisabled'],
    [
      'the HPA’s own reason else',
      scaling('False', 'FailedGetExternalMetric'),
      'False FailedGetExternalMetric',
    ],
    ['named where the HPA names nothing', scaling('False', ''), 'False HPAMetricsUnavailable'],
    ['left alone where nothing is known', [], undefined],
  ]
  for (const [name, hpa, expected] of rows)
    test(`is ${name}`, () => {
      const c = hpaActive(hpa, [])
      assert.equal(c && `${c.status} ${c.reason}`, expected)
    })

  test('carries the HPA’s message, but does not follow its numbers', () => {
    const first = hpaActive(scaling('False', 'X', 'failed 3 times'), [])
    assert.equal(first?.message, 'failed 3 times')
    assert.equal(
      hpaActive(scaling('False', 'X', 'failed 4 times'), [first])?.message,
      'failed 3 times',
    )
  })
})

test('a spec that cannot be followed makes Ready False and Active Unknown', () => {
  const conditions = merge(initialConditions, checkFailed('scaleTargetRef.name is required'))
  assert.equal(short(conditions, 'Ready'), 'False ScaledObjectCheckFailed')
  assert.equal(find(conditions, 'Ready')?.message, 'scaleTargetRef.name is required')
  assert.equal(short(conditions, 'Active'), 'Unknown UnknownState')
})

test('replicas that cannot be read make Ready False', () =>
  assert.equal(short([replicasUnknown('x')], 'Ready'), 'False ErrorGettingCurrentReplicas'))

test('a contest is told in the same words, however long it lasts', () => {
  const first = after({ contested })
  const later = after({ contested: { ...contested, until: 106 * minute } }, first)
  assert.equal(later, first)
  assert.match(find(first, 'Ready')?.message ?? '', /^x \(Apply\) writes spec\.replicas too/)
})
