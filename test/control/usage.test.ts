import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { decide } from '../../src/core/decide.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { PodMetrics, ScaledObjectSpec, TriggerSpec, Workload } from '../../src/resources.ts'
import { createUsage } from '../../src/control/usage.ts'
import { resourceTriggers } from '../../src/core/resource-trigger.ts'
import type { PodView } from '../../src/scaler.ts'
import { manualClock } from '../support/clock.ts'
import { deployment, forever, openBench, scaledObject, type Bench } from '../support/controller.ts'
import { podMetricsDefinition } from '../support/pod-metrics.ts'

const direct = { 'ebb.dev/scaling': 'direct' }
const eager = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}
/** Half of the 100m that each pod requests. */
const cpu: TriggerSpec = { type: 'cpu', metricType: 'Utilization', metadata: { value: '50' } }
const memory: TriggerSpec = {
  type: 'memory',
  metricType: 'AverageValue',
  metadata: { value: '100Mi' },
}
const queue: TriggerSpec = { type: 'queue', metadata: { queue: 'orders', length: '5' } }
const minute = 60_000

const usageOf = (
  all: { readonly cpu: number; readonly memory: number },
  pods: number,
): Readonly<Record<string, string>> => ({
  cpu: `${Math.round((all.cpu * 1e6) / pods)}n`,
  memory: `${Math.round((all.memory * 1024) / pods)}Ki`,
})

/** A Deployment whose pods request 100m of cpu and 200Mi of memory. */
function requesting(
  replicas: number,
  requests: object = { cpu: '100m', memory: '200Mi' },
): Workload {
  const plain = deployment('orders', replicas)
  const containers = [{ name: 'main', image: 'image', resources: { requests } }]
  return {
    ...plain,
    spec: { ...plain.spec, template: { ...plain.spec?.template, spec: { containers } } },
  } as Workload
}

type Refusal = 'CLUSTER_UNREACHABLE' | 'CLUSTER_FORBIDDEN' | 'CLUSTER_THROTTLED' | 'CLUSTER_FAILED'

interface Stage {
  readonly bench: Bench
  /** What the pods use together from now on, in thousandths of a core and in MiB; undefined: none of them is measured. */
  readonly load: (cpu: number | undefined, memory?: number) => void
  /** How the metrics API fails from now on. */
  readonly refuse: (code: Refusal | undefined) => void
  /** What was asked of it, as `namespace selector`. */
  readonly lists: string[]
  /** Goes on for so long; what pods use is measured anew every five seconds. */
  readonly go: (ms: number) => Promise<void>
  readonly view: () => Promise<
    NonNullable<Awaited<ReturnType<ReturnType<Bench['controller']>['insight']['get']>>>
  >
}

async function stage(
  t: TestContext,
  triggers: readonly TriggerSpec[],
  options: {
    readonly replicas?: number
    readonly served?: boolean
    readonly spec?: Partial<ScaledObjectSpec>
    readonly annotations?: Readonly<Record<string, string>>
    readonly target?: Workload
    /** The whole process is in shadow. */
    readonly shadow?: boolean
  } = {},
): Promise<Stage> {
  const { replicas = 2, served = true, spec = {}, annotations = direct } = options
  const lists: string[] = []
  let refusal: Refusal | undefined
  const bench = await openBench({
    hpasRead: true,
    shared: options.shadow === true ? { writes: () => false } : {},
    through: (cluster) => ({
      ...cluster,
      list(kind, where, signal) {
        if (kind.kind === 'PodMetrics') {
          lists.push(`${where.namespace} ${where.labelSelector}`)
          if (refusal) throw failure(refusal, { server: 'here', what: 'it', why: 'so' })
        }
        return cluster.list(kind, where, signal)
      },
    }),
    embedded: { definitions: served ? [podMetricsDefinition] : [], podStart: 100 },
  })
  t.after(() => bench.close())
  let used: { readonly cpu: number; readonly memory: number } | undefined
  const measure = async (): Promise<void> => {
    if (!served) return
    const pods = bench.cluster.pods('default', 'app=orders')
    for (const { metadata } of pods) {
      const { name, namespace = '', labels = {} } = metadata
      const ref = { namespace, name }
      await bench.cluster.remove(kinds.podMetrics, ref, {}, forever)
      if (used === undefined) continue
      const timestamp = new Date(bench.clock.now()).toISOString()
      const object: PodMetrics = {
        metadata: { name, namespace, labels },
        timestamp,
        window: '10s',
        containers: [{ name: 'main', usage: usageOf(used, pods.length) }],
      }
      await bench.cluster.create(kinds.podMetrics, object, forever)
    }
  }
  const go = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 5_000) {
      await measure()
      await bench.clock.advance(Math.min(left, 5_000))
    }
  }
  await bench.cluster.create(kinds.deployment, options.target ?? requesting(replicas), forever)
  const object = scaledObject(
    { triggers, advanced: eager, minReplicaCount: 1, maxReplicaCount: 40, ...spec },
    { annotations },
  )
  await bench.cluster.create(kinds.scaledObject, object, forever)
  return {
    bench,
    go,
    lists,
    load(cores, mebibytes = 1) {
      used = cores === undefined ? undefined : { cpu: cores, memory: mebibytes }
    },
    refuse(code) {
      refusal = code
    },
    view: async () =>
      (await bench.controller().insight.get('default', 'orders')) ?? assert.fail('no view'),
  }
}

