import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stageAfter } from '../../../src/cli/demo/cycle.ts'
import { type Step, stepsOf } from '../../../src/cli/demo/steps.ts'
import { workload } from '../../support/insight.ts'

const now = 1_700_000_000_000

const path = (...counts: readonly number[]): readonly Step[] =>
  counts.slice(1).map((to, index) => ({
    at: index,
    workload: 'default/orders',
    from: counts[index] ?? 0,
    to,
    why: '',
  }))

describe('the steps of a workload', () => {
  test('are the changes of its replicas, with the reason Ebb gave or what the HPA saw', () => {
    const steps = stepsOf(workload(now))
    assert.deepEqual(
      steps.map(({ from, to }) => [from, to]),
      [
        [0, 1],
        [1, 4],
      ],
    )
    assert.match(steps[0]?.why ?? '', /^from 0 to 1 replica because/)
    assert.match(steps[1]?.why ?? '', /^the HPA acts on azure-queue at 46, target 5 per replica$/)
  })

  test('an HPA that acts on a value nobody knows is not given one', () => {
    const history = [
      { at: now - 1000, replicas: 4, values: [undefined] },
      { at: now, replicas: 3, values: [undefined] },
    ]
    const steps = stepsOf(workload(now, { history, situation: undefined }))
    assert.equal(steps[0]?.why, 'the HPA acts on a metric Ebb has not read')
  })
})

describe('one cycle', () => {
  for (const [name, counts, stage] of [
    ['nothing happened', [0], 'asleep'],
    ['it woke', [0, 1], 'awake'],
    ['it scaled out', [0, 1, 5, 10], 'scaled out'],
    ['it came back', [0, 1, 5, 10, 3, 0], 'asleep again'],
    ['more load afterwards changes nothing', [0, 1, 2, 0, 1], 'asleep again'],
    ['going to sleep without scaling out is no cycle', [0, 1, 0], 'awake'],
    ['waking to more than one is not the first step', [0, 5, 0], 'asleep'],
    ['a second try counts', [0, 1, 0, 1, 2, 0], 'asleep again'],
  ] as const) {
    test(name, () => assert.equal(stageAfter(path(...counts)), stage))
  }
})
