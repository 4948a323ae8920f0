import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Fallback } from '../../src/core/fallback.ts'
import {
  checkup,
  nextCheckup,
  noHealth,
  restoredHealth,
  storedHealth,
  withFallback,
  type Checkup,
  type Health,
  type Observed,
  type StoredHealth,
  type Turn,
} from '../../src/core/health.ts'
import { trigger } from './situation.ts'

const second = 1000
const period = 30 * second
const m = 's0-azure-queue-orders'
const after3: Fallback = { threshold: 3, replicas: 6, behavior: 'static' }
const at0: Fallback = { ...after3, threshold: 0 }

const see = (newest: Observed['newest'], metric = m): Observed => ({ metric, period, newest })

type Step = readonly [at: number, newest: Observed['newest']]

/** Plays the steps and gives what came of each. */
function play(steps: readonly Step[], fallback: Fallback, start: Health = noHealth): Checkup[] {
  let health = start
  return steps.map(([at, newest]) => {
    const result = checkup(health, [see(newest)], fallback, at)
    health = result.health
    return result
  })
}

const turns = (results: readonly Checkup[]): (Turn['turned'] | undefined)[] =>
  results.map((r) => r.turns[0]?.turned)
const failures = (results: readonly Checkup[]): (number | undefined)[] =>
  results.map((r) => r.health.get(m)?.failures)

const errors = (count: number): Step[] =>
  Array.from({ length: count }, (_, i) => [i * period, 'error'] as const)

describe('failures are counted (3.11)', () => {
  test('from the first, once per period', () => {
    assert.deepEqual(failures(play(errors(4), after3)), [1, 2, 3, 4])
  })

  test('once per period however often it is looked', () => {
    const often = [0, 1, 10, 29.9, 30, 31, 59, 60].map((s) => [s * second, 'error'] as const)
    assert.deepEqual(failures(play(often, after3)), [1, 1, 1, 1, 2, 2, 2, 3])
  })

  test('on a grid, so that late looks lose none', () => {
    const late = [0, 31, 62, 93, 121].map((s) => [s * second, 'error'] as const)
    assert.deepEqual(failures(play(late, after3)), [1, 2, 3, 4, 5])
  })

  test('one for a gap of many periods', () => {
    assert.deepEqual(
      failures(
        play(
          [
            [0, 'error'],
            [3600 * second, 'error'],
          ],
          after3,
        ),
      ),
      [1, 2],
    )
  })

  test('at once when the clock was set back', () => {
    const back = [3600, 0, 10, 30].map((s) => [s * second, 'error'] as const)
    assert.deepEqual(failures(play(back, after3)), [1, 2, 2, 3])
  })

  test('by the period in force, which an HPA that reads shortens', () => {
    const first = checkup(noHealth, [see('error')], after3, 0)
    const shorter = { ...see('error'), period: 15 * second }
    const next = checkup(first.health, [shorter], after3, 15 * second)
    assert.equal(next.health.get(m)?.failures, 2)
  })

  test('not while the first answer is waited for', () => {
    const results = play(
      [
        [0, 'unread'],
        [period, 'unread'],
      ],
      at0,
    )
    assert.deepEqual(failures(results), [0, 0])
    assert.deepEqual(turns(results), [undefined, undefined])
  })

  test('anew after one good sample', () => {
    const steps: Step[] = [...errors(3), [3 * period, 'good'], [4 * period, 'error']]
    assert.deepEqual(failures(play(steps, after3)), [1, 2, 3, 0, 1])
  })

  test('for each metric by itself', () => {
    const both = [see('error'), see('good', 's1-kafka')]
    const { health } = checkup(noHealth, both, after3, 0)
    assert.deepEqual(storedHealth(health), {
      [m]: { numberOfFailures: 1, status: 'Failing' },
      's1-kafka': { numberOfFailures: 0, status: 'Happy' },
    })
  })

  test('not without a fallback', () => {
    assert.deepEqual(checkup(noHealth, [see('error')], undefined, 0), {
      health: noHealth,
      turns: [],
    })
  })

  test('and forgotten with their metric', () => {
    const { health } = checkup(noHealth, [see('error')], after3, 0)
    assert.deepEqual(storedHealth(checkup(health, [], after3, period).health), {})
  })

  test('so that the workload knows when to look again', () => {
    const { health } = checkup(noHealth, [see('error')], after3, 5 * second)
    assert.equal(nextCheckup(health.get(m), period), 35 * second)
    assert.equal(nextCheckup(undefined, period), undefined)
    const { health: good } = checkup(health, [see('good')], after3, 6 * second)
    assert.equal(nextCheckup(good.get(m), period), undefined)
  })
})

describe('the fallback engages (3.11, A2)', () => {
  test('with the 4th failure for a threshold of 3, and writes only then and at the first', () => {
    assert.deepEqual(turns(play(errors(7), after3)), [
      'failing',
      undefined,
      undefined,
      'engaged',
      undefined,
      undefined,
      undefined,
    ])
  })

  test('with the first failure for a threshold of 0', () => {
    assert.deepEqual(turns(play(errors(2), at0)), ['engaged', undefined])
  })

  test('until one good sample', () => {
    const results = play([...errors(4), [4 * period, 'good']], after3)
    assert.equal(turns(results).at(-1), 'recovered')
    assert.equal(results.at(-1)?.health.get(m)?.engaged, false)
  })

  test('at once where the threshold is lowered below what was counted', () => {
    const { health } = play(errors(2), after3).at(-1) ?? { health: noHealth }
    const result = checkup(health, [see('error')], at0, period + 1)
    assert.deepEqual(turns([result]), ['engaged'])
  })

  test('no more where the threshold is raised above what was counted', () => {
    const { health } = play(errors(1), at0).at(-1) ?? { health: noHealth }
    const result = checkup(health, [see('error')], after3, 1)
    assert.deepEqual(turns([result]), ['failing'])
    assert.equal(result.health.get(m)?.engaged, false)
  })

  test('for a trigger that was never read as for one that fails, and for no other', () => {
    const { health } = play(errors(1), at0).at(-1) ?? { health: noHealth }
    const states = (['failing', 'unread', 'idle', 'active', 'resource'] as const).map(
      (state) => withFallback(trigger(state), health.get(m)).state,
    )
    assert.deepEqual(states, ['fallback', 'fallback', 'idle', 'active', 'resource'])
    assert.equal(withFallback(trigger('failing'), undefined).state, 'failing')
  })
})

