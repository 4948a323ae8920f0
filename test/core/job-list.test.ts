import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  countJobs,
  defaultHistory,
  expired,
  finishedOf,
  highestNumber,
  numberAfterNone,
  jobStem,
  nextNames,
  outdated,
  rolloutOf,
  type JobFacts,
  type JobPod,
} from '../../src/core/job-list.ts'

const running: JobFacts = {
  name: 'orders-1',
  finished: undefined,
  finishedAt: undefined,
  generation: '3',
  pods: [],
}
const ended = (name: string, finished: JobFacts['finished'], finishedAt?: number): JobFacts => ({
  ...running,
  name,
  finished,
  finishedAt,
})
const pod = (phase: string, ...conditions: string[]): JobPod => ({ phase, conditions })

test('a Job has ended when a condition Complete or Failed is True (5.4)', () => {
  const rows: [Parameters<typeof finishedOf>[0], ReturnType<typeof finishedOf>][] = [
    [undefined, undefined],
    [[], undefined],
    [[{ type: 'Complete', status: 'True' }], 'Complete'],
    [[{ type: 'Failed', status: 'True' }], 'Failed'],
    [
      [
        { type: 'Complete', status: 'False' },
        { type: 'Failed', status: 'True' },
      ],
      'Failed',
    ],
    [[{ type: 'Suspended', status: 'True' }], undefined],
    [[{ type: 'SuccessCriteriaMet', status: 'True' }], undefined],
  ]
  for (const [conditions, finished] of rows) assert.equal(finishedOf(conditions), finished)
})

describe('a Job that has not ended is pending (5.4)', () => {
  const both = ['Ready', 'Custom']
  const rows: [name: string, pods: JobPod[], conditions: string[], pending: number][] = [
    ['without a pod', [], [], 1],
    ['while its pods wait', [pod('Pending'), pod('Failed')], [], 1],
    ['not once a pod runs', [pod('Pending'), pod('Running')], [], 0],
    ['not once a pod has succeeded', [pod('Succeeded')], [], 0],
    ['with conditions, without a pod', [], ['Ready'], 1],
    ['with conditions, while a pod runs without them', [pod('Running')], ['Ready'], 1],
    ['not once a pod has the condition', [pod('Pending', 'Ready')], ['Ready'], 0],
    ['until one pod has all of them', [pod('Running', 'Ready'), pod('Running', 'Custom')], both, 1],
    ['not once one pod has all of them', [pod('Running', 'Ready', 'Custom')], both, 0],
    ['as often as a condition is named', [pod('Running', 'Ready')], ['Ready', 'Ready'], 0],
  ]
  for (const [name, pods, conditions, pending] of rows)
    test(name, () =>
      assert.deepEqual(countJobs([{ ...running, pods }], conditions), { running: 1, pending }),
    )

  test('and one that has ended is neither', () => {
    assert.deepEqual(countJobs([ended('a', 'Failed'), ended('b', 'Complete'), running], []), {
      running: 1,
      pending: 1,
    })
  })
})

describe('of the ended Jobs there go (5.6)', () => {
  const names = (jobs: readonly JobFacts[], Complete: number, Failed: number): string[] =>
    expired(jobs, { Complete, Failed }).map((job) => job.name)
  const three = [ended('b', 'Complete', 20), ended('c', 'Complete', 30), ended('a', 'Complete', 10)]

  test('none within the limits', () => {
    assert.deepEqual(names(three, 3, 0), [])
    assert.deepEqual(expired(three, defaultHistory), [])
  })
  test('those that ended first', () => assert.deepEqual(names(three, 1, 0), ['a', 'b']))
  test('all with a limit of 0', () => assert.deepEqual(names(three, 0, 0), ['a', 'b', 'c']))
  test('failed ones by a limit of their own', () => {
    const mixed = [...three, ended('y', 'Failed', 2), ended('x', 'Failed', 1)]
    assert.deepEqual(names(mixed, 2, 1), ['a', 'x'])
  })
  test('those last whose end is unknown, and of these the lowest number first', () => {
    const unknown = ['n-10', 'n-9'].map((name) => ended(name, 'Failed'))
    assert.deepEqual(names([...unknown, ended('z', 'Failed', 1)], 0, 1), ['z', 'n-9'])
  })
  test('of one with and one without a known end, the former', () => {
    const pair = [ended('known', 'Complete', 1), ended('unknown', 'Complete')]
    for (const jobs of [pair, pair.toReversed()]) assert.deepEqual(names(jobs, 1, 0), ['known'])
  })
  test('never one that runs', () => assert.deepEqual(names([running], 0, 0), []))
})

