import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { costAnnotation, ownCost } from '../../src/core/idle.ts'
import type { Faults } from '../../src/embedded/faults.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { Pod, ScaledObjectSpec, Workload } from '../../src/resources.ts'
import { type Bench, deployment, forever, openBench, scaledObject } from '../support/controller.ts'

const annotations = { 'ebb.dev/scaling': 'direct', 'ebb.dev/idle-label': 'work=idle' }
const eager = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}

interface Stage {
  readonly bench: Bench
  /** Names of the pods that are there and stay, in order. */
  pods(): readonly string[]
  cost(pod: string): string | undefined
  /** As the program in the pod does it. */
  label(pods: readonly string[], work: 'idle' | 'busy'): Promise<void>
  /** The same of one, and no time passes. */
  relabel(pod: string, work: 'idle' | 'busy'): Promise<void>
  /** Changes what nobody looks at. */
  touch(pod: string, what: string): Promise<void>
  setCost(pod: string, cost: string): Promise<void>
  /** So many replicas are asked for, and what follows from it has happened. */
  ask(replicas: number): Promise<void>
  /** What happens to Ebb's patches of pods from now on. */
  onPatch(before: NonNullable<Faults['before']>): void
  /** What was written of pods and scales since the last time. */
  writes(): readonly string[]
}

interface Options {
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: Partial<ScaledObjectSpec>
  readonly target?: 'Deployment' | 'StatefulSet'
}

/** A workload with so many busy pods. */
async function stage(t: TestContext | undefined, replicas: number, options: Options = {}) {
  const bench = await openBench({ hpasRead: true })
  t?.after(() => bench.close())
  bench.source.queues.set('orders', replicas * 5)
  const { target = 'Deployment' } = options
  const object: Workload = { ...deployment('orders', replicas), kind: target }
  await bench.cluster.create(
    target === 'Deployment' ? kinds.deployment : kinds.statefulSet,
    object,
    forever,
  )
  const spec = {
    scaleTargetRef: { kind: target, name: 'orders' },
    triggers: [{ type: 'queue', metadata: { queue: 'orders', length: '5' } }],
    advanced: eager,
    ...options.spec,
  }
  await bench.cluster.create(
    kinds.scaledObject,
    scaledObject(spec, { annotations, ...options }),
    forever,
  )
  await bench.clock.advance(20_000)
  bench.writes.length = 0
  const found = (): readonly Pod[] =>
    bench.cluster
      .pods('default', 'app=orders')
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  let usersTurn = false
  const patch = async (name: string, metadata: object): Promise<void> => {
    usersTurn = true
    const ref = { namespace: 'default', name }
    const patched = bench.cluster.as('user').patch(kinds.pod, ref, { metadata }, {}, forever)
    usersTurn = false
    await patched
  }
  const staged: Stage = {
    bench,
    pods: () => found().map(({ metadata }) => metadata.name),
    cost: (pod) =>
      found().find(({ metadata }) => metadata.name === pod)?.metadata.annotations?.[costAnnotation],
    async label(pods, work) {
      for (const pod of pods) await patch(pod, { labels: { work } })
      await bench.clock.advance(500)
    },
    touch: (pod, what) => patch(pod, { annotations: { what } }),
    relabel: (pod, work) => patch(pod, { labels: { work } }),
    setCost: (pod, cost) => patch(pod, { annotations: { [costAnnotation]: cost } }),
    async ask(count) {
      bench.source.queues.set('orders', count * 5)
      await bench.clock.advance(15_000)
    },
    onPatch: (before) =>
      bench.cluster.setFaults({
        async before(call, signal) {
          if (call.verb === 'patch' && call.resource === 'pods' && !usersTurn)
            await before(call, signal)
        },
      }),
    writes: () =>
      bench.writes.splice(0).filter((line) => line.includes('Pod ') || line.startsWith('scale:')),
  }
  return staged
}

const warnings = async ({ bench }: Stage): Promise<readonly string[]> =>
  (await bench.events()).filter((line) => line.includes('idle pods may not go first'))

