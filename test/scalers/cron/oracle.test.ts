import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { goProgram } from '../../support/go-program.ts'
import { hasProgram, need } from '../../support/need.ts'
import { ours, theirs, type Question } from './ask.ts'

const folder = join(import.meta.dirname, '..', '..', 'cron-oracle')
const minutes = { timeout: 300_000 }
const hour = 3_600

/** Asks both, and shows where they part, except on the nights on which a clock is changed (docs/departures.md). */
async function compare(t: TestContext, questions: readonly Question[]): Promise<void> {
  if (!need(t, hasProgram('go', 'version'), 'Go, to build the real robfig/cron')) return
  const program = await goProgram(folder, t.signal)
  const answers = await theirs(program, questions, t.signal)
  const apart = questions.flatMap((q, i) => {
    const own = ours(q)
    const same = own === answers[i] || isNightOfChange(q)
    return same ? [] : [`${q.expression} in ${q.zone} from ${q.from}: ${own}, not ${answers[i]}`]
  })
  assert.deepEqual(apart.slice(0, 20), [])
}

const zones = [
  'UTC',
  'Asia/Kolkata',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
]

/** Whether the zone's clock is changed within 26 hours of the question. */
function isNightOfChange({ zone, from }: Question): boolean {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const offset = (at: number): string => format.format(at * 1_000).replace(/^[^G]*/, '')
  return offset(from - 26 * hour) !== offset(from + 26 * hour)
}

const number = (low: number, high: number): fc.Arbitrary<string> =>
  fc.integer({ min: low, max: high }).map(String)
const item = (low: number, high: number, words: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    number(low, high),
    fc.constantFrom('*', '?', ...words),
    fc.tuple(number(low, high), number(low, high)).map(([a, b]) => `${a}-${b}`),
    fc.tuple(fc.constantFrom('*', '3', '1-9'), number(0, 9)).map(([a, step]) => `${a}/${step}`),
  )
const list = (low: number, high: number, words: readonly string[] = []): fc.Arbitrary<string> =>
  fc
    .array(item(low, high, words), { minLength: 1, maxLength: 3 })
    .map((items) => items.join(','))
    .chain((some) => fc.constantFrom(some, some, '*'))
const expression = fc
  .tuple(
    list(0, 60),
    list(0, 24),
    list(0, 32),
    list(0, 13, ['jan', 'DEC', 'Jun-aug']),
    list(0, 7, ['sun', 'MON-FRI', 'sat', 'fri-mon']),
  )
  .map((fields) => fields.join(' '))
const year = { from: Date.UTC(2026, 0, 1) / 1_000, to: Date.UTC(2029, 0, 1) / 1_000 }
const question: fc.Arbitrary<Question> = fc.record({
  expression,
  zone: fc.constantFrom(...zones),
  from: fc.integer({ min: year.from, max: year.to }),
})
const sampled = <T>(kind: fc.Arbitrary<T>, count: number): T[] =>
  fc.sample(kind, { numRuns: count, seed: Number(process.env['EBB_SEED'] ?? 1) })

test('fires when the real robfig/cron fires, and takes what it takes', minutes, (t) =>
  compare(t, sampled(question, 3_000)),
)

test('takes what the real robfig/cron takes although it looks odd', minutes, (t) =>
  compare(
    t,
    ['*-5 * * * *', '?-5-7 * * * *', '1, * * * *', '+1 * * * *', '? ? ? ? ?'].map((text) => ({
      expression: text,
      zone: 'UTC',
      from: year.from,
    })),
  ),
)

test('refuses what the real robfig/cron refuses', minutes, (t) => {
  const written = [
    '@daily',
    '* * * *',
    '0 0 * * * *',
    '0 0 * * 7',
    '0 0 L * *',
    '0 3 * * 1#1',
    '60 * * * *',
    '*/0 * * * *',
    '0/5/2 * * * *',
    '1-2-3 * * * *',
    '0 0 0 * *',
    '0 0 * 13 *',
    '0 0 * abc *',
    '-1 * * * *',
    '0 0 * * W',
    '++1 * * * *',
    '1 * * * +',
    '0x1 * * * *',
    '1.5 * * * *',
  ]
  return compare(
    t,
    written.map((text) => ({ expression: text, zone: 'UTC', from: year.from })),
  )
})