describe('a rollout (5.5)', () => {
  const rows: [Parameters<typeof rolloutOf>[0], strategy: string, propagation: string][] = [
    [{}, 'immediate', 'Background'],
    [{ rollout: {} }, 'immediate', 'Background'],
    [{ rollout: { strategy: 'gradual' } }, 'gradual', 'Background'],
    [{ rollout: { strategy: 'immediate' } }, 'immediate', 'Background'],
    [{ rolloutStrategy: 'gradual', rollout: { strategy: 'immediate' } }, 'gradual', 'Background'],
    [{ rolloutStrategy: 'immediate', rollout: { strategy: 'gradual' } }, 'immediate', 'Background'],
    [{ rolloutStrategy: '', rollout: { strategy: 'gradual' } }, 'gradual', 'Background'],
    [{ rollout: { propagationPolicy: 'foreground' } }, 'immediate', 'Foreground'],
    [{ rollout: { propagationPolicy: 'background' } }, 'immediate', 'Background'],
  ]
  for (const [spec, strategy, propagation] of rows)
    test(`of ${JSON.stringify(spec)} is ${strategy}, ${propagation}`, () =>
      assert.deepEqual(rolloutOf(spec), { strategy, propagation }))

  test('takes the Jobs of every older generation, ended ones among them, and none of a newer one', () => {
    const jobs = [
      running,
      { ...running, name: 'old', generation: '2' },
      { ...ended('done', 'Complete', 1), generation: '1' },
      { ...running, name: 'foreign', generation: undefined },
      { ...running, name: 'empty', generation: '' },
      { ...running, name: 'odd', generation: 'x' },
      { ...running, name: 'newer', generation: '10' },
    ]
    assert.deepEqual(
      outdated(jobs, 3).map((job) => job.name),
      ['old', 'done', 'foreign', 'empty', 'odd'],
    )
  })
})

describe('Jobs are numbered', () => {
  const long = 'a'.repeat(60)

  for (const [madeBefore, age, expected] of [
    [false, 3_600_000, 0],
    [true, 3_600_999, 3_600],
    [true, -5_000, 0],
    [true, Number.MAX_SAFE_INTEGER, 8_000_000_000],
  ] as const)
    test(`after ${expected} where none is left, ${madeBefore ? 'some were made' : 'none was made'}, and it is ${age} ms old`, () => {
      const after = numberAfterNone({ madeBefore, created: 1_000 }, 1_000 + age)
      assert.equal(after, expected)
      assert.equal(highestNumber('a', nextNames('a', after, 1)), after + 1)
    })
  test('from one above the highest seen', () => {
    assert.deepEqual(nextNames('orders', 41, 2), ['orders-42', 'orders-43'])
  })
  test('by the highest of their names, where those are theirs', () => {
    const rows: [names: string[], highest: number][] = [
      [[], 0],
      [['orders-9', 'orders-10', 'orders-2'], 10],
      [['orders-abc12', 'orders-', 'orders', 'orders-1-77', 'other-88', 'orders-0x5'], 0],
      [['orders-007', 'orders-0'], 0],
      [['orders-99999999999'], 0],
      [['my-orders-5'], 0],
    ]
    for (const [names, highest] of rows) assert.equal(highestNumber('orders', names), highest)
  })
  test('under a name of at most 52 characters', () => {
    assert.equal(jobStem('b'.repeat(52)), 'b'.repeat(52))
    assert.equal(jobStem(long).length, 52)
    assert.equal(jobStem(`${'c'.repeat(43)}.${'c'.repeat(20)}`).includes('.'), false)
  })
  test('apart from those of another that begins alike', () => {
    assert.notEqual(jobStem(`${long}1`), jobStem(`${long}2`))
  })

  const letters = Array.from('abcdefghijklmnopqrstuvwxyz0123456789-.')
  const name = fc
    .string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 253 })
    .filter((text) =>
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text),
    )

  test('so that each name is valid, and found again', () => {
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 9_999_999_990 }), (scaledJob, highest) => {
        const names = nextNames(scaledJob, highest, 3)
        for (const made of names)
          assert.match(
            made,
            /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
          )
        assert.equal(highestNumber(scaledJob, names), highest + 3)
        assert.equal(highestNumber(scaledJob, nextNames(scaledJob, highest + 3, 1)), highest + 4)
      }),
      { numRuns: 300 },
    )
  })
})
