import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { ScalableKind } from '../../src/cluster.ts'
import type { Call } from '../../src/embedded/faults.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { HorizontalPodAutoscaler, ScaledObjectSpec } from '../../src/resources.ts'
import {
  deployment,
  forever,
  openBench,
  scaledObject,
  type Bench,
  type BenchOptions,
} from '../support/controller.ts'

const direct = { 'ebb.dev/scaling': 'direct' }
const minute = 60_000
const ref = { namespace: 'default', name: 'orders' }
const advanced = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}

interface Options extends BenchOptions {
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: Partial<ScaledObjectSpec>
  /** Of the queue, with five for each replica. */
  readonly length?: number
}

interface Fight {
  readonly bench: Bench
  /** Calls of Ebb's port that ask for the target itself. */
  readonly asked: Call[]
  /** What Ebb wrote to the target's scale. */
  readonly scaled: () => readonly string[]
  readonly write: (manager: string, replicas: number, kind?: ScalableKind) => Promise<void>
  readonly because: () => Promise<string | undefined>
  readonly advance: (ms: number) => Promise<void>
  /** What the next calls meet; `asked` goes on. */
  readonly meet: (before: (call: Call) => void | Promise<void>) => void
}

/** A workload in direct mode with eight replicas that it wants, and somebody else who writes them. */
async function fight(t: TestContext, options: Options = {}): Promise<Fight> {
  const { annotations = direct, spec = {}, length = 40, ...more } = options
  const bench = await openBench({ hpasRead: true, ...more })
  t.after(() => bench.close())
  const { cluster, clock } = bench
  const asked: Call[] = []
  const meet: Fight['meet'] = (before) =>
    cluster.setFaults({
      before(call) {
        if (call.verb === 'getAny' && call.name !== '') asked.push(call)
        return before(call)
      },
    })
  meet(() => undefined)
  bench.source.queues.set('orders', length)
  const triggers = [{ type: 'queue', metadata: { queue: 'orders', length: '5' } }]
  await cluster.create(kinds.deployment, deployment('orders', 8), forever)
  await cluster.create(
    kinds.scaledObject,
    scaledObject({ triggers, advanced, ...spec }, { annotations }),
    forever,
  )
  await clock.advance(15_000)
  bench.writes.length = 0
  asked.length = 0
  return {
    bench,
    asked,
    scaled: () => bench.writes.filter((write) => write.startsWith('scale:')),
    async write(manager, replicas, kind = kinds.deployment) {
      const port = cluster.as(manager)
      const scale = await port.readScale(kind, ref, forever)
      await port.writeScale(kind, { ...(scale ?? assert.fail()), spec: { replicas } }, forever)
    },
    because: async () =>
      (await bench.controller().insight.get('default', 'orders'))?.decision?.because,
    advance: (ms) => clock.advance(ms),
    meet,
  }
}

