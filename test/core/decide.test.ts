import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  decide,
  type Decision,
  type ScaleReason,
  type Situation,
  type StayReason,
} from '../../src/core/decide.ts'
import { minute, quiet, trigger } from './situation.ts'

const to = (scaleTo: number, because: ScaleReason): Decision => ({ scaleTo, because })
const stay = (because: StayReason, until?: number): Decision => ({ stay: true, because, until })

const busy = { triggers: [trigger('active')] }
const failing = { triggers: [trigger('failing')] }
const fallback = { triggers: [trigger('fallback')], fallbackReplicas: 3 }
const halfFailing = { triggers: [trigger('idle'), trigger('failing')] }
const cpu = trigger('resource')
const contest = { manager: 'x', operation: 'Update', subresource: 'scale', until: 101 * minute }

type Row = [name: string, difference: Partial<Situation>, expected: Decision]

const waking: Row[] = [
  ['wakes to one replica', { ...busy, replicas: 0 }, to(1, 'triggered')],
  ['wakes straight to min', { ...busy, replicas: 0, min: 2 }, to(2, 'triggered')],
  ['never wakes above max', { ...busy, replicas: 0, min: 5, max: 3 }, to(3, 'triggered')],
  [
    'wakes on one active trigger of several',
    { triggers: [trigger('idle'), trigger('active')], replicas: 0 },
    to(1, 'triggered'),
  ],
  [
    'wakes although another trigger fails',
    { triggers: [trigger('failing'), trigger('active')], replicas: 0 },
    to(1, 'triggered'),
  ],
  [
    'wakes although another trigger is unread',
    { triggers: [trigger('unread'), trigger('active')], replicas: 0 },
    to(1, 'triggered'),
  ],
  [
    'does not wake for what was said before a gap',
    { triggers: [trigger('active', { at: minute })], replicas: 0 },
    stay('warming-up'),
  ],
  [
    'wakes for one trigger that was read since, beside one that was not',
    { triggers: [trigger('active', { at: minute }), trigger('active')], replicas: 0 },
    to(1, 'triggered'),
  ],
  [
    'wakes when forced although nothing was read since a gap',
    { triggers: [trigger('active', { at: minute })], forced: true, replicas: 0 },
    to(1, 'forced'),
  ],
  ['wakes on a fallback value', { ...fallback, replicas: 0 }, to(1, 'triggered')],
  [
    'does not wake for a fallback of no replicas',
    { ...fallback, fallbackReplicas: 0, replicas: 0 },
    stay('settled'),
  ],
  ['wakes when forced', { forced: true, replicas: 0 }, to(1, 'forced')],
  ['wakes when forced although blind', { ...failing, forced: true, replicas: 0 }, to(1, 'forced')],
  [
    'says forced where triggers are active too',
    { ...busy, forced: true, replicas: 0 },
    to(1, 'forced'),
  ],
  [
    'leaves an idle count of 0 for min',
    { ...busy, min: 5, idle: 0, replicas: 0 },
    to(5, 'triggered'),
  ],
  [
    'leaves any count below min for min in idle mode',
    { ...busy, min: 5, idle: 0, replicas: 3 },
    to(5, 'triggered'),
  ],
  ['wakes at any max that is legal', { ...busy, replicas: 0, max: 1 }, to(1, 'triggered')],
  [
    'wakes when only scale-in is paused',
    { ...busy, replicas: 0, paused: 'in' },
    to(1, 'triggered'),
  ],
  [
    'wakes while held, which is about scale-in alone',
    { ...busy, replicas: 0, hold: true },
    to(1, 'triggered'),
  ],
]

