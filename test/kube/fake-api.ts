import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '../../src/clock.ts'
import type { Cluster } from '../../src/cluster.ts'
import { openKube } from '../../src/kube/open.ts'
import { manualClock } from '../support/clock.ts'

/** One request as the server got it. */
export interface Got {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** Answers one request in whatever way a test wants. */
export type Respond = (got: Got, response: ServerResponse) => void

export interface FakeApi {
  readonly url: string
  /** All requests, in order. */
  readonly got: readonly Got[]
  /** How many connections were made. */
  readonly connections: () => number
  /** Resolves with the next request that arrives, or one that has arrived and was not taken. */
  next(): Promise<Got>
  close(): Promise<void>
}

export interface Tls {
  readonly key: string
  readonly cert: string
  /** Whoever shows no certificate of this authority is refused. */
  readonly ca?: string
}

/** An HTTP server on a free port of loopback that answers like an API server, or as badly as it is told to. */
export async function fakeApi(t: TestContext, respond: Respond, tls?: Tls): Promise<FakeApi> {
  const got: Got[] = []
  const waiting: ((got: Got) => void)[] = []
  let taken = 0
  let connections = 0
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const take = async (): Promise<void> => {
      const one = await read(request)
      got.push(one)
      waiting.shift()?.(one)
      respond(one, response)
    }
    void take()
  }
  const secure = { ...tls, requestCert: tls?.ca !== undefined, rejectUnauthorized: true }
  const server: Server = tls ? createTlsServer(secure, serve) : createServer(serve)
  server.on('connection', () => connections++)
  // A client that goes away in the middle is part of the tests.
  server.on('clientError', (_, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Listening on a port, so its address is one.
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  t.after(close)
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    got,
    connections: () => connections,
    next() {
      const here = got[taken++]
      return here ? Promise.resolve(here) : new Promise((resolve) => waiting.push(resolve))
    },
    close,
  }
}

async function read(request: IncomingMessage): Promise<Got> {
  // Not by URL, which would tidy up what the client asked for.
  const [path = '', query] = (request.url ?? '').split('?')
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return {
    method: request.method ?? '',
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

export const json =
  (body: unknown, code = 200): Respond =>
  (_, response) => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

export const status = (code: number, reason: string, details?: object): Respond =>
  json(
    {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason,
      message: `${reason}, it says`,
      code,
      details,
    },
    code,
  )

export interface Account {
  /** Fields of the kubeconfig's user. */
  readonly user?: object
  /** Fields of the kubeconfig's cluster. */
  readonly cluster?: object
}

/** A folder that goes with the test. */
export async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ebb-kube-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

export const kubeconfig = (server: string, { user = {}, cluster = {} }: Account = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })

/** The port on a server, as a kubeconfig of this account sees it. */
export async function connect(
  t: TestContext,
  server: string,
  account: Account = {},
  clock: Clock = manualClock(),
): Promise<Cluster> {
  const file = join(await folder(t), 'config')
  await writeFile(file, kubeconfig(server, account))
  const cluster = await openKube({ kubeconfig: file, clock, random: () => 0.5 })
  t.after(() => cluster.close())
  return cluster
}
