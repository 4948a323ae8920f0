import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { explain } from '../../src/core/reasons.ts'
import { failure } from '../../src/errors.ts'
import type { Kind } from '../../src/kinds.ts'
import { kinds } from '../../src/kinds.ts'
import type { Pod, Resource, ScaledObjectSpec } from '../../src/resources.ts'
import { error } from '../../src/scaler.ts'
import type { FoundTarget } from '../../src/control/resolve.ts'
import { createTargetPods } from '../../src/control/target-pods.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { createPods } from '../../src/pods.ts'
import { manualClock } from '../support/clock.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'
import { fleetDefinition } from '../support/fleet.ts'

const direct = { 'ebb.dev/scaling': 'direct' }
const eager = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}
/** A queue of 5 is wanted for the workload as a whole. */
const whole = {
  type: 'queue',
  metricType: 'Value',
  metadata: { queue: 'orders', length: '5' },
}
const fleetKind: Kind<Resource> = {
  group: 'example.test',
  version: 'v1',
  kind: 'Fleet',
  plural: 'fleets',
  namespaced: true,
}
const ofFleet = { apiVersion: 'example.test/v1', kind: 'Fleet', name: 'orders' }

async function stage(
  t: TestContext,
  spec: Partial<ScaledObjectSpec> = {},
  annotations: Readonly<Record<string, string>> = direct,
): Promise<Bench> {
  const bench = await openBench({
    hpasRead: true,
    // the definition of a test's own kind, as a manifest has it
    embedded: { definitions: [fleetDefinition('replicas') as never], podStart: 100 },
  })
  t.after(() => bench.close())
  bench.source.queues.set('orders', 5)
  const object = scaledObject(
    { triggers: [whole], advanced: eager, maxReplicaCount: 40, ...spec },
    { annotations },
  )
  await bench.cluster.create(kinds.scaledObject, object, forever)
  return bench
}

const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, labels: { app: 'fleet' } },
  spec: { containers: [{ name: 'main', image: 'image' }] },
})

/** A Fleet of so many replicas, with so many pods that its own status finds. */
async function fleet(bench: Bench, replicas: number, pods: number): Promise<void> {
  const object = {
    metadata: { namespace: 'default', name: 'orders' },
    spec: { replicas },
    status: { replicas, selector: 'app=fleet' },
  }
  await bench.cluster.create(fleetKind, object, forever)
  await bench.cluster.patch(
    fleetKind,
    object.metadata,
    { status: object.status },
    { subresource: 'status' },
    forever,
  )
  for (let i = 0; i < pods; i++) await bench.cluster.create(kinds.pod, pod(`fleet-${i}`), forever)
}

const fleetReplicas = async (bench: Bench): Promise<number> => {
  const target = { ...fleetKind }
  const ref = { namespace: 'default', name: 'orders' }
  return (await bench.cluster.readScale(target, ref, forever))?.spec.replicas ?? -1
}

