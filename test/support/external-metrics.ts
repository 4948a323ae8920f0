import { readFile } from 'node:fs/promises'
import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ControlPlane } from '../control-plane/start.ts'

const group = 'external.metrics.k8s.io/v1beta1'

/** A metrics API of the tests' own, in the place where Ebb's would be: what it answers is up to them. */
export interface ExternalMetrics extends AsyncDisposable {
  readonly port: number
}

/** The value of a metric (a quantity), or undefined for the error that an unreadable metric gets. */
export type Answer = (metric: string) => Promise<string | undefined>

/** Serves external.metrics.k8s.io of a control plane through its aggregation layer; answers requests once it is available there. */
export async function serveExternalMetrics(
  c: ControlPlane,
  answer: Answer,
): Promise<ExternalMetrics> {
  const pair = await c.pki.ca.issue('metrics', [], ['metrics.metrics.svc', 'localhost'])
  const [cert, key, ca] = await Promise.all(
    [pair.cert, pair.key, c.pki.ca.cert].map((f) => readFile(f)),
  )
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    const send = ([status, body]: readonly [number, object]): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const metric = /\/namespaces\/[^/]+\/([^/?]+)/.exec(request.url ?? '')?.[1]
    if (metric === undefined) send([200, discovery])
    else
      answer(metric).then(
        (value) => send(reply(metric, value)),
        () => response.destroy(),
      )
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // a server that listens on a TCP port has such an address
  const { port } = server.address() as AddressInfo
  await c.apply(JSON.stringify(registration(port, ca?.toString('base64') ?? '')))
  await c.kubectl('wait', '--for=condition=Available', 'apiservice/v1beta1.external.metrics.k8s.io')
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const discovery = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: group,
  resources: [
    {
      name: 'externalmetrics',
      singularName: '',
      namespaced: true,
      kind: 'ExternalMetricValueList',
      verbs: ['get'],
    },
  ],
}

function reply(metric: string, value: string | undefined): readonly [number, object] {
  if (value === undefined) {
    return [
      500,
      {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message: `${metric} is missing`,
        code: 500,
      },
    ]
  }
  const timestamp = new Date().toISOString()
  const item = { metricName: metric, metricLabels: null, timestamp, value }
  return [200, { kind: 'ExternalMetricValueList', apiVersion: group, metadata: {}, items: [item] }]
}

/** EndpointSlices refuse loopback, a Service with an external name does not. */
const registration = (port: number, caBundle: string): object => ({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'metrics' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'metrics', namespace: 'metrics' },
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.external.metrics.k8s.io' },
      spec: {
        group: 'external.metrics.k8s.io',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle,
        service: { name: 'metrics', namespace: 'metrics', port },
      },
    },
  ],
})
