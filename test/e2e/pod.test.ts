import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart, startControlPlane, type ControlPlane } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { ofDeployment, point, until } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, prometheusTrigger, scaledObject } from '../support/objects.ts'
import { canContain, startPod, type Pod, type PodParts, type PodSpec } from '../support/pod.ts'
import { build } from '../support/process.ts'

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })

/** What a kubelet gives the pod besides its spec: its fields, the Services of its namespace, its account, its volumes. */
async function nodeOf(plane: ControlPlane, folder: string): Promise<PodParts> {
  const token = (...more: readonly string[]): Promise<string> =>
    plane.kubectl('-n', 'ebb', 'create', 'token', 'ebb', ...more)
  const { hostname, port } = new URL(plane.server)
  return {
    folder,
    fields: { 'metadata.namespace': 'ebb', 'status.podIP': '127.0.0.1' },
    env: {
      HOSTNAME: 'ebb-7d9f8c6b5-x2x4z',
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      // the Service of the manifests is in the environment too, in names that begin as Ebb's own do
      EBB_SERVICE_HOST: '10.0.0.9',
      EBB_SERVICE_PORT: '443',
      EBB_SERVICE_PORT_HTTPS: '443',
      EBB_SERVICE_PORT_HTTP: '8080',
      EBB_SERVICE_PORT_GRPC: '9666',
      EBB_PORT: 'tcp://10.0.0.9:443',
      EBB_PORT_443_TCP: 'tcp://10.0.0.9:443',
      EBB_PORT_443_TCP_PROTO: 'tcp',
      EBB_PORT_443_TCP_PORT: '443',
      EBB_PORT_443_TCP_ADDR: '10.0.0.9',
    },
    files: {
      account: {
        token: (await token('--duration', '1h')).trim(),
        'ca.crt': await readFile(plane.pki.ca.cert, 'utf8'),
        namespace: 'ebb',
      },
      'azure-token': {
        token: (await token('--audience', 'api://AzureADTokenExchange', '--duration', '1h')).trim(),
      },
    },
  }
}

/** Probes it for as long as it lives, as a kubelet does; how often in a row the liveness probe failed at worst. */
function watchLiveness(pod: Pod, { containers: [{ livenessProbe }] }: PodSpec) {
  const stop = new AbortController()
  let failed = 0
  let worst = 0
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      failed = (await pod.probe(livenessProbe)) ? 0 : failed + 1
      worst = Math.max(worst, failed)
      // oftener than a kubelet, so that a short test sees as much
      await delay(1_000, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const done = run()
  return {
    async end(): Promise<number> {
      stop.abort()
      await done
      return worst
    },
  }
}

const status = async (pid: number): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await readFile(`/proc/${pid}/status`, 'utf8'))
      .split('\n')
      .map((line) => line.split(/:\s*/))
      .map(([name = '', value = '']) => [name, value.split('\t')[0] ?? '']),
  )

