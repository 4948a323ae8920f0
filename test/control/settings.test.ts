import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jobSettingsOf } from '../../src/control/jobs/resolve.ts'
import { distinct, settingsOf, type Settings } from '../../src/control/settings.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledJobSpec, ScaledObject, ScaledObjectSpec } from '../../src/resources.ts'
import { deployment, forever, openBench } from '../support/controller.ts'
import { scaledJob } from '../support/scaledjob.ts'

const minute = 60_000

/** A ScaledObject that says no more than it must. */
const bare = (spec: Partial<ScaledObjectSpec> = {}): ScaledObject => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { namespace: 'default', name: 'orders' },
  spec: {
    scaleTargetRef: { name: 'orders' },
    triggers: [{ type: 'queue', metadata: { queue: 'orders' } }],
    ...spec,
  },
})

describe('the numbers of a ScaledObject (1.2, 1.11)', () => {
  const rows: readonly (readonly [name: string, Partial<ScaledObjectSpec>, Partial<Settings>])[] = [
    ['pollingInterval is 30 s by default', {}, { period: 30_000 }],
    ['pollingInterval is in seconds', { pollingInterval: 7 }, { period: 7_000 }],
    [
      'cooldownPeriod is 300 s, the initial one 0',
      {},
      { cooldown: { initial: 0, period: 300_000 } },
    ],
    [
      'cooldownPeriod may be 0',
      { cooldownPeriod: 0, initialCooldownPeriod: 60 },
      { cooldown: { initial: 60_000, period: 0 } },
    ],
    ['minReplicaCount is 0, and the HPA holds 1', {}, { min: 0, hpaMin: 1 }],
    ['an explicit 0 is the same to the HPA', { minReplicaCount: 0 }, { min: 0, hpaMin: 1 }],
    ['minReplicaCount is what the HPA holds', { minReplicaCount: 4 }, { min: 4, hpaMin: 4 }],
    ['maxReplicaCount is 100', {}, { max: 100 }],
    ['idleReplicaCount is off, and 0 is not off', {}, { idle: undefined }],
    ['idleReplicaCount may be 0', { idleReplicaCount: 0, minReplicaCount: 1 }, { idle: 0 }],
  ]
  for (const [name, spec, expected] of rows)
    test(name, () => {
      const found = settingsOf(bare(spec))
      assert.deepEqual({ ...found, ...expected }, found)
    })

  test('2.4 without any of them it is polled every 30 s, and rests 300 s after the last message', async (t) => {
    const bench = await openBench()
    t.after(() => bench.close())
    bench.source.queues.set('orders', 3)
    await bench.cluster.create(kinds.deployment, deployment(), forever)
    await bench.cluster.create(kinds.scaledObject, bare(), forever)
    await bench.clock.advance(minute)
    assert.equal(await bench.replicas(), 1)
    const { minReplicas, maxReplicas } = (await bench.hpa())?.spec ?? {}
    assert.deepEqual([minReplicas, maxReplicas], [1, 100])
    bench.source.asked.length = 0
    await bench.clock.advance(10 * minute)
    // its place within the 30 s is its own, and it may come a little early
    assert.ok(Math.abs(bench.source.asked.length - 20) <= 1, `${bench.source.asked.length} polls`)
    bench.source.queues.set('orders', 0)
    // the last poll that found a message is up to 30 s old
    await bench.clock.advance(4.4 * minute)
    assert.equal(await bench.replicas(), 1)
    await bench.clock.advance(0.8 * minute)
    assert.equal(await bench.replicas(), 0)
  })

  test('1.4 lists of types and names are distinct, in the order of the spec', () =>
    assert.equal(distinct(['b', undefined, 'a', '', 'b', 'c']), 'b,a,c'))
})

describe('the numbers of a ScaledJob (1.5, 1.11)', () => {
  const settings = (spec: Partial<ScaledJobSpec>) => {
    const { jobTargetRef, triggers } = scaledJob().spec
    return jobSettingsOf({ ...scaledJob(), spec: { jobTargetRef, triggers, ...spec } })
  }
  const rows: readonly (readonly [name: string, Partial<ScaledJobSpec>, object])[] = [
    ['pollingInterval is 30 s', {}, { period: 30_000 }],
    ['up to 100 run', {}, { bounds: { min: 0, extra: 100 } }],
    [
      'A13 without maxReplicaCount the minimum is not taken from it',
      { minReplicaCount: 3 },
      { bounds: { min: 3, extra: 100 } },
    ],
    [
      'with one it is',
      { minReplicaCount: 3, maxReplicaCount: 10 },
      { bounds: { min: 3, extra: 7 } },
    ],
    [
      'a minimum above the maximum is the maximum',
      { minReplicaCount: 9, maxReplicaCount: 2 },
      { bounds: { min: 2, extra: 2 } },
    ],
    [
      'the strategy is default, by the most of several triggers',
      {},
      { strategy: { kind: 'default' }, combination: 'max', pendingPodConditions: [] },
    ],
  ]
  for (const [name, spec, expected] of rows)
    test(name, () => {
      const found = settings(spec)
      assert.deepEqual({ ...found, ...expected }, found)
    })
})
