import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { fleetDefinition, mayScaleFleets } from '../support/fleet.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, prometheusTrigger, scaledObject } from '../support/objects.ts'

const advanced = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}

test(
  'somebody else writes the replicas in direct mode, on a real control plane',
  { timeout: 300_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, or a control plane built before')) return
    await using installed = await installEbb({ pods: true, audit: true, hpaSync: '1s' })
    const { plane, until } = installed
    const look = looksAt(plane)
    const source = await startFakePrometheus()
    t.after(() => source.close())

    const workload = (name: string, spec: object = {}): object =>
      scaledObject(name, [prometheusTrigger(name, { url: source.url })], {
        metadata: { annotations: { 'ebb.dev/scaling': 'direct' } },
        spec: { maxReplicaCount: 9, advanced, ...spec },
      })
    const reaches = (name: string, count: number): Promise<number> =>
      until(
        `${name} has ${count} replicas`,
        () => look.replicas(name),
        (n) => n === count,
        60,
      )
    const stands = (name: string, reason: string): Promise<string> =>
      until(
        `${name} is ${reason}`,
        () => look.ready(name),
        (found) => found === reason,
        60,
      )
    const scaledBy = async (manager: string, kind: string, name: string, replicas: number) => {
      const patch = JSON.stringify({ spec: { replicas } })
      const how = ['--subresource=scale', '--type=merge', `--field-manager=${manager}`, '-p', patch]
      await plane.kubectl('patch', kind, name, ...how)
    }
    /** What Ebb wrote to a scale since then. */
    const scaled = async (name: string, since: string): Promise<readonly string[]> =>
      (await look.writes(since)).filter((w) => w.includes('/scale') && w.endsWith(`/${name}`))

    await t.test(
      'once is honoured, twice stops Ebb, and a word of the user lets it go on',
      async () => {
        source.values.set('twice', 30)
        await plane.apply(listOf(deploymentObject('twice'), workload('twice')))
        await reaches('twice', 3)
        await plane.kubectl('scale', 'deployment', 'twice', '--replicas=6')
        await reaches('twice', 3)
        await scaledBy('other', 'deployment', 'twice', 7)
        await reaches('twice', 3)
        const since = new Date().toISOString()
        await scaledBy('other', 'deployment', 'twice', 8)
        await stands('twice', 'ReplicasContested')
        const { status, message } = await look.condition('twice')
        assert.equal(status, 'False')
        assert.match(message, /^other \(Update of scale\) writes spec\.replicas too/)
        const events = await until(
          'the event is there',
          () => look.events('twice'),
          (lines) => lines.some((line) => line.startsWith('ReplicasContested')),
        )
        assert.ok(events.some((line) => line.startsWith('ReplicasContested other')))
        // the queue is read all the same
        source.values.set('twice', 0)
        await until(
          'its trigger is idle',
          () => look.condition('twice', 'Active'),
          (active) => active.status === 'False',
        )
        assert.deepEqual(await scaled('twice', since), [])
        assert.equal(await look.replicas('twice'), 8)
        const gets = (await look.requests(since)).filter(
          ({ verb, objectRef: { resource, name, subresource } = {} }) =>
            verb === 'get' && resource === 'deployments' && name === 'twice' && !subresource,
        )
        assert.equal(gets.length, 1)
        source.values.set('twice', 20)
        await plane.kubectl('annotate', 'so', 'twice', 'example.test/resumed=now')
        await reaches('twice', 2)
        await stands('twice', 'ScaledObjectReady')
      },
    )

    await t.test('who applies a count over and over is named too', async () => {
      source.values.set('applied', 30)
      await plane.apply(listOf(deploymentObject('applied'), workload('applied')))
      await reaches('applied', 3)
      const apply = async (replicas: number): Promise<void> => {
        const manifest = JSON.stringify(deploymentObject('applied', replicas))
        const how = ['--server-side', '--force-conflicts', '--field-manager=argocd-controller']
        const { code, stderr } = await plane.tryKubectl(manifest, 'apply', ...how, '-f', '-')
        assert.equal(code, 0, stderr)
      }
      await apply(5)
      await reaches('applied', 3)
      await apply(5)
      await stands('applied', 'ReplicasContested')
      assert.match((await look.condition('applied')).message, /^argocd-controller \(Apply\) writes/)
      assert.equal(await look.replicas('applied'), 5)
    })

    await t.test('a kind of its own is watched over too', async () => {
      await plane.apply(listOf(fleetDefinition('workers'), mayScaleFleets))
      await plane.kubectl('wait', '--for=condition=Established', 'crd/fleets.example.test')
      const fleet = {
        apiVersion: 'example.test/v1',
        kind: 'Fleet',
        metadata: { name: 'fleet', namespace: 'default' },
        spec: { workers: 0 },
      }
      const scaleTargetRef = { apiVersion: 'example.test/v1', kind: 'Fleet', name: 'fleet' }
      source.values.set('fleet', 30)
      await plane.apply(listOf(fleet, workload('fleet', { scaleTargetRef })))
      const workers = (count: number): Promise<string> =>
        until(
          `the fleet has ${count} workers`,
          () => look.path('fleet', 'fleet', '{.spec.workers}'),
          (n) => n === String(count),
          60,
        )
      await workers(3)
      const patch = JSON.stringify({ spec: { workers: 1 } })
      const edit = [
        'patch',
        'fleet',
        'fleet',
        '--type=merge',
        '--field-manager=editor',
        '-p',
        patch,
      ]
      await plane.kubectl(...edit)
      await workers(3)
      await plane.kubectl(...edit)
      await stands('fleet', 'ReplicasContested')
      assert.match((await look.condition('fleet')).message, /^editor \(Update\) writes/)
      await workers(1)
    })

    await t.test(
      'an HPA that is made by hand is named, and Ebb goes on when it is gone',
      async () => {
        source.values.set('handmade', 30)
        await plane.apply(listOf(deploymentObject('handmade'), workload('handmade')))
        await reaches('handmade', 3)
        const hpa = {
          apiVersion: 'autoscaling/v2',
          kind: 'HorizontalPodAutoscaler',
          metadata: { name: 'by-hand', namespace: 'default' },
          spec: {
            scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'handmade' },
            // below its minimum it needs no metric
            minReplicas: 5,
            maxReplicas: 9,
          },
        }
        await plane.apply(JSON.stringify(hpa))
        await stands('handmade', 'ScaledObjectCheckFailed')
        const since = new Date().toISOString()
        assert.match((await look.condition('handmade')).message, /by-hand/)
        await reaches('handmade', 5)
        source.values.set('handmade', 90)
        // as long as a few polls of another workload take
        source.values.set('applied', 0)
        await until(
          'others are polled',
          () => look.condition('applied', 'Active'),
          (active) => active.status === 'False',
        )
        assert.deepEqual(await scaled('handmade', since), [])
        assert.equal(await look.replicas('handmade'), 5)
        await plane.kubectl('delete', 'hpa', 'by-hand')
        await reaches('handmade', 9)
        await stands('handmade', 'ScaledObjectReady')
      },
    )
  },
)