test(
  'the bundle, started as the Deployment of the manifests says, is ready, alive, at work, and ends when asked to',
  { timeout: 300_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, or a control plane built before')) return
    build()
    await using plane = await startControlPlane({ hpaSync: '1s' })
    await plane.kubectl('apply', '--server-side', '-k', 'manifests')
    // there is no node: what the Deployment would start is started here
    const spec: PodSpec = JSON.parse(await ofDeployment(plane, '{.spec.template.spec}'))
    const [{ ports, readinessProbe, resources }] = spec.containers
    const named = (name: string): number => ports.find((p) => p.name === name)?.containerPort ?? 0
    for (const port of [named('https'), named('http')])
      await until(`port ${port} is free`, () => isFree(port), Boolean, 120)
    await point(plane, named('https'))

    const folder = await mkdtemp(join(tmpdir(), 'ebb-pod-'))
    const pod = startPod(spec, await nodeOf(plane, folder))
    t.after(async () => {
      await pod.kill()
      await rm(folder, { recursive: true, force: true })
    })
    const look = looksAt(plane)
    const said = (): string => pod.lines.slice(-20).join('\n')
    const source = await startFakePrometheus()
    t.after(() => source.close())

    const ready = (): Promise<boolean> => pod.probe(readinessProbe)
    await until('it is ready', async () => pod.ended || ready(), Boolean, 60)
    assert.ok(!pod.ended, said())
    const liveness = watchLiveness(pod, spec)

    // a build machine may be a container itself, where nobody may mount: there Node refuses the writes
    await t.test('it runs without privileges, over files that it cannot write', async () => {
      if (!canContain()) {
        const command = await readFile(`/proc/${pod.pid()}/cmdline`, 'utf8')
        assert.match(command, /\0--permission\0/)
        return assert.doesNotMatch(command, /--allow-fs-write/)
      }
      const { Uid, Gid, CapEff, CapBnd, NoNewPrivs, NSpid } = await status(pod.pid())
      const { runAsUser, runAsGroup } = spec.securityContext
      assert.deepEqual({ Uid, Gid }, { Uid: String(runAsUser), Gid: String(runAsGroup) })
      assert.deepEqual(
        [BigInt(`0x${CapEff}`), BigInt(`0x${CapBnd}`), NoNewPrivs],
        [0n, 0n, '1'],
        NSpid,
      )
      for (const place of ['ebb', 'ebb/dist', 'tmp', 'home/node', 'usr', 'etc', 'node'])
        await assert.rejects(
          writeFile(`/proc/${pod.pid()}/root/${place}/written`, ''),
          { code: 'EROFS' },
          place,
        )
    })

    await t.test('the API server finds its metrics API and its webhooks', async () => {
      const available = '{.status.conditions[?(@.type=="Available")].status}'
      await until(
        'the APIService is available',
        () => look.path('apiservice', 'v1beta1.external.metrics.k8s.io', available),
        (found) => found === 'True',
        60,
      )
      const twice = { ...prometheusTrigger('twice', { url: source.url }), name: 'twice' }
      const wrong = JSON.stringify(scaledObject('wrong', [twice, twice]))
      await until(
        'the webhook refuses',
        async () => (await plane.tryKubectl(wrong, 'create', '--dry-run=server', '-f', '-')).stderr,
        (stderr) => /denied the request: .*two triggers are named twice/.test(stderr),
        60,
      )
    })

    await t.test(
      'it scales by a source, through the real HPA, with the account it was given',
      async () => {
        source.values.set('orders', 35)
        await plane.apply(
          listOf(
            deploymentObject('orders'),
            scaledObject('orders', [prometheusTrigger('orders', { url: source.url })]),
          ),
        )
        const replicas = (): Promise<number> => look.replicas('orders')
        await until('the HPA scales', replicas, (n) => n === 4, 60)
        source.values.set('orders', 0)
      },
    )

    await t.test('it is alive all the time, within the memory it may have', async () => {
      const { VmHWM = '' } = await status(pod.pid())
      assert.ok(await ready(), said())
      assert.equal(await liveness.end(), 0, said())
      assert.doesNotMatch(pod.lines.join('\n'), /ERR_ACCESS_DENIED|EROFS|EACCES/)
      assert.match(resources.limits.memory, /^\d+Mi$/)
      assert.ok(parseInt(VmHWM) / 1_024 < parseInt(resources.limits.memory), VmHWM)
    })

    await t.test(
      'asked to end, it says at once that it is not ready, gives up the Lease, and is gone in time',
      async () => {
        const ending = pod.terminate()
        await until('it is not ready', ready, (answer) => !answer, 10)
        const { code, ms } = await ending
        assert.equal(code, 0, said())
        assert.ok(ms < spec.terminationGracePeriodSeconds * 1_000, `${ms} ms`)
        assert.equal(await look.path('lease', 'ebb/ebb', '{.spec.holderIdentity}'), '')
      },
    )
  },
)
