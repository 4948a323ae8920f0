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
const awake = (i: number): boolean => i % 10 === 0
const failing = 7
const invalid = 8

/** Most sleep; every tenth is awake, and many have what a careless comparison would write again with every look. */
function workload(i: number, { url }: FakePrometheus): readonly object[] {
  const name = `w${i}`
  const metadata = { ...(i === invalid && { threshold: 'many' }) }
  return [
    deploymentObject(name),
    scaledObject(name, [prometheusTrigger(name, { url, metadata })], {
      metadata: {
        ...(i % 3 === 0 && { labels: { team: 'a', tier: 'b' } }),
        ...(i % 5 === 0 && { annotations: { note: 'kept on the HPA' } }),
      },
      spec: {
        pollingInterval: 5,
        maxReplicaCount: 3,
        ...(i % 7 === 0 && { minReplicaCount: 2, idleReplicaCount: 0 }),
        ...(i % 4 === 0 && {
          advanced: {
            horizontalPodAutoscalerConfig: {
              behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
            },
          },
        }),
      },
    }),
  ]
}

test('at rest, 200 workloads cost no write but the Lease', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  const source = await startFakePrometheus()
  t.after(() => source.close())
  await using installed = await installEbb({ audit: true, hpaSync: '5s' })
  const { plane, until } = installed
  const look = looksAt(plane)
  const all = Array.from({ length: count }, (_, i) => i)
  for (const i of all.filter(awake)) source.values.set(`w${i}`, 30)
  source.failing.add(`w${failing}`)
  await plane.apply(listOf(...all.flatMap((i) => workload(i, source))))
  const column = async (kind: string, path: string): Promise<readonly string[]> => {
    const line = `jsonpath={range .items[*]}${path}{"\\n"}{end}`
    return (await plane.kubectl('get', kind, '-o', line)).split('\n').filter(Boolean)
  }
  await until(
    'every workload stands as it should',
    () => column('so', '{.status.conditions[?(@.type=="Ready")].reason}'),
    (reasons) =>
      reasons.filter((r) => r === 'ScaledObjectReady').length === count - 2 &&
      reasons.includes('TriggerError') &&
      reasons.includes('ScaledObjectCheckFailed'),
    120,
  )
  await until(
    'the awake ones are scaled by their HPAs',
    () => column('deployments', '{.spec.replicas}'),
    (replicas) => replicas.filter((n) => n === '3').length === all.filter(awake).length,
    120,
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

  await t.test('deleted, all of them go, and their HPAs with them', async () => {
    await plane.kubectl('delete', 'so', '--all', '--timeout=60s')
    const hpas = (): Promise<readonly string[]> => column('hpa', '{.metadata.name}')
    await until('the HPAs are collected', hpas, (names) => names.length === 0, 60)
  })
})
