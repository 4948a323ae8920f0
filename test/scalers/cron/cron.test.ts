import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cron } from '../../../scalers/cron/index.ts'
import { openWindows } from '../../../scalers/cron/client.ts'
import { nextOf, windowOf } from '../../../scalers/cron/window.ts'
import { read } from '../../../src/metadata/schema.ts'
import type { Answer } from '../../../src/scaler.ts'
import { givenBy } from '../../contract/scaler.ts'
import { manualClock } from '../../support/clock.ts'

const utc = (text: string): number => Date.parse(`${text}Z`)
const metadata = {
  timezone: 'Europe/Berlin',
  start: '0 8 * * *',
  end: '0 18 * * *',
  desiredReplicas: '10',
}
const parse = (differences: Record<string, string> = {}) =>
  read('cron', cron.fields, givenBy({ ...metadata, ...differences }), cron.check)

describe('when an expression fires next (keda-behaviour-ops B.4)', () => {
  const rows: [expression: string, next: string | undefined][] = [
    ['0 6 * * *', '2025-01-02T06:00'],
    ['*/15 * * * MON-FRI', '2025-01-01T07:15'],
    ['5/10 * * * *', '2025-01-01T07:05'],
    ['0 6 1 * MON', '2025-01-06T06:00'],
    ['0 6 * * SUN,sat', '2025-01-04T06:00'],
    ['TZ=Asia/Tokyo 0 6 * * *', '2025-01-01T21:00'],
    ['CRON_TZ=Asia/Tokyo 0 6 * * *', '2025-01-01T21:00'],
    ['0 6 31 2 *', undefined],
  ]
  for (const [expression, next] of rows)
    test(expression, () => {
      const found = nextOf(expression, 'UTC')(utc('2025-01-01T07:00'))
      assert.equal(found, next === undefined ? undefined : utc(next))
    })
})

describe('a window', () => {
  const day = { timezone: 'UTC', start: '0 8 * * *', end: '0 18 * * *' }
  const never = '0 0 30 2 *'
  const rows: [what: string, schedule: typeof day, at: string, open: boolean, until?: string][] = [
    ['is closed before its start', day, '2025-01-01T07:59', false, '2025-01-01T08:00'],
    ['is open from its start on', day, '2025-01-01T08:00', true, '2025-01-01T18:00'],
    ['is open to its end', day, '2025-01-01T17:59', true, '2025-01-01T18:00'],
    ['is closed at its end', day, '2025-01-01T18:00', false, '2025-01-02T08:00'],
    [
      'may go over midnight',
      { ...day, start: '0 22 * * *', end: '0 4 * * *' },
      '2025-01-01T23:00',
      true,
      '2025-01-02T04:00',
    ],
    [
      'is open where its start never comes',
      { ...day, start: never },
      '2025-01-01T12:00',
      true,
      '2025-01-01T18:00',
    ],
    [
      'is closed where its end never comes',
      { ...day, end: never },
      '2025-01-01T12:00',
      false,
      '2025-01-02T08:00',
    ],
    [
      'is open where both come at once',
      { ...day, start: '0 18 * * *', end: '0 18 */1 * *' },
      '2025-01-01T12:00',
      true,
      '2025-01-01T18:00',
    ],
    [
      'whose start is in the hour that a clock leaves out opens after it',
      { timezone: 'Europe/Berlin', start: '30 2 * * *', end: '0 6 * * *' },
      '2026-03-29T01:00',
      true,
      '2026-03-29T04:00',
    ],
    [
      'whose start is in the hour that a clock repeats opens once',
      { timezone: 'Europe/Berlin', start: '30 2 * * *', end: '0 6 * * *' },
      '2026-10-25T00:30',
      true,
      '2026-10-25T05:00',
    ],
  ]
  for (const [what, schedule, at, open, until] of rows)
    test(what, () =>
      assert.deepEqual(windowOf(schedule)(utc(at)), {
        open,
        until: until === undefined ? undefined : utc(until),
      }),
    )
})

describe('metadata of cron', () => {
  test('announces the metric by its schedule, with a target of 1', () => {
    const m = parse({ start: '0 6 * * 1-5', end: '0 20 ? */2 1,2', timezone: 'Europe/Paris' })
    assert.deepEqual(
      cron.specs(m, () => assert.fail()),
      [{ name: 'cron-Europe/Paris-06xx1-5-020QmxSl21Cm2', target: 1, form: 'integer' }],
    )
  })
  const rows: [what: string, differences: Record<string, string>, problem: RegExp][] = [
    ['a start that is its end', { end: '0 8 * * *' }, /start and end must differ/],
    ['no replicas', { desiredReplicas: '0' }, /desiredReplicas must not be 0/],
    ['a zone nobody knows', { timezone: 'Mars/Olympus' }, /timezone Mars\/Olympus is not known/],
    [
      'an expression of four fields',
      { start: '0 8 * *' },
      /start needs exactly 5 fields, and has 4/,
    ],
    ['Sunday as 7', { end: '0 8 * * 7' }, /end "7" is no day of week \(0 to 6\)/],
    ['a zone in front that nobody knows', { end: 'TZ=A/B 0 8 * * 6' }, /end: A\/B is no time zone/],
  ]
  for (const [what, differences, problem] of rows)
    test(`refuses ${what}`, () => assert.throws(() => parse(differences), problem))
})

describe('what cron concludes', () => {
  const spec = { name: 'any', target: 1, form: 'integer' } as const
  for (const [open, value] of [
    [true, 10],
    [false, 0],
  ] as const)
    test(`${open ? 'an open' : 'a closed'} window is ${value}`, () =>
      assert.deepEqual(cron.conclude(open, parse(), undefined, spec), { value, active: open }))
})

test('a window tells at once when it opens and closes', async () => {
  const clock = manualClock(utc('2025-01-01T07:59'))
  const windows = openWindows(clock)
  const schedule = { timezone: 'UTC', start: '0 8 * * *', end: '0 18 * * *' }
  const told: [number, Answer<unknown>][] = []
  const stop = new AbortController()
  const push = {
    answer: (answer: Answer<unknown>) => told.push([clock.now(), answer]),
  }
  const followed = windows.follow(schedule, push, stop.signal).catch(() => undefined)
  assert.deepEqual(windows.look(schedule), { kind: 'value', value: false })
  await clock.advance(12 * 3_600_000)
  assert.deepEqual(told, [
    [utc('2025-01-01T08:00'), { kind: 'value', value: true }],
    [utc('2025-01-01T18:00'), { kind: 'value', value: false }],
  ])
  stop.abort()
  await followed
  assert.equal(clock.pending(), 0)
})
