import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { LookupFunction } from 'node:net'
import { issue } from '../serve/pki.ts'

/** One request as a store got it. */
export interface StoreRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface StoreReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a text as it is. */
  readonly body?: object | string
}

/** How a store is out of order: every request gets this status, is cut off, or is left unanswered. */
export type Outage = number | 'cut' | 'silent' | undefined

/** A server that speaks a store's API on loopback, with an outage at will. */
export interface StoreServer {
  readonly url: string
  readonly port: number
  /** PEM of the authority to trust, where it speaks TLS. */
  readonly ca: string
  readonly seen: readonly StoreRequest[]
  outage: Outage
  close(): Promise<void>
}

/** Over TLS with a certificate of these names, else over plain HTTP. */
export async function startStoreServer(
  answer: (request: StoreRequest) => StoreReply | Promise<StoreReply>,
  hosts?: readonly string[],
): Promise<StoreServer> {
  const seen: StoreRequest[] = []
  let outage: Outage
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://any')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const got = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      text: Buffer.concat(chunks).toString(),
    }
    seen.push(got)
    if (outage === 'cut') return void request.socket.destroy()
    if (outage === 'silent') return
    const {
      status,
      headers,
      body = '',
    } = outage === undefined ? await answer(got) : { status: outage, headers: {}, body: '' }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
  }
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    take(request, response).catch((error: unknown) => {
      response.writeHead(599).end(String(error))
    })
  }
  const authority = hosts && (await issue(`CN=authority of ${hosts[0]}`, { ca: true }))
  const own = authority && (await issue('CN=store', { issuer: authority, hosts }))
  const server: Server = own
    ? createTlsServer({ cert: own.chain, key: own.key }, serve)
    : createServer(serve)
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return {
    url: hosts ? `https://${hosts[0]}:${address.port}` : `http://127.0.0.1:${address.port}`,
    port: address.port,
    ca: authority?.cert ?? '',
    seen,
    get outage() {
      return outage
    },
    set outage(to) {
      outage = to
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Finds every name on this machine. */
export const loopback: LookupFunction = (_host, options, found) => {
  if (options.all) found(null, [{ address: '127.0.0.1', family: 4 }])
  else found(null, '127.0.0.1', 4)
}

/** The same server with more to it; what is computed stays so. */
export function extended<T extends object, U extends object>(server: T, more: U): T & U {
  Object.defineProperties(server, Object.getOwnPropertyDescriptors(more))
  // it has the properties of both now
  return server as T & U
}