const awake: Row[] = [
  ['leaves 1..n to the HPA', busy, stay('hpa-in-charge')],
  ['leaves a forced workload to the HPA', { forced: true }, stay('hpa-in-charge')],
  ['leaves n above max to the HPA', { ...busy, replicas: 200 }, stay('hpa-in-charge')],
  ['leaves the fallback count to the HPA', fallback, stay('hpa-in-charge')],
  [
    'says when only some triggers answer',
    { triggers: [trigger('active'), trigger('failing')] },
    stay('partly-failing'),
  ],
  ['says when a forced workload is blind', { ...failing, forced: true }, stay('partly-failing')],
  ['keeps up what is scaled on cpu alone', { triggers: [cpu] }, stay('hpa-in-charge')],
  ['restores min beside active triggers', { ...busy, replicas: 1, min: 2 }, to(2, 'below-min')],
  [
    'never takes replicas when waking',
    { ...busy, min: 5, max: 3, idle: 0, replicas: 4 },
    stay('hpa-in-charge'),
  ],
]

const resting: Row[] = [
  ['sleeps once quiet for the cooldown', {}, to(0, 'quiet')],
  ['sleeps from one replica too', { replicas: 1 }, to(0, 'quiet')],
  ['waits out the cooldown', { lastActive: 98 * minute }, stay('cooling-down', 103 * minute)],
  [
    'is still warm at the last instant',
    { lastActive: 95 * minute },
    stay('cooling-down', 100 * minute),
  ],
  [
    'waits out the initial cooldown though a fallback, and no trigger, was active',
    { created: 90 * minute, everActive: false, cooldown: { initial: 15 * minute, period: 0 } },
    stay('cooling-down', 105 * minute),
  ],
  ['is cold just after the last instant', { lastActive: 95 * minute - 1 }, to(0, 'quiet')],
  [
    'counts from creation if never active, by the initial cooldown alone',
    {
      lastActive: undefined,
      everActive: false,
      created: 99 * minute,
      cooldown: { initial: 3 * minute, period: 60 * minute },
    },
    stay('cooling-down', 102 * minute),
  ],
  [
    'sleeps once the initial cooldown is over, whatever the other is',
    {
      lastActive: undefined,
      everActive: false,
      created: 96 * minute,
      cooldown: { initial: 3 * minute, period: 60 * minute },
    },
    to(0, 'quiet'),
  ],
  [
    'forgets the initial cooldown once it was active',
    { cooldown: { initial: 1000 * minute, period: 0 } },
    to(0, 'quiet'),
  ],
  ['rests at idle rather than min', { min: 5, idle: 2 }, to(2, 'quiet')],
  ['rests at an idle count of 0', { min: 5, idle: 0, replicas: 5 }, to(0, 'quiet')],
  ['is settled at idle', { min: 5, idle: 3 }, stay('settled')],
  [
    'is settled below idle, where only activity raises',
    { min: 5, idle: 3, replicas: 2 },
    stay('settled'),
  ],
  ['leaves 1..n to the HPA when min is 1', { min: 1, replicas: 4 }, stay('settled')],
  ['restores min', { min: 2, replicas: 1 }, to(2, 'below-min')],
  ['restores min from zero', { min: 2, replicas: 0 }, to(2, 'below-min')],
  ['restores min up to max', { min: 5, max: 3, replicas: 1 }, to(3, 'below-min')],
  ['is settled at min', { min: 2, replicas: 2 }, stay('settled')],
  ['is settled at zero', { replicas: 0 }, stay('settled')],
  [
    'does not let cpu keep a quiet workload up',
    { triggers: [trigger('idle'), cpu] },
    to(0, 'quiet'),
  ],
  ['lets an engaged fallback of 0 rest', { ...fallback, fallbackReplicas: 0 }, to(0, 'quiet')],
  [
    'does not rest on a fallback from before a start, until this process has asked too',
    { triggers: [trigger('fallback', { error: undefined })], fallbackReplicas: 0 },
    stay('warming-up'),
  ],
]

