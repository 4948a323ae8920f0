import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { usageOf, type UsageTarget } from '../../src/core/usage.ts'
import {
  counted,
  minute,
  notReady,
  now,
  podOf,
  readyFor,
  second,
  starting,
  type Row,
} from './usage.rows.ts'

const half: UsageTarget = {
  resource: 'cpu',
  container: undefined,
  target: { type: 'Utilization', percent: 50 },
}
const fifty: UsageTarget = { ...half, target: { type: 'AverageValue', milli: 50 } }
const memory = { resource: 'memory' } as const
const times = (n: number, row: Row): readonly Row[] => Array.from({ length: n }, () => row)

const container = (name: string, cpu: number | undefined) => ({ name, cpu, memory: cpu })

type Expected = number | RegExp
const table = (
  rows: readonly [
    what: string,
    wanted: UsageTarget,
    pods: readonly Row[],
    expected: Expected,
    current?: number,
  ][],
): void => {
  for (const [what, wanted, pods, expected, current] of rows)
    test(what, () => {
      const result = counted(wanted, pods, current)
      if (typeof expected === 'number') assert.equal(result, expected)
      else assert.match(String(result), expected)
    })
}

describe('GetResourceReplicas: Utilization', () => {
  table([
    ['rises by the ratio', half, times(3, { uses: 100 }), 6],
    ['falls by the ratio', half, times(4, { uses: 20 }), 2],
    ['rounds up', half, times(3, { uses: 67 }), 5],
    ['a tenth above changes nothing', half, times(3, { uses: 55 }), 3],
    ['a tenth below changes nothing', half, times(3, { uses: 45 }), 3],
    ['counts in whole percent, cut off', half, times(10, { uses: 556, asks: 1000 }), 10],
    ['without load it asks for none', half, times(3, { uses: 0 }), 0],
    [
      'weighs each pod by what it requests',
      half,
      [
        { uses: 100, asks: 100 },
        { uses: 0, asks: 300 },
      ],
      1,
    ],
    ['of memory', { ...half, ...memory }, times(3, { uses: 100 }), 6],
    [
      'is not known where a container requests nothing',
      half,
      [{ uses: 10 }, { uses: 10, pod: { containers: [container('main', undefined)] } }],
      /^container main requests no cpu$/,
    ],
    [
      'is not known where the pods are others than those measured',
      half,
      [{ name: 'a' }, { name: 'b', pod: { phase: 'Failed' }, uses: 3 }],
      /ready is known yet/,
    ],
    ['a measured pod that is not of the target does not count', half, times(2, { uses: 50 }), 2],
  ])

  test('what was measured before the last pod went says nothing', () => {
    const measure = { at: now, window: 1, containers: [container('main', 5)] }
    const pods = [podOf({}, 'mine')]
    const usage = usageOf(half, pods, new Map([['other', measure]]), now)
    assert.match(usage.kind === 'missing' ? usage.message : '', /is one of the target/)
    const both = new Map([
      ['other', { ...measure, containers: [container('main', 500)] }],
      ['mine', { ...measure, containers: [container('main', 25)] }],
    ])
    const known = usageOf(half, pods, both, now)
    assert.equal(known.kind === 'usage' && known.ratio, 0.5)
  })
})

describe('GetRawResourceReplicas: AverageValue', () => {
  table([
    ['rises by the ratio', fifty, times(3, { uses: 100 }), 6],
    ['falls by the ratio', fifty, times(4, { uses: 20 }), 2],
    [
      'needs no requests',
      fifty,
      times(3, { uses: 100, pod: { containers: [container('main', undefined)] } }),
      6,
    ],
    ['counts in whole thousandths, cut off', fifty, [{ uses: 55 }, { uses: 56 }], 2],
    [
      'a pod that is not measured is taken to use the target on the way down',
      fifty,
      [{ uses: 10 }, { uses: 10 }, {}],
      2,
    ],
    [
      'a pod that is not measured is taken to use nothing on the way up',
      fifty,
      [{ uses: 100 }, { uses: 100 }, {}],
      4,
    ],
    [
      'at the very target a pod that is not measured counts for nothing',
      fifty,
      [{ uses: 50 }, {}],
      2,
    ],
  ])
})

describe('missing pods', () => {
  table([
    [
      'are taken to use all they request on the way down',
      half,
      [{ uses: 10 }, { uses: 10 }, {}],
      3,
    ],
    [
      'are taken to use the target on the way down where that is above the requests',
      { ...half, target: { type: 'Utilization', percent: 200 } },
      [{ uses: 10 }, { uses: 10 }, {}],
      2,
    ],
    ['are taken to use nothing on the way up', half, [{ uses: 90 }, { uses: 90 }, {}], 4],
    ['never turn a fall into a rise', half, [{ uses: 40 }, {}, {}], 3],
    ['never turn a rise into a fall', half, [{ uses: 60 }, {}, {}], 3],
    [
      'never ask for more than the replicas on the way down',
      half,
      [...times(3, { uses: 10 }), {}],
      2,
      2,
    ],
    [
      'never ask for fewer than the replicas on the way up',
      half,
      [{ uses: 100 }, { uses: 100 }, {}],
      10,
      10,
    ],
    ['never ask for more than there are on the way down', half, [{ uses: 5 }, {}], 1, 1],
    [
      'are those without the resource in what was measured',
      half,
      [
        { uses: 90 },
        { uses: 90 },
        { uses: 1, measure: { containers: [container('main', undefined)] } },
      ],
      4,
    ],
    [
      'are those of which one container is not measured',
      half,
      [
        { uses: 90 },
        { uses: 90 },
        { uses: 1, measure: { containers: [container('main', 90), container('side', undefined)] } },
      ],
      4,
    ],
    [
      'are those measured without any container',
      half,
      [{ uses: 90 }, { uses: 90 }, { uses: 1, measure: { containers: [] } }],
      4,
    ],
    ['alone say nothing', half, times(3, {}), /the metrics API knows none of its pods/],
  ])
})

