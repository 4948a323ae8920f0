import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus, type FakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, prometheusTrigger, scaledObject } from '../support/objects.ts'

const count = 200
/** How long nothing may be written, in seconds. */
const rest = 120
const failing = 7
const invalid = 8

/** What a workload is besides asleep and scaled by an HPA, by its number's remainder of 20. */
const variants = {
  0: 'awake',
  1: 'direct',
  2: 'cpu',
  3: 'paused at a count',
  4: 'asleep beside cpu',
  5: 'shadow',
  6: 'sum',
  9: 'modified',
  10: 'awake',
  11: 'direct',
  12: 'awake beside memory',
  13: 'paused',
  15: 'in fallback',
  16: 'direct in fallback',
  17: 'job with work',
  18: 'job without',
  19: 'job paused',
} as const
type Variant = (typeof variants)[keyof typeof variants] | 'asleep'
const variantOf = (i: number): Variant =>
  Object.entries(variants).find(([key]) => Number(key) === i % 20)?.[1] ?? 'asleep'
const isJob = (i: number): boolean => variantOf(i).startsWith('job')

const annotationsOf: Partial<Record<Variant, Readonly<Record<string, string>>>> = {
  direct: { 'ebb.dev/scaling': 'direct' },
  'direct in fallback': { 'ebb.dev/scaling': 'direct' },
  'paused at a count': { 'autoscaling.keda.sh/paused-replicas': '1' },
  paused: { 'autoscaling.keda.sh/paused': 'true' },
  'job paused': { 'autoscaling.keda.sh/paused': 'true' },
  shadow: { 'ebb.dev/mode': 'shadow' },
  sum: { 'ebb.dev/demand': 'sum' },
}
/** Where work waits, and the replicas that are there in the end; with what waits elsewhere nothing may be done. */
const replicasOf: Partial<Record<Variant, number>> = {
  awake: 3,
  direct: 3,
  sum: 3,
  modified: 3,
  'awake beside memory': 3,
  'in fallback': 2,
  'direct in fallback': 2,
  'paused at a count': 1,
  paused: 0,
  shadow: 0,
}
const isBusy = (i: number): boolean =>
  variantOf(i) === 'job with work' || replicasOf[variantOf(i)] !== undefined

/** What an HPA measures by itself, of pods or of a container; metrics.k8s.io is not there, so that it never can. */
const measured: Partial<Record<Variant, object>> = {
  cpu: { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } },
  'asleep beside cpu': { type: 'cpu', metricType: 'AverageValue', metadata: { value: '500m' } },
  'awake beside memory': {
    type: 'memory',
    metricType: 'Utilization',
    metadata: { value: '70', containerName: 'main' },
  },
}
const requesting = { container: { resources: { requests: { cpu: '100m', memory: '64Mi' } } } }

/** What a careless comparison would write again with every look: labels, annotations, a behavior the server completes. */
function workload(i: number, { url }: FakePrometheus): readonly object[] {
  const name = `w${i}`
  const variant = variantOf(i)
  const metadata = {
    ...(i % 3 === 0 && { labels: { team: 'a', tier: 'b' } }),
    annotations: { ...(i % 4 === 0 && { note: 'kept on the HPA' }), ...annotationsOf[variant] },
  }
  const trigger = {
    ...prometheusTrigger(name, { url, metadata: { ...(i === invalid && { threshold: 'many' }) } }),
    name: 'work',
  }
  if (isJob(i)) return [scaledJobObject(name, [trigger], metadata)]
  const other = { ...prometheusTrigger(`${name} more`, { url }), name: 'more' }
  const spec = {
    pollingInterval: 5,
    maxReplicaCount: 3,
    ...(i % 7 === 0 && { minReplicaCount: 2, idleReplicaCount: 0 }),
    // without any other trigger nothing could ever wake it
    ...(variant === 'cpu' && { minReplicaCount: 1, idleReplicaCount: undefined }),
    ...(variant.endsWith('in fallback') && { fallback: { failureThreshold: 1, replicas: 2 } }),
    advanced: {
      ...(i % 8 < 4 && {
        horizontalPodAutoscalerConfig: {
          behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
        },
      }),
      ...(variant === 'modified' && {
        scalingModifiers: { formula: 'max([work, more])', target: '10' },
      }),
    },
  }
  const target = deploymentObject(name, 0, measured[variant] && requesting)
  return [target, scaledObject(name, triggersOf(variant, trigger, other), { metadata, spec })]
}