describe('somebody else who writes the replicas in direct mode', () => {
  test('is honoured once: the next decision goes on from that count, as an HPA does', async (t) => {
    const { bench, asked, scaled, write, advance } = await fight(t)
    await write('kubectl', 2)
    await advance(1_000)
    // four at a time from the two that were set
    assert.deepEqual(scaled(), ['scale:6 Deployment default/orders'])
    assert.equal(asked.length, 1)
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
    assert.equal(asked.length, 1)
  })

  test('stops Ebb with the second write within five minutes, and is named', async (t) => {
    const { bench, scaled, write, because, advance } = await fight(t)
    await write('argocd-controller', 2)
    await advance(4 * minute)
    assert.equal(await bench.replicas(), 8)
    await write('argocd-controller', 2)
    bench.writes.length = 0
    await advance(1_000)
    const { status, reason, message = '' } = await bench.condition('Ready')
    assert.deepEqual([status, reason], ['False', 'ReplicasContested'])
    assert.match(message, /^argocd-controller \(Update of scale\) writes spec\.replicas too/)
    assert.match(message, /nobody else has written for 5 minutes .* when spec or annotations/)
    const warnings = (await bench.events()).filter((e) => e.startsWith('Warning ReplicasContested'))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /argocd-controller/)
    await advance(4.9 * minute)
    assert.deepEqual(scaled(), [])
    assert.equal(await because(), 'contested')
  })

  test('is no contest when five minutes lie between', async (t) => {
    const { bench, write, advance } = await fight(t)
    for (let i = 0; i < 4; i++) {
      await write('kubectl', 2)
      await advance(5 * minute + 1)
      assert.equal(await bench.replicas(), 8)
    }
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
  })

  test('is no contest between two who wrote once each', async (t) => {
    const { bench, write, advance } = await fight(t)
    await write('kubectl', 2)
    await advance(minute)
    await write('kubectl-edit', 2)
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
  })

  test('may go on writing, and then nothing is written, asked or said by Ebb', async (t) => {
    const { bench, asked, write, advance } = await fight(t)
    await write('other', 2)
    await advance(minute)
    await write('other', 3)
    await advance(1_000)
    bench.writes.length = 0
    asked.length = 0
    for (let i = 0; i < 30; i++) {
      await write('other', 1 + (i % 2))
      await advance(minute)
    }
    assert.deepEqual(bench.writes, [])
    assert.deepEqual(asked, [])
  })

  test('is left alone until five minutes after the last write, then Ebb goes on', async (t) => {
    const { bench, scaled, write, advance } = await fight(t)
    await write('other', 2)
    await advance(minute)
    await write('other', 2)
    await advance(4 * minute)
    await write('other', 3)
    await advance(4.9 * minute)
    assert.equal(await bench.replicas(), 3)
    const before = scaled().length
    await advance(0.1 * minute + 1)
    assert.equal(scaled().length, before + 1)
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
  })

  test('that comes back is left alone at the first write, for twice as long', async (t) => {
    const { bench, write, because, advance } = await fight(t)
    await write('other', 2)
    await advance(minute)
    await write('other', 2)
    await advance(6 * minute)
    assert.equal(await bench.replicas(), 8)
    await write('other', 2)
    await advance(9.9 * minute)
    assert.equal(await because(), 'contested')
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
  })

  test('that never gives up is disturbed less and less, once an hour in the end', async (t) => {
    const { bench, scaled, write, advance } = await fight(t)
    const perHour: number[] = []
    for (let hour = 0; hour < 6; hour++) {
      const before = scaled().length
      for (let i = 0; i < 360; i++) {
        if ((await bench.replicas()) !== 2) await write('other', 2)
        await advance(10_000)
      }
      perHour.push(scaled().length - before)
    }
    assert.deepEqual(perHour, [4, 1, 1, 1, 1, 1])
  })

  test('leaves a full window behind: nothing that was asked for meanwhile hastens a scale-in', async (t) => {
    const { bench, write, advance } = await fight(t, { spec: { advanced: {} } })
    await write('other', 9)
    await advance(minute)
    await write('other', 10)
    bench.source.queues.set('orders', 6)
    await advance(9.5 * minute)
    assert.equal(await bench.replicas(), 10)
    await advance(minute)
    assert.equal(await bench.replicas(), 2)
  })

  for (const [what, patch] of [
    ['an annotation', { metadata: { annotations: { resumed: 'now' } } }],
    ['the spec', { spec: { maxReplicaCount: 9 } }],
  ] as const)
    test(`is no more in the way once the user changes ${what}`, async (t) => {
      const { bench, write, because, advance } = await fight(t)
      await write('other', 2)
      await advance(minute)
      await write('other', 2)
      await advance(minute)
      assert.equal(await because(), 'contested')
      await bench.change(patch)
      await advance(30_000)
      assert.equal(await bench.replicas(), 8)
      assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
    })

  test('is found by the conflict with a write of Ebb’s own, which is then not made', async (t) => {
    const { bench, scaled, write, because, advance, meet } = await fight(t)
    const between: number[] = []
    meet(async (call) => {
      const replicas = call.verb === 'writeScale' ? between.shift() : undefined
      if (replicas !== undefined) await write('other', replicas)
    })
    between.push(5)
    bench.source.queues.set('orders', 50)
    await advance(10_000)
    assert.equal(await bench.replicas(), 10)
    // what was decided for eight, and then for five
    assert.equal(scaled().length, 2)
    between.push(6)
    bench.source.queues.set('orders', 40)
    await advance(10_000)
    assert.equal(await bench.replicas(), 6)
    assert.equal(await because(), 'contested')
  })

  test('holds a target at zero too', async (t) => {
    const { bench, write, because, advance } = await fight(t)
    await write('other', 0)
    await advance(10_000)
    assert.equal(await bench.replicas(), 8)
    await write('other', 0)
    await advance(minute)
    assert.equal(await because(), 'contested')
    assert.equal(await bench.replicas(), 0)
  })
})

