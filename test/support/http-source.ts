import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'

/** What a source that speaks HTTP does instead of answering. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: 'body'; readonly body: string }
  /** Takes the request and says nothing. */
  | { readonly kind: 'silent' }
  /** Sends headers and half a body, and no more. */
  | { readonly kind: 'stuck' }
  /** Cuts the connection. */
  | { readonly kind: 'cut' }
  /** Cuts the connection once, as a server that had given it up. */
  | { readonly kind: 'stale' }
  /** Something that is not HTTP at all. */
  | { readonly kind: 'noise' }
  | { readonly kind: 'redirect'; readonly to: string }

export interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A server on this machine that answers as told, or misbehaves as told. */
export interface HttpSource {
  readonly url: string
  /** Undefined: answers properly. */
  fault: Fault | undefined
  /** Requests so far, newest last. */
  readonly seen: IncomingMessage[]
  connections(): number
  /** Ends idle connections, as servers do after a while. */
  endIdle(): void
  close(): Promise<void>
}

export async function startHttpSource(
  answer: (request: IncomingMessage) => Reply,
): Promise<HttpSource> {
  const seen: IncomingMessage[] = []
  let open = 0
  let fault: Fault | undefined
  const server = createServer((request, response) => {
    seen.push(request)
    const say = ({ status = 200, headers = {}, body = '' }: Reply): void => {
      response.writeHead(status, headers).end(body)
    }
    if (!fault) return say(answer(request))
    switch (fault.kind) {
      case 'status':
        // What a careless proxy would show.
        return say({ ...fault, body: JSON.stringify({ status: 'error', error: echo(request) }) })
      case 'body':
        return say({ body: fault.body })
      case 'redirect':
        return say({ status: 302, headers: { location: fault.to } })
      case 'stuck':
        response.writeHead(200, { 'content-length': '1000' }).write('{')
        return undefined
      case 'stale':
        fault = undefined
        return void request.socket.destroy()
      case 'cut':
        return void request.socket.destroy()
      case 'noise':
        return void request.socket.end('220 mail.example ESMTP\r\n')
      case 'silent':
        return undefined
    }
  })
  server.on('connection', (socket) => {
    open++
    socket.on('close', () => open--)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    get fault() {
      return fault
    },
    set fault(to) {
      fault = to
    },
    connections: () => open,
    endIdle: () => server.closeIdleConnections(),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const echo = (request: IncomingMessage): string => `${request.url} ${request.rawHeaders.join(' ')}`
