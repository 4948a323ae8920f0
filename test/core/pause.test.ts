import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isJobPaused, pauseOf, type Pause } from '../../src/core/pause.ts'

const prefix = 'autoscaling.keda.sh/'
const annotations = (given: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [prefix + name, value]))

const running: Pause = {
  paused: 'no',
  whole: false,
  replicas: undefined,
  forced: false,
  problem: undefined,
}

describe('annotations (1.8)', () => {
  const whole = { paused: 'both', whole: true } as const
  const rows: [given: Readonly<Record<string, string>>, difference: Partial<Pause>][] = [
    [{}, {}],
    [{ paused: 'true' }, whole],
    [{ paused: 'false' }, {}],
    [{ 'paused-replicas': '5' }, { ...whole, replicas: 5 }],
    [{ 'paused-replicas': '0' }, { ...whole, replicas: 0 }],
    [{ 'paused-replicas': '+7' }, { ...whole, replicas: 7 }],
    [{ 'paused-replicas': '2147483647' }, { ...whole, replicas: 2_147_483_647 }],
    [
      { 'paused-replicas': '5', paused: 'false' },
      { ...whole, replicas: 5 },
    ],
    [
      { 'paused-replicas': '5', 'paused-scale-in': 'true' },
      { ...whole, replicas: 5 },
    ],
    [{ 'paused-scale-in': 'true' }, { paused: 'in' }],
    [{ 'paused-scale-out': 'true' }, { paused: 'out' }],
    [{ 'paused-scale-in': 'true', 'paused-scale-out': 'true' }, { paused: 'both' }],
    [{ paused: 'false', 'paused-scale-in': 'true' }, { paused: 'in' }],
    [{ paused: 'true', 'paused-scale-in': 'true' }, whole],
    [{ 'force-activation': 'true' }, { forced: true }],
    [
      { 'force-activation': 'true', paused: 'true' },
      { ...whole, forced: true },
    ],
    [{ 'force-activation': 'false' }, {}],
    [{ other: 'true' }, {}],
  ]
  for (const [given, difference] of rows)
    test(`${JSON.stringify(given)} mean ${JSON.stringify(difference)}`, () =>
      assert.deepEqual(pauseOf(annotations(given)), { ...running, ...difference }))

  test('of nothing mean nothing', () => assert.deepEqual(pauseOf(undefined), running))
})

describe('a boolean annotation (0.2)', () => {
  const rows: [text: string, means: boolean][] = [
    ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as [string, boolean]),
    ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as [string, boolean]),
    // whatever cannot be read counts as true
    ...['', ' ', 'yes', 'no', 'fALSE', ' false', 'null', '2'].map(
      (text) => [text, true] as [string, boolean],
    ),
  ]
  for (const [text, means] of rows)
    test(`"${text}" is ${means}`, () => {
      for (const name of ['paused', 'paused-scale-in', 'paused-scale-out'])
        assert.equal(pauseOf(annotations({ [name]: text })).paused !== 'no', means)
      assert.equal(pauseOf(annotations({ 'force-activation': text })).forced, means)
      assert.equal(isJobPaused(annotations({ paused: text })), means)
    })
})

describe('paused-replicas that is no count', () => {
  for (const text of ['', 'many', '1.5', '5 ', '-1', '2147483648', '1e3', '0x5', '٣'])
    test(`"${text}" pauses all the same, and is told`, () => {
      const { problem, ...rest } = pauseOf(annotations({ 'paused-replicas': text }))
      assert.deepEqual({ ...rest, problem: undefined }, { ...running, paused: 'both', whole: true })
      assert.match(problem ?? '', /paused-replicas must be a whole number/)
    })

  test('a long one is told in short', () => {
    const { problem = '' } = pauseOf(annotations({ 'paused-replicas': '9'.repeat(100_000) }))
    assert.ok(problem.length < 200)
  })
})

test('a ScaledJob knows `paused` alone', () => {
  const others = { 'paused-replicas': '1', 'paused-scale-in': 'true', 'paused-scale-out': 'true' }
  assert.equal(isJobPaused(annotations(others)), false)
  assert.equal(isJobPaused(undefined), false)
})