describe('not-yet-ready pods', () => {
  const young = starting(minute, notReady(minute))
  table([
    [
      'pending ones are taken to use nothing on the way up',
      half,
      [{ uses: 100 }, { uses: 100 }, { pod: { phase: 'Pending' } }],
      4,
    ],
    [
      'pending ones are left out on the way down',
      half,
      [{ uses: 10 }, { uses: 10 }, { pod: { phase: 'Pending' } }],
      1,
    ],
    [
      'those not ready in their first five minutes count for nothing, whatever they use',
      half,
      [{ uses: 100 }, { uses: 100 }, { uses: 900, pod: young }],
      4,
    ],
    [
      'after five minutes one that was ready before counts again',
      half,
      [{ uses: 100 }, { uses: 100, pod: starting(6 * minute, notReady(minute)) }],
      4,
    ],
    [
      'after five minutes one that was never ready counts for nothing',
      half,
      [{ uses: 50 }, { uses: 900, pod: starting(6 * minute, notReady(6 * minute - 29 * second)) }],
      2,
    ],
    [
      'one that lost its readiness 30 s after its start was ready before',
      half,
      [{ uses: 50 }, { uses: 90, pod: starting(6 * minute, notReady(6 * minute - 30 * second)) }],
      3,
    ],
    [
      'ready ones count once they were measured for a whole window since',
      half,
      [{ uses: 100 }, { uses: 100, pod: starting(minute, readyFor(40 * second)) }],
      4,
    ],
    [
      'ready ones do not count while the window reaches back to before',
      half,
      [{ uses: 50 }, { uses: 900, pod: starting(minute, readyFor(39 * second)) }],
      2,
    ],
    [
      'before five minutes it does',
      half,
      [{ uses: 50 }, { uses: 900, pod: starting(5 * minute - second, readyFor(second)) }],
      2,
    ],
    [
      'pending ones weigh by what they request',
      half,
      [{ uses: 100 }, { uses: 100 }, { asks: 300, pod: { phase: 'Pending' } }],
      3,
    ],
    [
      'after five minutes the window does not matter',
      half,
      [{ uses: 100 }, { uses: 100, pod: starting(5 * minute, readyFor(second)) }],
      4,
    ],
    [
      'those without a Ready condition do not count',
      half,
      [{ uses: 50 }, { uses: 900, pod: { readiness: undefined } }],
      2,
    ],
    [
      'those without a start do not count',
      half,
      [{ uses: 50 }, { uses: 900, pod: { started: undefined } }],
      2,
    ],
    [
      'one of unknown readiness counts after five minutes',
      half,
      [{ uses: 100 }, { uses: 100, pod: { readiness: { status: 'Unknown', since: now } } }],
      4,
    ],
    [
      'for memory readiness does not matter',
      { ...half, ...memory },
      [{ uses: 100 }, { uses: 100, pod: young }],
      4,
    ],
    [
      'for memory pending ones are left out all the same',
      { ...half, ...memory },
      [{ uses: 10 }, { uses: 10, pod: { phase: 'Pending' } }],
      1,
    ],
    [
      'never turn a rise into a fall',
      half,
      [{ uses: 60 }, ...times(3, { uses: 1, pod: young })],
      4,
    ],
    [
      'alone say nothing',
      half,
      times(2, { uses: 100, pod: young }),
      /no usage of a pod that is ready is known yet/,
    ],
  ])
})

describe('ignored pods', () => {
  table([
    [
      'those that are going do not count',
      half,
      [{ uses: 100 }, { uses: 0, pod: { leaving: true } }],
      2,
      1,
    ],
    [
      'those that failed do not count',
      half,
      [{ uses: 100 }, { uses: 0, pod: { phase: 'Failed' } }],
      2,
      1,
    ],
    [
      'those going that are not measured are not missing either',
      half,
      [{ uses: 10 }, { pod: { leaving: true } }],
      1,
      1,
    ],
    ['without any pod nothing is known', half, [], /the metrics API knows none/],
  ])
})

describe('containerName', () => {
  const main: UsageTarget = { ...half, container: 'main' }
  const two = (uses: number, beside: number): Row => ({
    uses,
    pod: { containers: [container('side', undefined), container('main', 100)] },
    measure: { containers: [container('side', beside), container('main', uses)] },
  })
  table([
    ['only that container counts, and only its requests', main, times(2, two(100, 900)), 4],
    [
      'a pod of which it is not measured is missing',
      main,
      [
        { uses: 100, name: 'a' },
        { uses: 1, measure: { containers: [container('side', 1)] } },
      ],
      2,
    ],
    [
      'is not known where a pod does not have it',
      main,
      [{ uses: 100 }, { uses: 100, pod: { containers: [container('side', 100)] } }],
      /a pod has no container main/,
    ],
    [
      'without it all containers must request',
      half,
      times(2, two(100, 900)),
      /container side requests no cpu/,
    ],
    [
      'whole-pod requests do not count for it',
      main,
      times(2, { uses: 100, pod: { whole: { cpu: 1, memory: 1 } } }),
      4,
    ],
  ])
})

describe('requests of the pod as a whole', () => {
  const whole = (cpu: number | undefined): Row => ({
    uses: 100,
    pod: { whole: { cpu, memory: 1 }, containers: [container('main', undefined)] },
  })
  table([
    ['count instead of those of its containers', half, times(2, whole(100)), 4],
    [
      'without the resource nothing is known',
      half,
      times(2, whole(undefined)),
      /a pod requests no cpu/,
    ],
  ])
})