const ignorance: Row[] = [
  ['never sleeps on a failed reading', failing, stay('failing-blind')],
  ['never sleeps while one of several fails', halfFailing, stay('failing-blind')],
  [
    'never goes to idle on a failed reading',
    { ...failing, min: 5, idle: 2 },
    stay('failing-blind'),
  ],
  ['says that it cannot see, asleep', { ...failing, replicas: 0 }, stay('failing-blind')],
  [
    'waits for the fallback to take over',
    { ...failing, fallbackReplicas: 3 },
    stay('awaiting-fallback'),
  ],
  [
    'waits for a fallback of zero as for any other',
    { ...failing, fallbackReplicas: 0 },
    stay('awaiting-fallback'),
  ],
  ['restores min while a trigger fails', { ...failing, min: 2, replicas: 1 }, to(2, 'below-min')],
  [
    'restores min before a trigger is read',
    { triggers: [trigger('unread')], min: 2, replicas: 1 },
    to(2, 'below-min'),
  ],
  ['never sleeps on an unread trigger', { triggers: [trigger('unread')] }, stay('warming-up')],
  [
    'never sleeps while one of several is unread',
    { triggers: [trigger('idle'), trigger('unread')] },
    stay('warming-up'),
  ],
  [
    'never sleeps on a reading from before the gap',
    { freshSince: 100 * minute - 999 },
    stay('warming-up'),
  ],
  ['sleeps on a reading from its very end', { freshSince: 100 * minute - 1000 }, to(0, 'quiet')],
  [
    'never sleeps on a reading without a time',
    { triggers: [trigger('idle', { at: undefined })] },
    stay('warming-up'),
  ],
  ['never sleeps for want of triggers', { triggers: [] }, stay('warming-up')],
  [
    'does not wait for cpu to be read',
    { triggers: [trigger('idle'), cpu], freshSince: 99 * minute },
    to(0, 'quiet'),
  ],
  [
    'says failing where triggers are unread too',
    { triggers: [trigger('unread'), trigger('failing')] },
    stay('failing-blind'),
  ],
]

const stopped: Row[] = [
  ['does nothing when paused', { ...busy, replicas: 0, paused: 'both' }, stay('paused')],
  ['does not sleep when paused', { paused: 'both' }, stay('paused')],
  [
    'does nothing when paused and forced',
    { forced: true, replicas: 0, paused: 'both' },
    stay('paused'),
  ],
  [
    'goes on when a contest is over',
    { now: contest.until + 1, contested: contest },
    to(0, 'quiet'),
  ],
  [
    'leaves everything to who contests it',
    { contested: contest },
    stay('contested', contest.until),
  ],
  ['is paused before it is contested', { contested: contest, paused: 'both' }, stay('paused')],
  ['does not restore min when paused', { min: 2, replicas: 1, paused: 'both' }, stay('paused')],
  [
    'does not wake when scale-out is paused',
    { ...busy, replicas: 0, paused: 'out' },
    stay('paused'),
  ],
  [
    'does not leave idle when scale-out is paused',
    { ...busy, min: 5, idle: 2, replicas: 2, paused: 'out' },
    stay('paused'),
  ],
  [
    'restores min when scale-out is paused',
    { min: 2, replicas: 1, paused: 'out' },
    to(2, 'below-min'),
  ],
  [
    'restores min from zero when scale-out is paused, also while triggers are active',
    { ...busy, replicas: 0, min: 2, paused: 'out' },
    to(2, 'below-min'),
  ],
  ['sleeps when scale-out is paused', { paused: 'out' }, to(0, 'quiet')],
  ['does not sleep when scale-in is paused', { paused: 'in' }, stay('paused')],
  ['does not sleep when held', { hold: true }, stay('held')],
  ['restores min when held', { hold: true, min: 2, replicas: 1 }, to(2, 'below-min')],
  [
    'is settled when paused in with nothing to take',
    { paused: 'in', replicas: 0 },
    stay('settled'),
  ],
]