/** Takes the pod's readiness away, as a probe that fails does. */
const unready = (bench: Bench, name: string): Promise<unknown> =>
  bench.cluster.patch(
    kinds.pod,
    { namespace: 'default', name },
    { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
    { subresource: 'status' },
    forever,
  )

describe('a Value target without an HPA', () => {
  test('is a share of the pods that are ready, not of the replicas', async (t) => {
    const bench = await stage(t)
    await bench.cluster.create(kinds.deployment, deployment('orders', 4), forever)
    await bench.clock.advance(5_000)
    const [first] = bench.cluster.pods('default', 'app=orders')
    await unready(bench, first?.metadata.name ?? '')
    bench.source.queues.set('orders', 10)
    // the next poll, whenever it is due
    for (let i = 0; i < 11 && (await bench.replicas()) === 4; i++) await bench.clock.advance(1_000)
    // 10/5 of three ready pods
    assert.equal(await bench.replicas(), 6)
  })

  test('of a kind of its own goes by the selector that its /scale gives', async (t) => {
    const bench = await stage(t, { scaleTargetRef: ofFleet })
    await fleet(bench, 6, 3)
    await bench.clock.advance(15_000)
    assert.equal(await fleetReplicas(bench), 6)
    bench.source.queues.set('orders', 20)
    await bench.clock.advance(11_000)
    assert.equal(await fleetReplicas(bench), 12)
  })

  test('changes nothing while the pods cannot be counted', async (t) => {
    const bench = await stage(t, { scaleTargetRef: ofFleet })
    const object = { metadata: { namespace: 'default', name: 'orders' }, spec: { replicas: 5 } }
    await bench.cluster.create(fleetKind, object, forever)
    bench.source.queues.set('orders', 1)
    await bench.clock.advance(120_000)
    assert.equal(await fleetReplicas(bench), 5)
    const view = await bench.controller().insight.get('default', 'orders')
    const { situation, decision } = view ?? assert.fail('no view')
    assert.equal(decision?.because, 'unmeasured')
    assert.match(
      situation && decision ? explain(situation, decision) : '',
      /s0-memory-orders is not known \(the pods of the target cannot be counted\)/,
    )
    assert.match(
      (await bench.events()).join(),
      /Warning KEDAScalerInfo: the pods of Fleet orders cannot be counted: Fleet orders does not say/,
    )
    bench.source.queues.set('orders', 50)
    await bench.clock.advance(120_000)
    assert.equal(await fleetReplicas(bench), 5)
  })
})

describe('the pods of a target', () => {
  const target = { namespace: 'default', name: 'orders' }
  const found: FoundTarget = {
    kind: kinds.deployment,
    target,
    state: { replicas: 3, resourceVersion: '1' },
  }
  async function follow(t: TestContext, replicas = 3) {
    const clock = manualClock()
    const cluster = createEmbedded({ clock, podStart: 100 })
    const asked: string[] = []
    let refused = false
    const counted: typeof cluster = {
      ...cluster,
      readScale(kind, ref, signal) {
        asked.push('scale')
        if (refused) throw failure('CLUSTER_UNREACHABLE', { server: 'here', why: 'gone' })
        return cluster.readScale(kind, ref, signal)
      },
      list(kind, where, signal) {
        asked.push(`list ${kind.plural} ${where.labelSelector}`)
        return cluster.list(kind, where, signal)
      },
    }
    const all = createPods(counted, clock, () => 0.5)
    let known = 0
    const warned: string[] = []
    const pods = createTargetPods(
      {
        cluster: counted,
        clock,
        followPods: (...which) => all.follow(...which),
        known: () => known++,
        warn: (note) => warned.push(note),
      },
      forever,
    )
    await cluster.create(kinds.deployment, deployment('orders', replicas), forever)
    await clock.advance(2_000)
    t.after(async () => {
      pods.release()
      await all.close()
      await cluster.close()
    })
    return {
      clock,
      cluster,
      all,
      pods,
      asked,
      warned,
      known: () => known,
      refuse: (now: boolean) => (refused = now),
    }
  }

  test('are found once, told of when they are, and not asked for again', async (t) => {
    const { clock, pods, asked, known } = await follow(t)
    assert.equal(pods.count(found), undefined)
    await clock.advance(100)
    assert.equal(known(), 1)
    for (let i = 0; i < 100; i++) {
      assert.deepEqual(pods.count(found), { all: 3, ready: 3 })
      pods.tidy()
      await clock.advance(10_000)
    }
    assert.deepEqual(asked, ['scale', 'list pods app=orders'])
  })

  test('are ready where they run and say so', async (t) => {
    const { clock, cluster, pods } = await follow(t)
    pods.count(found)
    const [first, second] = cluster.pods('default', 'app=orders')
    const patch = (one: Pod | undefined, status: object): Promise<unknown> => {
      const ref = { namespace: 'default', name: one?.metadata.name ?? '' }
      return cluster.patch(kinds.pod, ref, { status }, { subresource: 'status' }, forever)
    }
    await patch(first, { phase: 'Unknown' })
    await patch(second, { conditions: [{ type: 'Ready', status: 'False' }] })
    await clock.advance(1_000)
    assert.deepEqual(pods.count(found), { all: 3, ready: 1 })
  })

  test('are let go of when nobody has asked for long', async (t) => {
    const { clock, pods, all } = await follow(t)
    pods.count(found)
    await clock.advance(60 * 60_000)
    assert.equal(all.size, 1)
    pods.tidy()
    await clock.advance(61_000)
    assert.equal(all.size, 0)
    assert.equal(pods.count(found), undefined)
    await clock.advance(100)
    assert.deepEqual(pods.count(found), { all: 3, ready: 3 })
  })

  test('are looked for again after a failure, not at every look', async (t) => {
    const { clock, pods, asked, warned, refuse } = await follow(t)
    refuse(true)
    for (let i = 0; i < 50; i++) {
      pods.count(found)
      await clock.advance(100)
    }
    assert.deepEqual(asked, ['scale'])
    assert.match(pods.problem ?? '', /gone/)
    refuse(false)
    await clock.advance(10_000)
    pods.count(found)
    await clock.advance(100)
    assert.deepEqual(pods.count(found), { all: 3, ready: 3 })
    assert.equal(pods.problem, undefined)
    assert.equal(warned.length, 1)
    assert.match(warned[0] ?? '', /the pods of Deployment orders cannot be counted: .*gone/)
  })
})

describe('a fallback with metricType Value', () => {
  const fallback = { failureThreshold: 1, replicas: 6 }
  const gone = error(failure('SOURCE_UNREACHABLE', { address: 'queue', why: 'gone' }))

  for (const [mode, annotations] of [
    ['with an HPA', {}],
    ['without an HPA', direct],
  ] as const)
    test(`${mode} is shared by the ready pods of a kind of its own`, async (t) => {
      const bench = await stage(t, { scaleTargetRef: ofFleet, fallback }, annotations)
      await fleet(bench, 4, 3)
      await bench.clock.advance(15_000)
      bench.source.queues.set('orders', gone)
      await bench.clock.advance(120_000)
      const [value] = await bench.read('s0-memory-orders')
      // times three ready pods, over a target of 5, that is 6
      assert.equal(value?.value, 10)
      assert.equal(await fleetReplicas(bench), 6)
    })
})
