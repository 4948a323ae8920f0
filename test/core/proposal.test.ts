import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { propose, type HpaReading, type Proposal, type Scaled } from '../../src/core/proposal.ts'

const tenth = { down: 0.1, up: 0.1 }
const four: Scaled = { spec: 4, status: 4, pods: 4, ready: 4 }

/** A target of 10 per replica. */
const metric = (type: 'AverageValue' | 'Value', value: number): HpaReading => ({
  name: 'queue',
  target: { type, milli: 10_000 },
  read: { kind: 'value', milli: value * 1000 },
})

const count = (p: Proposal): number | string => (p.kind === 'replicas' ? p.replicas : p.reason)

type Row = [name: string, value: number, scaled: Partial<Scaled>, replicas: number | string]

const average: Row[] = [
  ['the current count on target', 40, {}, 4],
  ['one more for anything above the tolerance', 44.001, {}, 5],
  ['the current count at the tolerance', 44, {}, 4],
  ['fewer below the tolerance', 35.999, {}, 4],
  ['one less where a whole replica is spare', 30, {}, 3],
  ['nothing for nothing', 0, {}, 0],
  ['nothing for less than nothing', -20, {}, -2],
  ['the count that status shows where that is on target', 20, { status: 2 }, 2],
  ['a count of its own where status shows none', 25, { status: 0 }, 3],
  ['nothing where there is nothing at all', 0, { status: 0 }, 0],
  ['whatever pods are ready', 80, { ready: 1, pods: 0 }, 8],
  ['the largest count there is, at most', 1e15, {}, 2_147_483_647],
]

const whole: Row[] = [
  ['the current count on target', 10, {}, 4],
  ['the wanted count at the tolerance, whatever is ready', 11, { ready: 1 }, 4],
  ['the ratio of the ready pods', 20, {}, 8],
  ['the ratio of only the ready pods', 20, { ready: 1 }, 2],
  ['nothing where no pod is ready', 20, { ready: 0 }, 0],
  ['rounded up', 13, { ready: 1 }, 2],
  ['fewer by the same ratio', 5, {}, 2],
  ['an error where there are no pods', 20, { pods: 0, ready: 0 }, 'FailedGetExternalMetric'],
  ['the current count on target even without pods', 10, { pods: 0, ready: 0 }, 4],
  ['the ratio itself from zero', 25, { spec: 0, pods: 0, ready: 0 }, 3],
  ['the ratio itself from zero, without tolerance', 10.5, { spec: 0, pods: 0, ready: 0 }, 2],
  ['the largest count there is, at most', 1e15, {}, 2_147_483_647],
]

for (const [type, rows] of [
  ['AverageValue', average],
  ['Value', whole],
] as const)
  describe(`a target of ${type} asks for`, () => {
    for (const [name, value, scaled, replicas] of rows)
      test(name, () =>
        assert.equal(count(propose(metric(type, value), { ...four, ...scaled }, tenth)), replicas),
      )
  })

test('nothing of a target of nothing is no count at all, so it asks for none', () => {
  const nothing: HpaReading = {
    ...metric('AverageValue', 0),
    target: { type: 'AverageValue', milli: 0 },
  }
  assert.equal(count(propose(nothing, four, tenth)), 0)
})

test('each direction has its own tolerance', () => {
  const wide = { down: 0.5, up: 0 }
  assert.equal(count(propose(metric('AverageValue', 20), four, wide)), 4)
  assert.equal(count(propose(metric('AverageValue', 19.9), four, wide)), 2)
  assert.equal(count(propose(metric('AverageValue', 40.1), four, wide)), 5)
})

test('usage of the pods counts by the pods, and is within the tolerance by them', () => {
  const cpu = (ratio: number): HpaReading => ({
    name: 'cpu',
    target: { type: 'Usage' },
    read: { kind: 'usage', ratio, ready: 3, guarded: undefined, current: 50 },
  })
  assert.equal(count(propose(cpu(2), four, tenth)), 6)
  assert.equal(count(propose(cpu(1.1), four, tenth)), 4)
})

test('a metric that cannot be read asks for nothing and says why', () => {
  const missing = { kind: 'missing', reason: 'FailedGetExternalMetric', message: 'm' } as const
  assert.deepEqual(propose({ ...metric('Value', 1), read: missing }, four, tenth), missing)
})
