import { readFile } from 'node:fs/promises'
import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ControlPlane } from '../control-plane/start.ts'

/** An API of the tests' own, behind the aggregation layer of a control plane. */
export interface Aggregated extends AsyncDisposable {
  readonly port: number
}

export interface AggregatedApi {
  readonly group: string
  readonly version: string
  /** As its discovery lists them. */
  readonly resources: readonly object[]
  /** Status and body for what is asked below the group and version; a rejection cuts the connection. */
  readonly answer: (url: URL) => Promise<readonly [number, object]>
}

/** Serves it; it answers requests once it is available there. */
export async function serveAggregated(c: ControlPlane, api: AggregatedApi): Promise<Aggregated> {
  const { group, version, resources, answer } = api
  const groupVersion = `${group}/${version}`
  const discovery = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
  const pair = await c.pki.ca.issue('metrics', [], ['metrics.metrics.svc', 'localhost'])
  const [cert, key, ca] = await Promise.all(
    [pair.cert, pair.key, c.pki.ca.cert].map((f) => readFile(f)),
  )
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    const send = ([status, body]: readonly [number, object]): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const url = new URL(request.url ?? '', 'https://localhost')
    if (url.pathname.includes('/namespaces/')) answer(url).then(send, () => response.destroy())
    else send([200, discovery])
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // a server that listens on a TCP port has such an address
  const { port } = server.address() as AddressInfo
  await c.apply(JSON.stringify(registration(api, port, ca?.toString('base64') ?? '')))
  await c.kubectl('wait', '--for=condition=Available', `apiservice/${version}.${group}`)
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** EndpointSlices refuse loopback, a Service with an external name does not. */
const registration = (
  { group, version }: AggregatedApi,
  port: number,
  caBundle: string,
): object => ({
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
      metadata: { name: `${version}.${group}` },
      spec: {
        group,
        version,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle,
        service: { name: 'metrics', namespace: 'metrics', port },
      },
    },
  ],
})
