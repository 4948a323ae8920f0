import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, scaledObject } from '../support/objects.ts'

/** Nobody polls within this test: whatever happens was pushed. */
const spec = { pollingInterval: 3_600 }
/** What the webhook wants of a target of a cpu trigger. */
const container = { resources: { requests: { cpu: '100m' } } }
const minute = 60_000

/** The start of the next minute that is at least so far away (ms). */
const minuteAfter = (ms: number): number => Math.ceil((Date.now() + ms) / minute) * minute

/** A cron trigger whose window opens at a minute (epoch ms) of UTC and stays open for half an hour. */
function windowFrom(at: number, desiredReplicas: number): object {
  const expression = (ms: number): string => {
    const date = new Date(ms)
    return `${date.getUTCMinutes()} ${date.getUTCHours()} * * *`
  }
  const [start, end] = [expression(at), expression(at + 30 * minute)]
  const metadata = { timezone: 'Etc/UTC', start, end, desiredReplicas: String(desiredReplicas) }
  return { type: 'cron', metadata }
}

const cpu = { type: 'cpu', metricType: 'Utilization', metadata: { value: '50' } }

test('scalers that ask nobody, on a real control plane', { timeout: 240_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ hpaSync: '1s', pods: true, audit: true })
  const { plane, until } = installed
  const look = looksAt(plane)
  const isAt = (name: string, count: number): Promise<unknown> =>
    until(
      `${name} is at ${count}`,
      () => look.replicas(name),
      (n) => n === count,
      90,
    )

  // its window opens while the other test runs
  const opens = minuteAfter(3_000)
  await plane.apply(
    listOf(
      deploymentObject('shift', 0, { container }),
      scaledObject('shift', [windowFrom(opens, 2), cpu], { spec }),
    ),
  )

  await t.test('kubernetes-workload follows the pods of another Deployment', async () => {
    const metadata = { podSelector: 'app=crowd', value: '2' }
    await plane.apply(
      listOf(
        deploymentObject('crowd'),
        deploymentObject('follower'),
        scaledObject('follower', [{ type: 'kubernetes-workload', metadata }], {
          spec: { ...spec, cooldownPeriod: 1 },
        }),
      ),
    )
    await until(
      'follower is Ready',
      () => look.ready('follower'),
      (reason) => reason === 'ScaledObjectReady',
    )
    assert.equal(await look.replicas('follower'), 0)
    await plane.kubectl('scale', 'deployment', 'crowd', '--replicas=6')
    await isAt('follower', 3)
    await plane.kubectl('scale', 'deployment', 'crowd', '--replicas=0')
    await isAt('follower', 0)
  })

  await t.test('a cron window that opens wakes at its minute, with cpu on the HPA', async () => {
    const resources = await look.path('hpa', 'keda-hpa-shift', '{.spec.metrics[*].resource}')
    assert.deepEqual(JSON.parse(resources), {
      name: 'cpu',
      target: { type: 'Utilization', averageUtilization: 50 },
    })
    await isAt('shift', 2)
    const [first] = (await plane.audit()).filter(
      ({ verb, objectRef }) =>
        ['update', 'patch'].includes(verb) &&
        objectRef?.name === 'shift' &&
        objectRef.subresource === 'scale',
    )
    const woken = Date.parse(first?.requestReceivedTimestamp ?? '')
    assert.ok(woken >= opens, `woken ${opens - woken} ms before the window`)
    assert.equal((await look.condition('shift', 'Active')).status, 'True')
  })
})