test('nothing is new where nothing changed', () => {
  const { health } = checkup(noHealth, [see('good')], after3, 0)
  assert.equal(checkup(health, [see('good')], after3, period).health, health)
  const failing = checkup(health, [see('error')], after3, 2 * period).health
  assert.equal(checkup(failing, [see('error')], after3, 2 * period + 1).health, failing)
})

describe('after a restart', () => {
  const stored = (numberOfFailures: number, status = 'Failing'): StoredHealth => ({
    [m]: { numberOfFailures, status },
  })
  const rows: [
    name: string,
    stored: StoredHealth | undefined,
    condition: boolean,
    failures: number | undefined,
    engaged: boolean,
  ][] = [
    ['what was engaged is', stored(4), true, 4, true],
    ['what was engaged under a lower threshold is', stored(2), true, 4, true],
    ['what was failing goes on from there', stored(2), false, 2, false],
    ['what has more failures than the threshold is engaged', stored(9), false, 9, true],
    ['what was happy is', stored(0, 'Happy'), true, undefined, false],
    ['what has no count has failed once', { [m]: { status: 'Failing' } }, false, 1, false],
    ['a count that is none is one', stored(-7), false, 1, false],
    ['nothing stored is nothing known', undefined, true, undefined, false],
  ]
  for (const [name, from, condition, count, engaged] of rows)
    test(name, () => {
      const health = restoredHealth(from, condition, after3, 0)
      assert.equal(health.get(m)?.failures, count)
      assert.equal(health.get(m)?.engaged ?? false, engaged)
    })

  test('only what had engaged is, where several were failing', () => {
    const several = { ...stored(4), 's1-kafka': { numberOfFailures: 1, status: 'Failing' } }
    const health = restoredHealth(several, true, after3, 0)
    assert.deepEqual(
      [...health.values()].map((h) => h.engaged),
      [true, false],
    )
  })

  test('the next failure counts a period after the start, so that no restart hastens a fallback', () => {
    const steps: Step[] = [
      [1, 'error'],
      [period - 1, 'error'],
      [period, 'error'],
      [2 * period, 'error'],
    ]
    const results = play(steps, after3, restoredHealth(stored(2), false, after3, 0))
    assert.deepEqual(turns(results), [undefined, undefined, undefined, 'engaged'])
  })

  test('nothing is remembered without a fallback', () => {
    assert.equal(restoredHealth(stored(4), true, undefined, 0).size, 0)
  })

  test('an engaged metric stays so until it is read well, and writes nothing meanwhile', () => {
    const steps: Step[] = [
      [0, 'unread'],
      [1, 'error'],
      [period, 'error'],
      [period + 2, 'good'],
    ]
    const results = play(steps, after3, restoredHealth(stored(4), true, after3, 0))
    assert.deepEqual(turns(results), [undefined, undefined, undefined, 'recovered'])
  })
})

describe('whatever happens', () => {
  const newest = fc.constantFrom<Observed['newest']>('good', 'error', 'error', 'error', 'unread')
  const steps = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 40 * second }), newest), { maxLength: 60 })
    .map((list) => {
      let now = 0
      return list.map(([wait, seen]): Step => [(now += wait), seen])
    })
  const fallback = fc
    .integer({ min: 0, max: 5 })
    .map((threshold): Fallback => ({ ...after3, threshold }))

  test('no more failures are counted than periods have begun since the last good sample', () => {
    fc.assert(
      fc.property(steps, fallback, (list, f) => {
        let since: number | undefined
        const results = play(list, f)
        for (const [i, [at, seen]] of list.entries()) {
          if (seen === 'good') since = undefined
          if (seen === 'error') since ??= at
          const most = since === undefined ? 0 : Math.floor((at - since) / period) + 1
          assert.ok((failures(results)[i] ?? 0) <= most)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('engaged means more failures than the threshold, and each change of it is a turn', () => {
    fc.assert(
      fc.property(steps, fallback, (list, f) => {
        let engaged = false
        for (const { health, turns: told } of play(list, f)) {
          const h = health.get(m)
          assert.equal(h?.engaged, (h?.failures ?? 0) > f.threshold)
          if (h?.engaged !== engaged) assert.equal(told.length, 1)
          engaged = h?.engaged ?? false
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a metric that fails without end engages after its threshold of periods', () => {
    fc.assert(
      fc.property(fallback, fc.integer({ min: 1, max: 29 * second }), (f, wait) => {
        const count = Math.ceil(((f.threshold + 1) * period) / wait) + 1
        const list = Array.from({ length: count }, (_, i): Step => [i * wait, 'error'])
        assert.equal(play(list, f).at(-1)?.health.get(m)?.engaged, true)
      }),
      { numRuns: 100 },
    )
  })
})
