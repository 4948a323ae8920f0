import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { activityAfter, everActiveAfter, lastActiveAfter } from '../../src/core/activity.ts'
import { decide, type Situation } from '../../src/core/decide.ts'
import { quiet, trigger } from './situation.ts'

const busy = { triggers: [trigger('active')] }
const now = quiet.now
const before = quiet.lastActive

describe('lastActiveAfter', () => {
  const cases: [
    name: string,
    difference: Partial<Situation>,
    written: boolean,
    at: typeof before,
  ][] = [
    ['moves when woken', { ...busy, replicas: 0 }, true, now],
    ['moves when woken by force', { forced: true, replicas: 0 }, true, now],
    ['stays when waking failed', { ...busy, replicas: 0 }, false, before],
    ['stays when forcing failed', { forced: true, replicas: 0 }, false, before],
    ['stays when waking is paused', { ...busy, replicas: 0, paused: 'out' }, false, before],
    ['moves while active', busy, false, now],
    ['moves while active below min', { ...busy, replicas: 1, min: 2 }, false, now],
    ['stays below min while quiet', { replicas: 1, min: 2 }, true, before],
    [
      'stays below min while partly failing',
      { triggers: [trigger('active'), trigger('failing')], replicas: 1, min: 2 },
      true,
      before,
    ],
    [
      'stays while partly failing',
      { triggers: [trigger('active'), trigger('failing')] },
      false,
      before,
    ],
    ['stays while blind', { triggers: [trigger('failing')] }, false, before],
    ['stays when put to sleep', {}, true, before],
    ['stays while paused', { triggers: [], forced: true, paused: 'both' }, false, before],
    ['moves while active, paused in both directions', { ...busy, paused: 'both' }, false, now],
    ['stays so at rest', { ...busy, paused: 'both', replicas: 0 }, false, before],
    [
      'stays unset while nothing happened',
      { lastActive: undefined, everActive: false, replicas: 0 },
      false,
      undefined,
    ],
  ]
  for (const [name, difference, written, at] of cases)
    test(name, () => {
      const s = { ...quiet, ...difference }
      assert.equal(lastActiveAfter(s, decide(s), written), at)
    })
})

describe('the first activity after the creation', () => {
  const fresh = { lastActive: undefined, everActive: false }
  const old = trigger('active', { at: quiet.freshSince - 1 })
  const cases: [name: string, difference: Partial<Situation>, counts: boolean][] = [
    ['is what a trigger says', busy, true],
    ['is a forced activation', { forced: true }, true],
    ['is none while nothing asks', {}, false],
    ['is none before it was woken', { ...busy, replicas: 0 }, false],
    ['is no answer from before it was followed', { triggers: [old] }, false],
    ['is no fallback', { triggers: [trigger('fallback')], fallbackReplicas: 3 }, false],
    ['is a trigger beside them', { triggers: [old, trigger('active')] }, true],
    ['is what the formula says', { composite: trigger('active') }, true],
  ]
  for (const [name, difference, counts] of cases)
    test(name, () => {
      const s = { ...quiet, ...fresh, ...difference }
      assert.equal(everActiveAfter(s, decide(s), false), counts)
    })
})

describe('activityAfter', () => {
  const s: Situation = {
    ...quiet,
    triggers: [
      trigger('active', { metric: 'a' }),
      trigger('idle', { metric: 'b' }),
      trigger('failing', { metric: 'c' }),
      trigger('fallback', { metric: 'd' }),
      trigger('resource', { metric: 'e' }),
      trigger('unread', { metric: 'f' }),
      trigger('unread', { metric: 'g' }),
    ],
    fallbackReplicas: 1,
  }
  const stored = { g: { isActive: true }, gone: { isActive: true } }
  const activity = {
    a: { isActive: true },
    b: { isActive: false },
    c: { isActive: false },
    d: { isActive: true },
    g: { isActive: true },
  }

  test('tells each trigger’s own, keeps what is not read yet and forgets what is gone', () =>
    assert.deepEqual(activityAfter(s, stored), activity))
  test('is the same object while nothing changes', () =>
    assert.equal(activityAfter(s, activity), activity))
  test('is a new one when one trigger changes', () => {
    const changed = { ...activity, a: { isActive: false } }
    assert.deepEqual(activityAfter(s, changed), activity)
  })
  test('is a new one when one trigger goes', () =>
    assert.deepEqual(activityAfter(s, { ...activity, z: { isActive: false } }), activity))
})
