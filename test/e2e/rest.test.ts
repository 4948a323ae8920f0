import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart } from '../control-plane/start.ts'
import { installEbb } from '../support/installed.ts'
import { need } from '../support/need.ts'

const count = 200
/** How long nothing may be written, in seconds. */
const rest = 120
const name = (i: number): string => `w${i}`

/** A Prometheus that answers 0, or 30 to queries of workloads that are to be awake, and fails for those that are to fail. */
async function startSource(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://source').searchParams.get('query') ?? ''
    if (query.startsWith('failing')) response.statusCode = 503
    const value = query.startsWith('awake') ? '30' : '0'
    response.end(
      `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"${value}"]}]}}`,
    )
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  // bound to one address and one port, which is never a path
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** Most sleep; every tenth is awake, and single ones have what used to cost a write per reconcile. */
function kindOf(i: number): 'asleep' | 'awake' | 'failing' | 'invalid' {
  if (i === 7) return 'failing'
  if (i === 8) return 'invalid'
  return i % 10 === 0 ? 'awake' : 'asleep'
}

function objects(i: number, source: string): readonly object[] {
  const kind = kindOf(i)
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: name(i), namespace: 'default' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name(i) } },
      template: {
        metadata: { labels: { app: name(i) } },
        spec: { containers: [{ name: 'main', image: 'none' }] },
      },
    },
  }
  const scaledObject = {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: {
      name: name(i),
      namespace: 'default',
      ...(i % 3 === 0 && { labels: { team: 'a', tier: 'b' } }),
      ...(i % 5 === 0 && { annotations: { note: 'kept on the HPA' } }),
    },
    spec: {
      scaleTargetRef: { name: name(i) },
      pollingInterval: 5,
      maxReplicaCount: 3,
      ...(i % 4 === 0 && {
        advanced: {
          horizontalPodAutoscalerConfig: {
            behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
          },
        },
      }),
      triggers: [
        {
          type: 'prometheus',
          metadata: {
            serverAddress: source,
            query: `${kind}_${i}`,
            ...(kind !== 'invalid' && { threshold: '10' }),
          },
        },
      ],
    },
  }
  return [deployment, scaledObject]
}

test(
  'at rest, 200 workloads cost the API server no write but the Lease',
  { timeout: 600_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, or a control plane built before')) return
    const source = await startSource()
    t.after(() => source.close())
    await using installed = await installEbb({ audit: true, hpaSync: '5s' })
    const { plane, until } = installed
    const items = Array.from({ length: count }, (_, i) => objects(i, source.url)).flat()
    await plane.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    const column = async (path: string): Promise<readonly string[]> =>
      (
        await plane.kubectl('get', 'so', '-o', `jsonpath={range .items[*]}${path}{"\\n"}{end}`)
      ).split('\n')
    await until(
      'every workload stands as it should',
      () => column('{.status.conditions[?(@.type=="Ready")].reason}'),
      (reasons) =>
        reasons.filter((r) => r === 'ScaledObjectReady').length === count - 2 &&
        reasons.includes('TriggerError') &&
        reasons.includes('ScaledObjectCheckFailed'),
      120,
    )
    await until(
      'the awake ones are scaled by their HPAs',
      () => plane.kubectl('get', 'deployments', '-o', 'jsonpath={.items[*].spec.replicas}'),
      (replicas) => replicas.split(' ').filter((n) => n === '3').length === count / 10,
      120,
    )
    await delay(15_000)

    const since = new Date().toISOString()
    await delay(rest * 1_000)
    const writes = (await plane.audit())
      .filter((e) => e.user.username === 'system:serviceaccount:ebb:ebb')
      .filter((e) => e.requestReceivedTimestamp > since)
      .filter((e) => !['get', 'list', 'watch'].includes(e.verb))
      // reviews are questions that have the form of a create
      .filter((e) => !e.objectRef?.resource?.endsWith('reviews'))
      .map(
        (e) => `${e.verb} ${e.objectRef?.resource} ${e.objectRef?.namespace}/${e.objectRef?.name}`,
      )
    const leases = writes.filter((w) => w === 'update leases ebb/ebb')
    assert.deepEqual(
      writes.filter((w) => w !== 'update leases ebb/ebb'),
      [],
    )
    assert.ok(leases.length >= rest / 4, `only ${leases.length} renewals: Ebb was not at work`)
  },
)
