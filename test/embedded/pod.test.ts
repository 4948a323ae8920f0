import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Stored } from '../../src/embedded/json.ts'
import { scaleDownOrder } from '../../src/embedded/pod.ts'
import { names } from './stage.ts'

interface Traits {
  readonly node?: string
  readonly phase?: string
  readonly ready?: boolean
  readonly cost?: number
  readonly readySince?: number
  readonly made?: number
}

const at = (second: number): string => `2024-01-01T00:00:${String(second).padStart(2, '0')}Z`

const pod = (name: string, traits: Traits = {}): Stored => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    creationTimestamp: at(traits.made ?? 0),
    annotations: { 'controller.kubernetes.io/pod-deletion-cost': String(traits.cost ?? 0) },
  },
  spec: { nodeName: traits.node ?? name },
  status: {
    phase: traits.phase ?? 'Running',
    conditions: [
      {
        type: 'Ready',
        status: traits.ready === false ? 'False' : 'True',
        lastTransitionTime: at(traits.readySince ?? 0),
      },
    ],
  },
})

const rows: readonly (readonly [why: string, first: Traits, then: Traits])[] = [
  ['on no node', { node: '', made: 0 }, { phase: 'Pending', ready: false, made: 1 }],
  ['pending', { phase: 'Pending', cost: 9 }, { ready: false }],
  ['running and not ready', { ready: false, cost: 9 }, {}],
  ['cheaper to delete', { cost: -1 }, { cost: 0, readySince: 9 }],
  ['ready for a shorter time', { readySince: 2 }, { readySince: 1, made: 9 }],
  ['younger', { made: 2 }, { made: 1 }],
]
for (const [why, first, then] of rows)
  test(`a pod that is ${why} goes first`, () => {
    const [a, b] = [pod('a', first), pod('b', then)]
    assert.deepEqual(names(scaleDownOrder([a, b])), ['a', 'b'])
    assert.deepEqual(names(scaleDownOrder([b, a])), ['a', 'b'])
  })

test('a pod goes first from the node that has more of them', () => {
  const pods = [pod('a', { node: 'x' }), pod('b', { node: 'y' }), pod('c', { node: 'y' })]
  assert.deepEqual(names(scaleDownOrder(pods)), ['c', 'b', 'a'])
})

test('of pods that are alike the one made last goes first', () => {
  assert.deepEqual(names(scaleDownOrder([pod('a'), pod('b'), pod('c')])), ['c', 'b', 'a'])
})
