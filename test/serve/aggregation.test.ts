import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import type { Cluster } from '../../src/cluster.ts'
import type { WorkloadView } from '../../src/control/insight.ts'
import type { WorkloadKind } from '../../src/core/workload-kinds.ts'
import { openKube } from '../../src/kube/open.ts'
import { kinds } from '../../src/kinds.ts'
import { authentication } from '../../src/serve/authentication.ts'
import { authorization } from '../../src/serve/authorization.ts'
import { type Certificates, certificates } from '../../src/serve/certificates.ts'
import { explainPath, serveExplain } from '../../src/serve/explain.ts'
import { serveExternalMetrics } from '../../src/serve/external-metrics.ts'
import { reviewsOf } from '../../src/serve/reviews.ts'
import { createServer, type Server } from '../../src/serve/server.ts'
import { followKeyPair, tlsOptions } from '../../src/serve/tls.ts'
import { trustConfigMap, trustFromCluster } from '../../src/serve/trust.ts'
import { canStart, type ControlPlane, startControlPlane } from '../control-plane/start.ts'
import { need } from '../support/need.ts'

const metric =
  '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/s0-queue?labelSelector=scaledobject.keda.sh%2Fname%3Dworker'
const clock = systemClock

const view: WorkloadView = {
  namespace: 'default',
  name: 'worker',
  kind: 'ScaledObject',
  target: { kind: 'Deployment', name: 'worker' },
  mode: 'hpa',
  pollingInterval: 30_000,
  hpa: 'keda-hpa-worker',
  ready: { status: 'True', reason: 'ScaledObjectReady', message: '' },
  replicas: 3,
  situation: undefined,
  decision: undefined,
  records: [],
  history: [],
}

interface Serving {
  readonly app: Server
  readonly port: number
  readonly certs: Certificates
  /** Method, path and code of every request, and who asked. */
  readonly seen: { readonly line: string; readonly code: number; readonly user: string }[]
}

