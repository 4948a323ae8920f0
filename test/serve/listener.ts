import type { AddressInfo } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { UserInfo } from '../../src/resources.ts'
import { type Authentication, authentication } from '../../src/serve/authentication.ts'
import { parseTrust, type Trust } from '../../src/serve/trust.ts'
import { createServer, type Server } from '../../src/serve/server.ts'
import { tlsOptions } from '../../src/serve/tls.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'
import type { Issued } from './pki.ts'

/** What the ConfigMap extension-apiserver-authentication says, as `kubeadm` clusters have it. */
export const authConfig = (o: {
  readonly proxyCa: string
  readonly clientCa?: string
  readonly names?: readonly string[]
}): Readonly<Record<string, string>> => ({
  'requestheader-client-ca-file': o.proxyCa,
  'requestheader-allowed-names': JSON.stringify(o.names ?? ['front-proxy-client']),
  'requestheader-username-headers': '["X-Remote-User"]',
  'requestheader-uid-headers': '["X-Remote-Uid"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  ...(o.clientCa === undefined ? {} : { 'client-ca-file': o.clientCa }),
})

export interface Listening {
  readonly app: Server
  readonly port: number
  readonly clock: ManualClock
  readonly auth: Authentication
  trust: Trust
  tokens: (token: string) => Promise<UserInfo | undefined>
}

/** A TLS listener whose only route answers with who asked, as JSON. */
export async function whoami(
  own: Issued,
  config: Readonly<Record<string, string>>,
): Promise<Listening> {
  const clock = manualClock(Date.now())
  const app = createServer({ https: tlsOptions(own), onFault: (error) => console.error(error) })
  const state = {
    trust: parseTrust(config, config['client-ca-file']),
    tokens: async (_token: string): Promise<UserInfo | undefined> => undefined,
  }
  const auth = authentication({
    trust: () => state.trust,
    reviewToken: (token) => state.tokens(token),
    clock,
  })
  app.route({ method: 'GET', url: '/', handler: (request) => auth.identify(request.raw) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  // fastify lists the addresses it is bound to; there is one.
  const { port } = app.server.address() as AddressInfo
  return Object.assign(state, { app, port, clock, auth })
}

export interface Answer {
  readonly code: number
  readonly body: string
}

/** Opens a TLS connection with a client certificate, or with none. The server's own certificate is not checked. */
export function dial(
  port: number,
  client?: { readonly chain: string; readonly key: string },
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        ...(client ? { cert: client.chain, key: client.key } : {}),
      },
      () => resolve(socket),
    )
    socket.once('error', reject)
  })
}

/** Sends one request with the given header lines, word for word, and reads its answer. The connection stays open. */
export function ask(socket: TLSSocket, lines: readonly string[], path = '/'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = ''
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      const [head = '', body] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 'NaN')
      if (body === undefined || body.length < length) return
      done()
      resolve({ code: Number(head.slice(9, 12)), body: Buffer.from(body, 'latin1').toString() })
    }
    const fail = (): void => {
      done()
      reject(new Error(`the connection ended after: ${text}`))
    }
    const done = (): void => {
      socket.off('data', take).off('close', fail)
    }
    socket.on('data', take).on('close', fail)
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ebb\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`,
    )
  })
}