describe('who is nobody else', () => {
  test('is another replica of Ebb, however often it writes', async (t) => {
    const { bench, asked, write, advance } = await fight(t)
    for (let i = 0; i < 3; i++) {
      await write('ebb', 2)
      await advance(30_000)
      assert.equal(await bench.replicas(), 8)
    }
    assert.equal(asked.length, 3)
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
  })

  test('is Ebb itself whose write took place and whose answer was lost', async (t) => {
    const { bench, advance } = await fight(t)
    const lost = failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'reset' })
    bench.cluster.setFaults({
      after(call) {
        if (call.verb === 'writeScale') throw lost
      },
    })
    for (const length of [45, 50, 35, 20]) {
      bench.source.queues.set('orders', length)
      await advance(30_000)
      assert.equal(await bench.replicas(), length / 5)
    }
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
  })

  test('is whoever applies the count that Ebb wrote', async (t) => {
    const { bench, asked, write, advance } = await fight(t)
    for (let i = 0; i < 3; i++) {
      await write('argocd-controller', 8)
      await advance(30_000)
    }
    assert.deepEqual(asked, [])
    assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
  })
})

describe('before it is known who wrote', () => {
  test('nothing is written, which would wipe out the answer', async (t) => {
    const { bench, asked, scaled, write, advance, meet } = await fight(t)
    const answer = Promise.withResolvers<void>()
    meet((call) => (call.verb === 'getAny' ? answer.promise : undefined))
    await write('other', 2)
    await advance(minute)
    assert.deepEqual(scaled(), [])
    assert.equal(asked.length, 1)
    answer.resolve()
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
  })

  test('an API server that cannot be asked is asked again with each poll', async (t) => {
    const { bench, asked, scaled, write, because, advance, meet } = await fight(t)
    meet((call) => {
      if (call.verb === 'getAny')
        throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'reset' })
    })
    await write('other', 2)
    await advance(minute)
    assert.deepEqual(scaled(), [])
    assert.ok(asked.length >= 5 && asked.length <= 8, String(asked.length))
    meet(() => undefined)
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
    await write('other', 2)
    await advance(10_000)
    assert.equal(await because(), 'contested')
  })

  test('a target that Ebb may not read is contested by somebody without a name', async (t) => {
    const { bench, write, because, advance, meet } = await fight(t)
    meet((call) => {
      if (call.verb === 'getAny') throw failure('CLUSTER_FORBIDDEN', { what: 'it', why: 'RBAC' })
    })
    await write('other', 2)
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
    await write('other', 2)
    await advance(10_000)
    assert.equal(await because(), 'contested')
    const { message = '' } = await bench.condition('Ready')
    assert.match(
      message,
      /^somebody \(its managedFields name nobody, or Ebb may not get it\) writes/,
    )
  })

  test('a target that goes meanwhile is missed as ever', async (t) => {
    const { bench, write, advance } = await fight(t)
    await write('other', 2)
    await bench.cluster.remove(kinds.deployment, ref, {}, forever)
    await advance(minute)
    assert.match((await bench.condition('Ready')).message ?? '', /does not exist/)
    await bench.cluster.create(kinds.deployment, deployment('orders', 1), forever)
    await advance(minute)
    assert.equal(await bench.replicas(), 8)
  })
})

const fleet = {
  spec: {
    group: 'example.test',
    scope: 'Namespaced',
    names: { kind: 'Fleet', plural: 'fleets' },
    versions: [
      {
        name: 'v1',
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.workers', statusReplicasPath: '.status.workers' },
        },
      },
    ],
  },
}