describe('cpu and memory without an HPA', () => {
  test('cpu scales by the share of the requests, up and down', async (t) => {
    const { bench, go, load, view } = await stage(t, [cpu])
    load(100)
    await go(6 * minute)
    assert.equal(await bench.replicas(), 2)
    assert.equal((await view()).mode, 'direct')
    load(190)
    await go(6 * minute)
    assert.equal(await bench.replicas(), 4)
    assert.equal(await bench.hpa(), undefined)
    load(20)
    await go(minute)
    assert.equal(await bench.replicas(), 1)
    assert.equal((await bench.condition('Ready')).status, 'True')
    assert.equal((await bench.condition('Active')).status, 'True')
  })

  test('memory scales by what each pod uses', async (t) => {
    const { bench, go, load } = await stage(t, [memory])
    load(1, 200)
    await go(minute)
    assert.equal(await bench.replicas(), 2)
    load(1, 480)
    await go(minute)
    assert.equal(await bench.replicas(), 5)
  })

  test('of one container', async (t) => {
    const one = { ...cpu, metadata: { value: '50', containerName: 'main' } }
    const { bench, go, load } = await stage(t, [one])
    load(200)
    await go(6 * minute)
    assert.equal(await bench.replicas(), 4)
  })

  test('beside a queue the most counts', async (t) => {
    // with the window of five minutes: while pods start, an HPA too would take them away again
    const { bench, go, load } = await stage(t, [cpu, queue], { spec: { advanced: {} } })
    bench.source.queues.set('orders', 15)
    load(100)
    await go(6 * minute)
    assert.equal(await bench.replicas(), 3)
    load(240)
    await go(6 * minute)
    assert.equal(await bench.replicas(), 5)
  })

  test('pods that start burn cpu that says nothing', async (t) => {
    const { bench, go, load, view } = await stage(t, [cpu])
    load(1_000)
    await bench.clock.advance(2_000)
    // measured for less than a window since they are ready
    await go(10_000)
    assert.equal(await bench.replicas(), 2)
    assert.match(
      JSON.stringify((await view()).situation),
      /no usage of a pod that is ready is known yet/,
    )
    await go(20_000)
    assert.ok((await bench.replicas()) > 2)
  })

  test('a workload of one container that requests nothing is not ready, and says why', async (t) => {
    const { bench, go, load } = await stage(t, [cpu], { target: requesting(3, {}) })
    load(1_500)
    await go(minute)
    assert.equal(await bench.replicas(), 3)
    const { reason, message } = await bench.condition('Ready')
    assert.equal(reason, 'PartialTriggerError')
    assert.match(message ?? '', /cpu: container main requests no cpu/)
  })

  test('an API that is not there is an error, never zero', async (t) => {
    const { bench, go } = await stage(t, [cpu, queue], { served: false, replicas: 4 })
    bench.source.queues.set('orders', 0)
    await go(60 * minute)
    assert.equal(await bench.replicas(), 4)
    const { reason, message } = await bench.condition('Ready')
    assert.equal(reason, 'TriggerError')
    assert.match(message ?? '', /cpu: nobody serves metrics\.k8s\.io in this cluster/)
    const { status } = await bench.scaledObject()
    assert.deepEqual(Object.keys(status?.triggersActivity ?? {}), ['s1-memory-orders'])
    bench.source.queues.set('orders', 45)
    await go(20_000)
    assert.ok((await bench.replicas()) > 4)
  })

  for (const [what, code, said] of [
    ['cannot be reached', 'CLUSTER_UNREACHABLE', /cannot reach metrics\.k8s\.io/],
    ['refuses Ebb', 'CLUSTER_FORBIDDEN', /not allowed to list pods of metrics\.k8s\.io in default/],
    ['asks for fewer requests', 'CLUSTER_THROTTLED', /metrics\.k8s\.io asks for fewer requests/],
    ['fails', 'CLUSTER_FAILED', /metrics\.k8s\.io answered with an error/],
  ] as const)
    test(`an API that ${what} is an error, and is used again once it answers`, async (t) => {
      const { bench, go, load, refuse } = await stage(t, [cpu], { replicas: 4 })
      load(200)
      await go(6 * minute)
      refuse(code)
      load(40)
      await go(20 * minute)
      assert.equal(await bench.replicas(), 4)
      const { status, message } = await bench.condition('Ready')
      assert.equal(status, 'Unknown')
      assert.match(message ?? '', said)
      bench.writes.length = 0
      await go(20 * minute)
      assert.deepEqual(bench.writes, [])
      refuse(undefined)
      await go(25_000)
      assert.equal(await bench.replicas(), 1)
      assert.equal((await bench.condition('Ready')).status, 'True')
    })

  test('pods of which nothing is known yet lower nothing and are no failure', async (t) => {
    const { bench, go, load, view } = await stage(t, [cpu, queue], { replicas: 4 })
    bench.source.queues.set('orders', 5)
    load(undefined)
    await go(10 * minute)
    assert.equal(await bench.replicas(), 4)
    assert.equal((await view()).decision?.because, 'unmeasured')
    assert.equal((await bench.condition('Ready')).status, 'True')
  })

  test('at zero nobody is asked, and only the queue wakes it', async (t) => {
    const { bench, go, load, lists, view } = await stage(t, [cpu, queue], {
      replicas: 0,
      spec: { minReplicaCount: 0 },
    })
    await go(30 * minute)
    assert.equal(await bench.replicas(), 0)
    assert.deepEqual(lists, [])
    bench.source.queues.set('orders', 12)
    load(30)
    await go(15_000)
    assert.equal(await bench.replicas(), 3)
    bench.source.queues.set('orders', 0)
    await go(10 * minute)
    assert.equal(await bench.replicas(), 0)
    const { status } = await bench.scaledObject()
    assert.deepEqual(Object.keys(status?.triggersActivity ?? {}), ['s1-memory-orders'])
    assert.equal((await view()).decision?.because, 'settled')
  })

  test('writes nothing where nothing changes', async (t) => {
    const { bench, go, load } = await stage(t, [cpu, memory, queue])
    load(100, 200)
    bench.source.queues.set('orders', 10)
    await go(6 * minute)
    bench.writes.length = 0
    await go(30 * minute)
    assert.deepEqual(bench.writes, [])
  })

  test('every record is decided the same again', async (t) => {
    const { go, load, view } = await stage(t, [cpu, queue])
    for (const cores of [100, 180, undefined, 20]) {
      load(cores)
      await go(6 * minute)
    }
    const { records } = await view()
    assert.ok(records.length >= 3)
    for (const { situation, decision } of records) {
      if ('pending' in situation) assert.fail('a situation of Jobs')
      const { until: _, ...known } = { until: undefined, ...decision }
      const { until: __, ...again } = { until: undefined, ...decide(structuredClone(situation)) }
      assert.deepEqual(again, known)
    }
  })

  test('is asked once per period for all triggers and workloads on the same pods, and no more after a move to an HPA', async (t) => {
    const { bench, go, load, lists } = await stage(t, [cpu, memory])
    load(100)
    await go(minute)
    lists.length = 0
    await go(minute)
    assert.equal(lists.length, 6)
    assert.equal(new Set(lists).size, 1)
    assert.equal(lists[0], 'default app=orders')
    await bench.change({ metadata: { annotations: { 'ebb.dev/scaling': null } } })
    await go(minute)
    assert.ok(await bench.hpa())
    lists.length = 0
    await go(10 * minute)
    assert.deepEqual(lists, [])
    await bench.change({ metadata: { annotations: direct } })
    await go(minute)
    assert.ok(lists.length > 0)
    await bench.change({ metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } })
    await go(1_000)
    lists.length = 0
    await go(10 * minute)
    assert.deepEqual(lists, [])
  })

  test('where the whole process is in shadow, HPAs measure, and Ebb would lower nothing', async (t) => {
    const more = { annotations: {}, shadow: true, replicas: 4 }
    const { bench, go, load, lists, view } = await stage(t, [cpu, queue], more)
    bench.source.queues.set('orders', 5)
    load(200)
    await go(6 * minute)
    assert.equal((await view()).decision?.because, 'unmeasured')
    bench.source.queues.set('orders', 30)
    await go(20_000)
    assert.deepEqual((await view()).records.at(-1)?.write, { kind: 'shadow', from: 4, to: 6 })
    assert.deepEqual([lists, bench.writes], [[], []])
  })

  test('a restart lowers nothing before the metrics API has answered again', async (t) => {
    const { bench, go, load, refuse } = await stage(t, [cpu], { replicas: 4 })
    load(200)
    await go(6 * minute)
    load(20)
    refuse('CLUSTER_UNREACHABLE')
    await bench.restart()
    await go(10 * minute)
    assert.equal(await bench.replicas(), 4)
    refuse(undefined)
    await go(25_000)
    assert.equal(await bench.replicas(), 1)
  })

  test('with demand: sum, cpu stands beside the sum of the queues', async (t) => {
    const annotations = { ...direct, 'ebb.dev/demand': 'sum' }
    const mails = { type: 'queue', metadata: { queue: 'mails', length: '5' } }
    const { bench, go, load } = await stage(t, [cpu, queue, mails], { annotations })
    bench.source.queues.set('orders', 5)
    bench.source.queues.set('mails', 10)
    load(150)
    await go(6 * minute)
    assert.equal(await bench.replicas(), 3)
    load(240)
    await go(6 * minute)
    assert.equal(await bench.replicas(), 5)
  })

  test('in shadow shows what an HPA would do', async (t) => {
    const annotations = { 'ebb.dev/mode': 'shadow' }
    const { bench, go, load, view } = await stage(t, [cpu], { annotations })
    load(200)
    await go(6 * minute)
    assert.deepEqual((await view()).records.at(-1)?.write, { kind: 'shadow', from: 2, to: 4 })
    assert.deepEqual(bench.writes, [])
  })
})

