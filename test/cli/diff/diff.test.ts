import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { labelling, workloadsNamed, workloadsOf } from '../../../src/cli/diff/command.ts'
import { differencesOf, render } from '../../../src/cli/diff/render.ts'
import type { WorkloadView } from '../../../src/control/insight.ts'
import { createEmbedded } from '../../../src/embedded/cluster.ts'
import { kinds } from '../../../src/kinds.ts'
import { manualClock } from '../../support/clock.ts'
import { scaledObject } from '../../support/controller.ts'
import { scaledJob } from '../../support/scaledjob.ts'
import { situation, workload } from '../../support/insight.ts'

const now = 1_700_000_000_000
const signal = new AbortController().signal
const view = (difference: Partial<WorkloadView> = {}): WorkloadView =>
  workload(now, { mode: 'shadow', situation: situation(now), ...difference })

describe('what differs', () => {
  test('is a workload that Ebb would scale, with why', () => {
    const decision = { scaleTo: 9, because: 'demand-rose' } as const
    const [one] = differencesOf([{ workload: 'default/orders', view: view({ decision }) }])
    assert.partialDeepStrictEqual(one, { replicas: 4, wanted: 9, mode: 'shadow' })
    assert.match(one?.why ?? '', /^from 4 to 9 replicas because s0-azure-queue-orders is active/)
  })

  test('is not one that stays as it is', () => {
    assert.deepEqual(differencesOf([{ workload: 'default/orders', view: view() }]), [])
  })

  test('is one that Ebb has not decided on, and one it could not be asked for', () => {
    const undecided = view({ situation: undefined, decision: undefined })
    const differences = differencesOf([
      { workload: 'a/b', view: undecided },
      { workload: 'c/d', problem: 'not allowed' },
    ])
    assert.deepEqual(
      differences.map((d) => [d.workload, d.wanted, d.why]),
      [
        ['a/b', undefined, 'ScaledObjectReady: ScaledObject is defined correctly'],
        ['c/d', undefined, 'not allowed'],
      ],
    )
  })
})

describe('what is printed', () => {
  test('says so where nothing differs', () => {
    assert.deepEqual(render([], 1), ['1 workload: the cluster has what Ebb decides on'])
  })
  test('has a row for each that differs', () => {
    const lines = render(
      [{ workload: 'a/b', mode: 'shadow', replicas: 2, wanted: undefined, why: 'because' }],
      3,
    )
    assert.deepEqual(lines, [
      'WORKLOAD  HAS  EBB  MODE    WHY',
      'a/b       2    ?    shadow  because',
      '',
      '1 of 3 workloads differs',
    ])
  })
})

test('all workloads are found, or those of a namespace', async () => {
  const cluster = createEmbedded({ clock: manualClock() })
  for (const namespace of ['one', 'two'])
    await cluster.create(
      kinds.scaledObject,
      scaledObject({}, { namespace, name: 'orders' }),
      signal,
    )
  const all = await workloadsOf(cluster, undefined, signal)
  assert.deepEqual(
    all.map(({ namespace }) => namespace),
    ['one', 'two'],
  )
  assert.equal((await workloadsOf(cluster, 'two', signal)).length, 1)
  await cluster.close()
})

test('a ScaledObject and a ScaledJob of one name are asked for each by its kind, and told apart', async (t) => {
  const cluster = createEmbedded({ clock: manualClock() })
  t.after(() => cluster.close())
  const orders = { namespace: 'shop', name: 'orders' }
  await cluster.create(kinds.scaledObject, scaledObject({}, orders), signal)
  await cluster.create(kinds.scaledJob, scaledJob({}, orders), signal)
  await cluster.create(kinds.scaledJob, scaledJob({}, { ...orders, name: 'work' }), signal)
  const labels = (all: Awaited<ReturnType<typeof workloadsOf>>): readonly string[] =>
    all.map(labelling(all))
  const both = ['ScaledObject shop/orders', 'ScaledJob shop/orders']
  assert.deepEqual(labels(await workloadsOf(cluster, undefined, signal)), [...both, 'shop/work'])
  assert.deepEqual(labels(await workloadsNamed(cluster, [orders], signal)), both)
  const others = [
    { namespace: 'shop', name: 'work' },
    { namespace: 'shop', name: 'none' },
  ]
  assert.deepEqual(await workloadsNamed(cluster, others, signal), [
    { ...others[0], kind: 'ScaledJob' },
    others[1],
  ])
})