async function serve(cluster: Cluster, signal: AbortSignal): Promise<Serving> {
  const trust = trustFromCluster({
    read: (s) => cluster.get(kinds.configMap, trustConfigMap, s),
    clock,
    onProblem: (why) => assert.equal(why, undefined),
  })
  await trust.refresh(signal)
  const certs = certificates({
    cluster,
    clock,
    namespace: 'ebb',
    service: 'ebb',
    leads: () => true,
    spread: true,
    onProblem: (why) => assert.equal(why, undefined),
  })
  await certs.look(signal)
  const reviews = reviewsOf(cluster, clock, signal)
  const access = {
    authentication: authentication({ trust: () => trust.current(), ...reviews, clock }),
    authorization: authorization({ ...reviews, clock }),
  }
  const app = createServer({
    https: tlsOptions(certs.current()),
    onFault: (error) => assert.fail(String(error)),
  })
  serveExternalMetrics(app, {
    access,
    readings: { read: async (_ns, _name, name) => [{ metric: name, value: 7, at: clock.now() }] },
    build: { version: '0.1.0' },
  })
  const insight = {
    list: async () => [view],
    get: async (namespace: string, name: string) =>
      namespace === 'default' && name === 'worker' ? view : undefined,
  }
  serveExplain(app, { insight, authorization: access.authorization, clock })
  followKeyPair(app, certs)
  const seen: Serving['seen'] = []
  app.addHook('onResponse', async (request, reply) => {
    const user = request.user?.name ?? ''
    seen.push({ line: `${request.method} ${request.url}`, code: reply.statusCode, user })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  // bound to one address and one port, which is never a path
  return { app, port: (app.server.address() as AddressInfo).port, certs, seen }
}

const manifest = (port: number): string => `
apiVersion: v1
kind: Service
metadata: { name: ebb, namespace: ebb }
spec: { type: ExternalName, externalName: localhost, ports: [{ port: ${port} }] }
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1beta1.external.metrics.k8s.io }
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  service: { namespace: ebb, name: ebb, port: ${port} }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader, namespace: default }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reader }
rules:
  - { apiGroups: [external.metrics.k8s.io], resources: [s0-queue], verbs: [list] }
  - { apiGroups: [external.metrics.k8s.io], resources: [ebb-explain], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader }
subjects: [{ kind: ServiceAccount, name: reader, namespace: default }]
`

describe('through a real API server', () => {
  const stop = new AbortController()
  let control: ControlPlane | undefined
  let cluster: Cluster | undefined
  let serving: Serving | undefined

  before(async () => {
    if (!(await canStart())) return
    control = await startControlPlane()
    cluster = await openKube({ kubeconfig: control.kubeconfig, clock, random: Math.random })
    await control.kubectl('create', 'namespace', 'ebb')
    serving = await serve(cluster, stop.signal)
    await control.apply(manifest(serving.port))
    await serving.certs.look(stop.signal)
    await control.kubectl(
      'wait',
      '--for=condition=Available',
      'apiservice/v1beta1.external.metrics.k8s.io',
      '--timeout=60s',
    )
  })
  after(async () => {
    stop.abort()
    await serving?.app.close()
    await cluster?.close()
    await control?.close()
  })

  const given = (
    t: TestContext,
  ): { readonly control: ControlPlane; readonly serving: Serving } | undefined =>
    need(t, control !== undefined, 'Go, to build a control plane') && control && serving
      ? { control, serving }
      : undefined

  test('the aggregator reaches a metric, as the user who asked', async (t) => {
    const g = given(t)
    if (!g) return
    const list = JSON.parse(await g.control.kubectl('get', '--raw', metric))
    assert.equal(list.kind, 'ExternalMetricValueList')
    assert.equal(list.items[0].value, '7')
    assert.ok(
      g.serving.seen.some(({ line, user }) => line.includes('s0-queue') && user === 'admin'),
    )
  })

  test('who may list a metric reads it, and no other', async (t) => {
    const g = given(t)
    if (!g) return
    const kubeconfig = await g.control.tokenKubeconfig('default', 'reader')
    const allowed = await g.control.kubectl('--kubeconfig', kubeconfig, 'get', '--raw', metric)
    assert.match(allowed, /"value":"7"/)
    const other = metric.replace('s0-queue', 's1-other')
    await assert.rejects(
      g.control.kubectl('--kubeconfig', kubeconfig, 'get', '--raw', other),
      /forbidden/,
    )
  })

  test('an explanation needs the right to get the ScaledObject, besides that to ask for one', async (t) => {
    const g = given(t)
    if (!g) return
    const kubeconfig = await g.control.tokenKubeconfig('default', 'reader')
    const path = explainPath('default', 'worker')
    const explain = (): Promise<string> =>
      g.control.kubectl('--kubeconfig', kubeconfig, 'get', '--raw', path)
    await assert.rejects(explain(), /cannot get resource "scaledobjects" in API group "keda.sh"/)
    await g.control.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: so, namespace: default }
rules: [{ apiGroups: [keda.sh], resources: [scaledobjects], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: so, namespace: default }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: so }
subjects: [{ kind: ServiceAccount, name: reader, namespace: default }]
`)
    for (let tries = 0; ; tries++) {
      const answer = await explain().catch((error: unknown) => error)
      if (typeof answer === 'string') {
        assert.equal(JSON.parse(answer).workload.hpa, 'keda-hpa-worker')
        break
      }
      assert.ok(tries < 30, String(answer))
      await delay(1_000)
    }
    // of a name that two have: this user may see the one and not the other
    const of = (kind: WorkloadKind): Promise<string> =>
      g.control.kubectl(
        '--kubeconfig',
        kubeconfig,
        'get',
        '--raw',
        explainPath('default', 'worker', kind),
      )
    assert.equal(JSON.parse(await of('ScaledObject')).workload.kind, 'ScaledObject')
    await assert.rejects(of('ScaledJob'), /cannot get resource "scaledjobs" in API group/)
  })

  test('discovery knows the group, and the aggregator asked nothing that was refused', async (t) => {
    const g = given(t)
    if (!g) return
    const resources = await g.control.kubectl(
      'api-resources',
      '--api-group=external.metrics.k8s.io',
    )
    assert.match(
      resources,
      /externalmetrics\s+external\.metrics\.k8s\.io\/v1beta1\s+true\s+ExternalMetricValueList/,
    )
    const asked = g.serving.seen.filter(({ user }) => /aggregator/.test(user))
    assert.deepEqual(
      asked.filter(({ code }) => code >= 400),
      [],
    )
    for (const path of ['GET /apis', 'GET /openapi/v2', 'GET /openapi/v3'])
      assert.ok(
        asked.some(({ line }) => line.startsWith(path)),
        path,
      )
    const log = await readFile(join(g.control.folder, 'kube-apiserver.log'), 'utf8')
    const upset = log
      .split('\n')
      .filter((line) => /^[EW]\d/.test(line) && line.includes('v1beta1.external.metrics.k8s.io'))
    t.diagnostic(upset.join('\n') || 'the API server had nothing to say about it')
  })
})