test('what was measured before a suspension says nothing of now', () => {
  const clock = manualClock()
  const at = clock.now()
  const measure = { at, window: 10_000, containers: [{ name: 'main', cpu: 90, memory: 1 }] }
  const background = {
    leaving: false,
    started: at - 60 * minute,
    readiness: { status: 'True', since: at - 59 * minute },
    containers: [{ name: 'main', cpu: 100, memory: 1 }],
    whole: undefined,
  }
  const pod = {
    name: 'a',
    phase: 'Running',
    ready: true,
    node: 'n',
    conditions: [],
    job: undefined,
  }
  const view: PodView = {
    synced: Promise.resolve(),
    stale: undefined,
    list: () => [{ ...pod, report: undefined, background }],
    onChange: () => () => {},
    release() {},
  }
  const sample = {
    answer: { kind: 'value', value: new Map([['a', measure]]) },
    at,
    took: 5,
    before: undefined,
  } as const
  const usage = createUsage({
    // only what is asked of them here
    clock: { ...clock, now: () => at + late },
    engine: { subscribe: () => ({ latest: () => sample, repeat() {}, close() {} }) } as never,
    scaler: {} as never,
    pods: { selector: 'app=a', problem: undefined, view: () => view } as never,
    answered() {},
  })
  const resolved = {
    resources: resourceTriggers([cpu]).resources,
    settings: { period: 10_000 },
    target: { namespace: 'default', name: 'a' },
  } as never
  let late = 20_000
  assert.equal(usage.look(resolved)[0]?.facts.value, 90)
  late = 20_001
  const [measured] = usage.look(resolved)
  assert.deepEqual(measured?.reading.read, {
    kind: 'missing',
    reason: 'FailedGetResourceMetric',
    message: 'it was measured too long ago',
    lasting: false,
  })
  assert.equal(measured?.facts.state, 'resource')
})