describe('a scale-in without an HPA', () => {
  test('takes the pods that are idle by their label, and no others', async (t) => {
    const s = await stage(t, 5)
    const [a = '', b = '', c = '', d = '', e = ''] = s.pods()
    // of pods that are alike the last one would go first
    await s.label([a, c], 'idle')
    await s.label([e], 'busy')
    await s.ask(3)
    assert.deepEqual(s.pods(), [b, d, e])
    assert.deepEqual(s.writes(), [
      `patch Pod default/${a}`,
      `patch Pod default/${c}`,
      'scale:3 Deployment default/orders',
    ])
  })

  test('changes no more pods than go, and what is idle beyond that only when it goes', async (t) => {
    const s = await stage(t, 6)
    const idle = s.pods().slice(0, 4)
    await s.label(idle, 'idle')
    await s.ask(5)
    assert.equal(s.writes().filter((line) => line.startsWith('patch')).length, 1)
    await s.ask(4)
    assert.equal(s.writes().filter((line) => line.startsWith('patch')).length, 1)
    assert.deepEqual(s.pods().filter((pod) => idle.includes(pod)).length, 2)
  })

  test('writes no pod at rest, when it scales out, or when all of them go', async (t) => {
    const s = await stage(t, 1)
    await s.label(s.pods(), 'idle')
    await s.bench.clock.advance(3_600_000)
    assert.deepEqual(s.writes(), [])
    await s.ask(0)
    await s.bench.clock.advance(120_000)
    await s.ask(3)
    const scales = [0, 3].map((count) => `scale:${count} Deployment default/orders`)
    assert.deepEqual(s.writes(), scales)
  })

  test('leaves a cost that somebody else has set, on idle and on busy pods', async (t) => {
    const s = await stage(t, 4)
    const [a = '', b = '', c = '', d = ''] = s.pods()
    await s.label([a, b], 'idle')
    await s.setCost(a, '7')
    await s.setCost(c, '-7')
    await s.ask(3)
    assert.deepEqual(s.pods(), [a, c, d])
    assert.deepEqual([s.cost(a), s.cost(c), s.cost(d)], ['7', '-7', undefined])
  })

  test('takes its cost back from a pod that survived and works again, at once and after a restart', async (t) => {
    const s = await stage(t, 3)
    const [a = '', b = '', c = ''] = s.pods()
    await s.label([a, b], 'idle')
    for (const pod of [a, b]) await s.setCost(pod, ownCost)
    await s.label([a], 'busy')
    assert.deepEqual([s.cost(a), s.cost(b), s.cost(c)], [undefined, ownCost, undefined])
    await s.bench.restart()
    await s.bench.clock.advance(1_000)
    s.writes()
    await s.label([b], 'busy')
    assert.equal(s.cost(b), undefined)
    assert.deepEqual(s.writes(), [`patch Pod default/${b}`])
    await s.setCost(c, ownCost)
    await s.bench.restart()
    await s.bench.clock.advance(5_000)
    assert.equal(s.cost(c), undefined)
  })

  for (const [what, options] of [
    ['with an HPA', { annotations: { 'ebb.dev/idle-label': 'work=idle' } }],
    ['in shadow', { annotations: { ...annotations, 'ebb.dev/mode': 'shadow' } }],
    ['without the label', { annotations: { 'ebb.dev/scaling': 'direct' } }],
    ['of a StatefulSet', { target: 'StatefulSet' }],
  ] as const)
    test(`${what} writes no pod`, async (t) => {
      const s = await stage(t, 4, options)
      await s.label(s.pods(), 'idle')
      await s.ask(2)
      await s.bench.clock.advance(600_000)
      assert.deepEqual(
        s.writes().filter((line) => line.startsWith('patch')),
        [],
      )
    })
})

describe('a scale-in whose pods cannot be changed', () => {
  test('waits three seconds for a server that does not answer, then goes on and says so', async (t) => {
    const s = await stage(t, 5)
    await s.label(s.pods().slice(0, 2), 'idle')
    const at: Record<string, number> = {}
    s.bench.cluster.setFaults({
      async before({ verb, resource }, signal) {
        if (verb === 'writeScale' || resource === 'pods') at[verb] ??= s.bench.clock.now()
        if (verb === 'patch' && resource === 'pods') await s.bench.clock.sleep(3_600_000, signal)
      },
    })
    await s.ask(3)
    assert.equal(await s.bench.replicas(), 3)
    assert.equal((at['writeScale'] ?? 0) - (at['patch'] ?? 0), 3_000)
    assert.match((await warnings(s)).join(), /it took longer than 3000 ms/)
  })

  test('waits no longer where the watch of the pods itself hangs', async (t) => {
    const s = await stage(t, 5)
    s.bench.cluster.setFaults({
      async before({ verb, resource }, signal) {
        if (verb === 'list' && resource === 'pods') await s.bench.clock.sleep(3_600_000, signal)
      },
    })
    await s.bench.restart()
    await s.bench.clock.advance(15_000)
    await s.ask(3)
    assert.equal(await s.bench.replicas(), 3)
    assert.equal((await warnings(s)).length, 1)
  })

  test('goes on at once where Ebb is not allowed to, and names the role, once', async (t) => {
    const s = await stage(t, 9)
    await s.label(s.pods(), 'idle')
    let refused = 0
    s.onPatch(() => {
      refused++
      throw failure('CLUSTER_FORBIDDEN', { what: 'patching pods', why: 'no role' })
    })
    for (const count of [8, 7, 6]) {
      await s.ask(count)
      assert.equal(await s.bench.replicas(), count)
    }
    await s.bench.clock.advance(1_200_000)
    await s.ask(5)
    assert.equal(refused, 4)
    const told = await warnings(s)
    assert.equal(told.length, 1, told.join('\n'))
    assert.match(told[0] ?? '', /not allowed to patch pods in default; .*manifests\/deletion-cost/)
    s.bench.cluster.setFaults({})
    const [first = ''] = s.pods()
    await s.label(s.pods().slice(1), 'busy')
    await s.ask(4)
    assert.ok(!s.pods().includes(first))
  })

  test('tries nothing between scale-ins once it was refused', async (t) => {
    const s = await stage(t, 3)
    const [a = '', b = ''] = s.pods()
    let refused = 0
    s.onPatch(() => {
      refused++
      throw failure('CLUSTER_FORBIDDEN', { what: 'patching pods', why: 'no role' })
    })
    await s.setCost(a, ownCost)
    for (let i = 0; i < 20; i++) await s.label([b], i % 2 ? 'idle' : 'busy')
    assert.equal(refused, 1)
  })

  test('begins no more than eight changes that are refused, however many pods go', async (t) => {
    const s = await stage(t, 10, { spec: { minReplicaCount: 1 } })
    await s.label(s.pods(), 'idle')
    let refused = 0
    s.onPatch(() => {
      refused++
      throw failure('CLUSTER_FORBIDDEN', { what: 'patching pods', why: 'no role' })
    })
    await s.ask(1)
    assert.ok(refused > 0 && refused <= 8, String(refused))
    assert.equal(await s.bench.replicas(), 1)
  })
})

