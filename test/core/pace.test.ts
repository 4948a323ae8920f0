import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Policy } from '../../src/core/behavior.ts'
import { downLimit, recordChange, upLimit, type ScaleEvents } from '../../src/core/pace.ts'

const now = 100_000
const quiet: ScaleEvents = { ups: [], downs: [] }
const pods = (value: number, periodSeconds = 10): Policy => ({ type: 'Pods', value, periodSeconds })
const percent = (value: number, periodSeconds = 10): Policy => ({
  type: 'Percent',
  value,
  periodSeconds,
})

type Row = [
  name: string,
  current: number,
  policies: Policy[],
  select: string,
  events: ScaleEvents,
  limit: number,
]

const ups: Row[] = [
  ['adds pods', 5, [pods(2)], 'Max', quiet, 7],
  ['adds percent, rounded up', 5, [percent(10)], 'Max', quiet, 6],
  ['takes the most', 5, [pods(2), percent(100)], 'Max', quiet, 10],
  ['takes the least', 5, [pods(2), percent(100)], 'Min', quiet, 7],
  ['takes nothing', 5, [pods(2)], 'Disabled', quiet, 5],
  [
    'counts what came up in the period',
    5,
    [pods(2)],
    'Max',
    { ...quiet, ups: [{ at: 95_000, change: 1 }] },
    6,
  ],
  [
    'counts what went down in the period',
    5,
    [pods(2)],
    'Max',
    { ...quiet, downs: [{ at: 95_000, change: 3 }] },
    10,
  ],
  [
    'forgets what is just as old as the period',
    5,
    [pods(2)],
    'Max',
    { ...quiet, ups: [{ at: 90_000, change: 1 }] },
    7,
  ],
  [
    'counts by each policy’s own period',
    5,
    [pods(2), pods(1, 30)],
    'Max',
    { ...quiet, ups: [{ at: 80_000, change: 1 }] },
    7,
  ],
  [
    'never asks for fewer than there are',
    5,
    [pods(2)],
    'Max',
    { ...quiet, ups: [{ at: 95_000, change: 4 }] },
    5,
  ],
  ['stays where it has no policy', 5, [], 'Max', quiet, 5],
]

const downs: Row[] = [
  ['takes pods', 5, [pods(2)], 'Max', quiet, 3],
  ['takes percent, rounded down', 5, [percent(10)], 'Max', quiet, 4],
  ['takes all', 5, [percent(100)], 'Max', quiet, 0],
  ['takes the most', 5, [pods(2), percent(100)], 'Max', quiet, 0],
  ['takes the least', 5, [pods(2), percent(100)], 'Min', quiet, 3],
  ['takes nothing', 5, [pods(2)], 'Disabled', quiet, 5],
  [
    'counts what went down in the period',
    5,
    [pods(2)],
    'Max',
    { ...quiet, downs: [{ at: 95_000, change: 1 }] },
    4,
  ],
  [
    'counts what came up in the period',
    5,
    [pods(2)],
    'Max',
    { ...quiet, ups: [{ at: 95_000, change: 1 }] },
    2,
  ],
  [
    'never asks for more than there are',
    5,
    [pods(2)],
    'Max',
    { ...quiet, downs: [{ at: 95_000, change: 4 }] },
    5,
  ],
]

for (const [title, rows, limit] of [
  ['upLimit', ups, upLimit],
  ['downLimit', downs, downLimit],
] as const)
  describe(title, () => {
    for (const [name, current, policies, selectPolicy, events, expected] of rows)
      test(name, () =>
        assert.equal(limit(now, current, { policies, selectPolicy }, events), expected),
      )
  })

describe('recordChange', () => {
  const rules = {
    scaleUp: { policies: [pods(1, 10), pods(1, 5)] },
    scaleDown: { policies: [pods(1, 20)] },
  }

  test('notes each direction by itself', () => {
    assert.deepEqual(recordChange(now, 2, 5, rules, quiet), {
      ...quiet,
      ups: [{ at: now, change: 3 }],
    })
    assert.deepEqual(recordChange(now, 5, 2, rules, quiet), {
      ...quiet,
      downs: [{ at: now, change: 3 }],
    })
  })
  test('reuses the place of what no policy looks back to', () => {
    const old = { ups: [{ at: 89_999, change: 1 }], downs: [{ at: 89_999, change: 1 }] }
    assert.deepEqual(recordChange(now, 2, 5, rules, old).ups, [{ at: now, change: 3 }])
    assert.equal(recordChange(now, 5, 2, rules, old).downs.length, 2)
  })
  test('keeps what the longest policy still sees', () => {
    const seen = { ...quiet, ups: [{ at: 90_000, change: 1 }] }
    assert.equal(recordChange(now, 2, 5, rules, seen).ups.length, 2)
  })
})