const composed: Row[] = [
  ['wakes on the formula alone', { composite: trigger('active'), replicas: 0 }, to(1, 'triggered')],
  ['rests on the formula alone', { ...busy, composite: trigger('idle') }, to(0, 'quiet')],
  [
    'never sleeps on a failed formula',
    { ...busy, composite: trigger('failing') },
    stay('failing-blind'),
  ],
  [
    'never sleeps on a formula over a failed trigger',
    { ...halfFailing, composite: trigger('idle') },
    stay('failing-blind'),
  ],
  [
    'never sleeps before the formula has a value',
    { composite: trigger('unread') },
    stay('warming-up'),
  ],
  [
    'says that a part of the formula failed',
    { ...halfFailing, composite: trigger('active') },
    stay('partly-failing'),
  ],
]

/** keda-behaviour.md 3.14, in its order. */
const worked: Row[] = [
  ['min 0, cur 0, active', { ...busy, replicas: 0 }, to(1, 'triggered')],
  ['min 2, cur 0, active', { ...busy, min: 2, replicas: 0 }, to(2, 'triggered')],
  ['min 5, idle 0, cur 0, active', { ...busy, min: 5, idle: 0, replicas: 0 }, to(5, 'triggered')],
  ['min 5, idle 0, cur 3, active', { ...busy, min: 5, idle: 0 }, to(5, 'triggered')],
  ['min 5, idle 0, cur 5, cooldown over', { min: 5, idle: 0, replicas: 5 }, to(0, 'quiet')],
  ['min 1, cur 4, inactive', { min: 1, replicas: 4 }, stay('settled')],
  ['min 2, cur 1, inactive', { min: 2, replicas: 1 }, to(2, 'below-min')],
  ['min 0, cur 1, error, no fallback', { ...failing, replicas: 1 }, stay('failing-blind')],
  [
    'min 0, cur 1, error, fallback to come',
    { ...failing, replicas: 1, fallbackReplicas: 3 },
    stay('awaiting-fallback'),
  ],
  ['the same, engaged', { ...fallback, replicas: 1 }, stay('hpa-in-charge')],
  ['min 0, cur 0, engaged', { ...fallback, replicas: 0 }, to(1, 'triggered')],
  [
    'min 0, cur 1, never active, created 10 s ago, initial cooldown 60 s',
    {
      replicas: 1,
      lastActive: undefined,
      everActive: false,
      created: 100 * minute - 10_000,
      cooldown: { initial: 60_000, period: 300_000 },
    },
    stay('cooling-down', 100 * minute + 50_000),
  ],
  ['paused-scale-in, min 0, cur 3, inactive', { paused: 'in' }, stay('paused')],
]

const table = { waking, awake, resting, ignorance, stopped, composed, worked }

describe('decide', () => {
  for (const [group, rows] of Object.entries(table)) {
    describe(group, () => {
      for (const [name, difference, expected] of rows)
        test(name, () => assert.deepEqual(decide({ ...quiet, ...difference }), expected))
    })
  }
})

const count = fc.integer({ min: 0, max: 12 })
const time = fc.integer({ min: 0, max: 200 }).map((n) => n * minute)
const anyTrigger = fc
  .record({
    state: fc.constantFrom('active', 'idle', 'failing', 'unread', 'fallback', 'resource'),
    at: fc.option(time, { nil: undefined }),
    value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
  })
  .map(({ state, at, value }) => ({ ...trigger(state as 'idle'), at, value }))

/** Anything a spec, an annotation and a source can bring about, and more: min above max, idle above min. */
const situation: fc.Arbitrary<Situation> = fc.record({
  now: time,
  created: time,
  lastActive: fc.option(time, { nil: undefined }),
  everActive: fc.boolean(),
  replicas: fc.integer({ min: 0, max: 20 }),
  min: count,
  max: count,
  idle: fc.option(count, { nil: undefined }),
  cooldown: fc.record({ initial: time, period: time }),
  triggers: fc.array(anyTrigger, { maxLength: 3 }),
  composite: fc.option(anyTrigger, { nil: undefined, freq: 5 }),
  freshSince: time,
  forced: fc.boolean(),
  paused: fc.constantFrom('no', 'in', 'out', 'both'),
  hold: fc.boolean(),
  holdOn: fc.constant([]),
  direct: fc.constant(undefined),
  contested: fc.option(fc.constant(contest), { nil: undefined, freq: 9 }),
  fallbackReplicas: fc.option(count, { nil: undefined }),
})