describe('what changes while a scale-in is prepared', () => {
  test('a pod that works again is not given the cost, and another idle one goes in its place', async (t) => {
    const s = await stage(t, 4)
    const [a = '', b = '', c = '', d = ''] = s.pods()
    await s.label([a, b], 'idle')
    let moved = false
    s.onPatch(async ({ name }) => {
      if (moved || name !== a) return
      moved = true
      await s.relabel(a, 'busy')
    })
    await s.ask(3)
    assert.ok(moved)
    assert.deepEqual(s.pods(), [a, c, d])
    assert.equal(s.cost(a), undefined)
  })

  test('one that never keeps still keeps nothing up, and an event says so', async (t) => {
    const s = await stage(t, 4)
    const [a = ''] = s.pods()
    await s.label([a], 'idle')
    let tries = 0
    s.onPatch(async ({ name }) => {
      tries++
      await s.touch(name, String(tries))
    })
    await s.ask(3)
    assert.equal(await s.bench.replicas(), 3)
    assert.equal(tries, 3)
    assert.match(
      (await warnings(s)).join(),
      /a pod of orders was changed by someone else meanwhile/,
    )
  })

  test('a cost that somebody sets meanwhile stays', async (t) => {
    const s = await stage(t, 4)
    const [a = '', b = ''] = s.pods()
    await s.label([a, b], 'idle')
    let set = false
    s.onPatch(async ({ name }) => {
      const first = !set && name === a
      set = true
      if (first) await s.setCost(a, '3')
    })
    await s.ask(3)
    assert.equal(s.cost(a), '3')
    assert.ok(!s.pods().includes(b))
  })

  test('demand that rises meanwhile keeps the replicas', async (t) => {
    const s = await stage(t, 5)
    await s.label(s.pods().slice(0, 2), 'idle')
    s.onPatch((_, signal) => {
      s.bench.source.queues.set('orders', 25)
      return s.bench.clock.sleep(2_900, signal).catch(() => undefined)
    })
    // polled each second, so that the rise is seen while the patch hangs
    await s.bench.change({ spec: { pollingInterval: 1 } })
    await s.bench.clock.advance(5_000)
    s.writes()
    s.bench.source.queues.set('orders', 15)
    await s.bench.clock.advance(20_000)
    assert.equal(await s.bench.replicas(), 5)
    assert.deepEqual(
      s.writes().filter((line) => line.startsWith('scale:')),
      [],
    )
  })
})

test('whatever is labelled when: no busy pod goes while there are idle ones, and never is one left with the cost', async () => {
  const step = fc.record({
    idle: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    ask: fc.integer({ min: 1, max: 8 }),
  })
  let lowered = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
      const s = await stage(undefined, 5)
      try {
        for (const { idle, ask } of steps) {
          const before = s.pods()
          const at = (pod: string): boolean => idle[before.indexOf(pod)] === true
          await s.label(before.filter(at), 'idle')
          await s.label(
            before.filter((pod) => !at(pod)),
            'busy',
          )
          await s.ask(ask)
          const after = s.pods()
          const gone = before.filter((pod) => !after.includes(pod))
          lowered += gone.length
          if (gone.some((pod) => !at(pod))) assert.ok(!after.some(at), 'an idle pod stayed')
          for (const pod of after) if (!at(pod)) assert.equal(s.cost(pod), undefined)
        }
      } finally {
        await s.bench.close()
      }
    }),
    { numRuns: 40 },
  )
  assert.ok(lowered > 40)
})