test('a kind of its own with /scale is watched over too', async (t) => {
  const scaleTargetRef = { apiVersion: 'example.test/v1', kind: 'Fleet', name: 'orders' }
  const { bench, asked, write, because, advance } = await fight(t, {
    spec: { scaleTargetRef },
    embedded: { definitions: [fleet] },
  })
  const kind = { group: 'example.test', version: 'v1', kind: 'Fleet', plural: 'fleets' }
  const object = { metadata: ref, spec: { workers: 1 } }
  await bench.cluster.create({ ...kind, namespaced: true }, object, forever)
  await advance(minute)
  const replicas = async () => (await bench.cluster.readScale(kind, ref, forever))?.spec.replicas
  assert.equal(await replicas(), 8)
  asked.length = 0
  await write('other', 2, kind)
  await advance(minute)
  assert.equal(await replicas(), 8)
  assert.equal(asked.length, 1)
  await write('other', 2, kind)
  await advance(minute)
  assert.equal(await because(), 'contested')
  assert.equal(await replicas(), 2)
  assert.match((await bench.condition('Ready')).message ?? '', /^other \(Update of scale\)/)
})

describe('who is not watched over', () => {
  for (const [what, options] of [
    ['a workload with an HPA', { annotations: {} }],
    ['one in shadow', { annotations: { ...direct, 'ebb.dev/mode': 'shadow' } }],
    ['one of a process in shadow', { shared: { writes: () => false } }],
    ['one that is paused', { annotations: { ...direct, 'autoscaling.keda.sh/paused': 'true' } }],
  ] as const)
    test(`${what}: nothing is asked, however often others write`, async (t) => {
      const { asked, write, because, advance } = await fight(t, options)
      for (let i = 0; i < 4; i++) {
        await write('other', 2 + (i % 2))
        await advance(30_000)
      }
      assert.deepEqual(asked, [])
      assert.notEqual(await because(), 'contested')
    })
})

test('a restart forgets who wrote, and writes nothing by itself', async (t) => {
  const { bench, asked, scaled, write, because, advance } = await fight(t, {
    spec: { advanced: {} },
  })
  await write('other', 9)
  await advance(minute)
  await write('other', 9)
  await advance(minute)
  assert.equal(await because(), 'contested')
  bench.writes.length = 0
  asked.length = 0
  await bench.restart()
  await advance(minute)
  assert.deepEqual(scaled(), [])
  assert.deepEqual(asked, [])
  assert.equal((await bench.condition('Ready')).reason, 'ScaledObjectReady')
})

const hpa: HorizontalPodAutoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { namespace: 'default', name: 'mine' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
    minReplicas: 2,
    maxReplicas: 3,
    metrics: [],
  },
}

test('an HPA of somebody else is named at once, before it has written, and until it goes', async (t) => {
  const { bench, asked, scaled, advance } = await fight(t, { spec: { advanced: {} } })
  await bench.cluster.as('kubectl').create(kinds.hpa, hpa, forever)
  await advance(10 * minute)
  // what is above its maximum an HPA cuts without any metric
  assert.equal(await bench.replicas(), 3)
  const { reason, message = '' } = await bench.condition('Ready')
  assert.equal(reason, 'ScaledObjectCheckFailed')
  assert.match(message, /mine/)
  assert.deepEqual(scaled(), [])
  bench.source.queues.set('orders', 5)
  await bench.cluster.remove(kinds.hpa, { namespace: 'default', name: 'mine' }, {}, forever)
  await advance(4 * minute)
  // its own window begins with what the HPA left
  assert.equal(await bench.replicas(), 3)
  await advance(2 * minute)
  assert.equal(await bench.replicas(), 1)
  assert.deepEqual(asked, [])
})

test('an HPA that another controller makes under the name of Ebb’s own is found by what it writes', async (t) => {
  const { bench, scaled, because, advance } = await fight(t)
  const labels = { 'app.kubernetes.io/managed-by': 'keda-operator' }
  const { uid = '' } = (await bench.scaledObject()).metadata
  const owner = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'orders', uid }
  const metadata = { ...ref, name: 'keda-hpa-orders', labels, ownerReferences: [owner] }
  const spec = { ...hpa.spec, minReplicas: 9, maxReplicas: 10 }
  await bench.cluster.as('keda').create(kinds.hpa, { ...hpa, metadata, spec }, forever)
  await advance(2 * minute)
  assert.equal(await because(), 'contested')
  const { message = '' } = await bench.condition('Ready')
  assert.match(
    message,
    /^kube-controller-manager \(Update of scale, for a HorizontalPodAutoscaler\)/,
  )
  assert.equal(await bench.replicas(), 9)
  assert.equal(scaled().length, 1)
})