/** The count that is there once the decision is carried out. */
const outcome = (s: Situation): number => {
  const d = decide(s)
  return 'scaleTo' in d ? d.scaleTo : s.replicas
}

const always = (property: (s: Situation) => boolean): void =>
  fc.assert(fc.property(situation, property), { numRuns: 2000 })

describe('decide, whatever the situation,', () => {
  test('gives a new, whole count within 0..max, or none', () =>
    always((s) => {
      const d = decide(s)
      if (!('scaleTo' in d)) return d.stay
      return (
        Number.isInteger(d.scaleTo) &&
        d.scaleTo >= 0 &&
        d.scaleTo <= s.max &&
        d.scaleTo !== s.replicas
      )
    }))

  test('gives no count that is none, whatever the numbers are', () => {
    const odd = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }))
    const numbers = fc.record({
      replicas: odd,
      min: odd,
      max: odd,
      idle: odd,
      now: odd,
      created: odd,
    })
    fc.assert(
      fc.property(situation, numbers, fc.boolean(), (s, odds, idle) => {
        const d = decide({ ...s, ...odds, ...(!idle && { idle: undefined }) })
        return !('scaleTo' in d) || (Number.isInteger(d.scaleTo) && d.scaleTo >= 0)
      }),
      { numRuns: 2000 },
    )
  })

  test('lowers nothing while a trigger fails without an engaged fallback', () =>
    always((s) => !s.triggers.some((t) => t.state === 'failing') || outcome(s) >= s.replicas))

  test('lowers nothing before every trigger has been read anew', () =>
    always((s) => {
      const read = s.triggers.every(
        (t) =>
          t.state === 'resource' ||
          t.state === 'fallback' ||
          (t.state !== 'unread' && t.at !== undefined && t.at >= s.freshSince),
      )
      return read || outcome(s) >= s.replicas
    }))

  test('lowers nothing while held, or paused in', () =>
    always((s) => (!s.hold && s.paused !== 'in') || outcome(s) >= s.replicas))

  test('changes nothing while paused', () =>
    always((s) => s.paused !== 'both' || outcome(s) === s.replicas))

  test('changes nothing while somebody else keeps writing', () =>
    always((s) => !s.contested || s.now > s.contested.until || outcome(s) === s.replicas))

  test('gives no fewer replicas when a quiet trigger becomes active', () =>
    always((s) => {
      if (s.composite !== undefined) return true
      const more = s.triggers.map((t) =>
        t.state === 'idle' ? { ...t, state: 'active' as const } : t,
      )
      return outcome({ ...s, triggers: more }) >= outcome(s)
    }))

  test('comes to rest: deciding again on the outcome changes nothing', () =>
    always((s) => outcome({ ...s, replicas: outcome(s) }) === outcome(s)))

  test('still holds at `until` and may change right after', () =>
    always((s) => {
      const d = decide(s)
      if ('scaleTo' in d || d.until === undefined) return true
      const at = decide({ ...s, now: d.until })
      const after = decide({ ...s, now: d.until + 1 })
      const free =
        d.because === 'contested' ? after.because !== 'contested' : after.because === 'quiet'
      return d.until >= s.now && at.because === d.because && free
    }))

  test('decides a stored situation as it did the first time', () =>
    always((s) => {
      // JSON drops what is undefined, which reads as undefined again
      const stored = JSON.parse(JSON.stringify(s)) as Situation
      assert.deepEqual(decide(stored), decide(s))
      return true
    }))
})