function triggersOf(variant: Variant, work: object, more: object): readonly object[] {
  const own = measured[variant]
  const named = variant === 'sum' || variant === 'modified' ? [work, more] : [work]
  return [...(variant === 'cpu' ? [] : named), ...(own ? [own] : [])]
}

const scaledJobObject = (name: string, triggers: readonly object[], metadata: object): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledJob',
  metadata: { name, namespace: 'default', ...metadata },
  spec: {
    jobTargetRef: {
      template: {
        spec: { containers: [{ name: 'main', image: 'none' }], restartPolicy: 'Never' },
      },
    },
    pollingInterval: 5,
    maxReplicaCount: 1,
    triggers,
  },
})

const wantedOf = (i: number): number =>
  variantOf(i) === 'cpu' ? 1 : (replicasOf[variantOf(i)] ?? 0)

/** What its conditions must say before the rest begins, as `Ready's reason, Paused, Fallback`. */
function standingOf(i: number): RegExp {
  const variant = variantOf(i)
  if (variant === 'shadow') return /^,,$/
  if (variant.startsWith('paused')) return /,True,/
  if (variant.endsWith('in fallback')) return /,True$/
  if (i === failing) return /^TriggerError,/
  return i === invalid ? /^ScaledObjectCheckFailed,/ : /^ScaledObjectReady,/
}

test(
  'at rest, 200 workloads of every kind cost no write but the Lease',
  { timeout: 600_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, or a control plane built before')) return
    const source = await startFakePrometheus()
    t.after(() => source.close())
    await using installed = await installEbb({ audit: true, hpaSync: '5s' })
    const { plane, until } = installed
    const look = looksAt(plane)
    const all = Array.from({ length: count }, (_, i) => i)
    for (const i of all.filter(isBusy)) source.values.set(`w${i}`, 30)
    for (const i of all) {
      if (variantOf(i).endsWith('in fallback') || i === failing) source.failing.add(`w${i}`)
    }
    await plane.apply(listOf(...all.flatMap((i) => workload(i, source))))
    const column = async (kind: string, path: string): Promise<ReadonlyMap<string, string>> => {
      const line = `jsonpath={range .items[*]}{.metadata.name} ${path}{"\\n"}{end}`
      const lines = (await plane.kubectl('get', kind, '-o', line)).split('\n').filter(Boolean)
      return new Map(lines.map((text) => [text.split(' ')[0] ?? '', text.split(' ')[1] ?? '']))
    }
    const conditions = ['Ready")].reason', 'Paused")].status', 'Fallback")].status']
      .map((rest) => `{.status.conditions[?(@.type=="${rest}}`)
      .join(',')
    const objects = all.filter((i) => !isJob(i))
    await until(
      'every workload stands as it should',
      async () => {
        const found = await column('so', conditions)
        return objects
          .filter((i) => !standingOf(i).test(found.get(`w${i}`) ?? ''))
          .map((i) => `w${i} ${variantOf(i)}: ${found.get(`w${i}`)}`)
      },
      (others) => others.length === 0,
      180,
    )
    await until(
      'those with work have their replicas',
      async () => {
        const found = await column('deployments', '{.spec.replicas}')
        return objects
          .filter((i) => Number(found.get(`w${i}`)) !== wantedOf(i))
          .map((i) => `w${i} ${variantOf(i)}: ${found.get(`w${i}`)}`)
      },
      (others) => others.length === 0,
      180,
    )
    await until(
      'those with Jobs have one each',
      () => column('jobs', ''),
      (names) => names.size === all.filter((i) => variantOf(i) === 'job with work').length,
      60,
    )

    // what follows from the last step comes to rest too: three looks of the HPA controller, a status each
    await delay(15_000)
    const since = new Date().toISOString()
    await delay(rest * 1_000)
    const writes = await look.writes(since)
    const others = writes.filter((write) => write !== 'update leases ebb/ebb')
    assert.deepEqual(others, [])
    const renewals = writes.length - others.length
    assert.ok(renewals >= rest / 4, `only ${renewals} renewals: Ebb was not at work`)

    await t.test('deleted, all of them go, and their HPAs and Jobs with them', async () => {
      await plane.kubectl('delete', 'so,sj', '--all', '--timeout=60s')
      const left = (): Promise<ReadonlyMap<string, string>> => column('hpa,jobs', '')
      await until('HPAs and Jobs are collected', left, (names) => names.size === 0, 60)
    })
  },
)
