import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A server of the Prometheus API in this process, whose answers, moods and passwords a test sets. */
export interface FakePrometheus {
  readonly url: string
  /** By the query's text; 0 for others. */
  readonly values: Map<string, number>
  /** Queries that are answered by 503, whatever the mood. */
  readonly failing: Set<string>
  /** How it behaves now; hanging, it takes requests and says nothing. */
  mood: 'well' | 'failing' | 'hanging'
  /** Accepted with the user `ebb`; none accepts everybody. */
  passwords: readonly string[]
  /** How long it takes to answer (ms); 0. */
  delay: number
  /** Everything it was asked, in order. */
  readonly exchanges: Exchange[]
  /** The connections that are open now. */
  readonly open: ReadonlySet<number>
  close(): Promise<void>
}

export interface Exchange {
  readonly query: string
  /** The status answered; undefined where it said nothing. */
  readonly status: number | undefined
  /** What the caller gave as password, if anything. */
  readonly password: string | undefined
  /** `performance.now()` */
  readonly at: number
  /** The number of the connection it came by. */
  readonly connection: number
}

export async function startFakePrometheus(): Promise<FakePrometheus> {
  const numbers = new WeakMap<Socket, number>()
  const open = new Set<number>()
  let connections = 0
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://source').searchParams.get('query') ?? ''
    const password = passwordOf(request)
    const status = statusFor(fake, query, password)
    const connection = numbers.get(request.socket) ?? 0
    fake.exchanges.push({ query, status, password, at: performance.now(), connection })
    if (status === undefined) return
    response.statusCode = status
    const say = (): unknown =>
      response.end(
        `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"${fake.values.get(query) ?? 0}"]}]}}`,
      )
    if (fake.delay === 0) say()
    else setTimeout(say, fake.delay)
  })
  // who does not ask for so long has let go of it
  server.keepAliveTimeout = 300_000
  server.on('connection', (socket) => {
    const number = ++connections
    numbers.set(socket, number)
    open.add(number)
    socket.on('close', () => open.delete(number))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  // bound to one address and one port, which is never a path
  const { port } = server.address() as AddressInfo
  const fake: FakePrometheus = {
    url: `http://127.0.0.1:${port}`,
    values: new Map(),
    failing: new Set(),
    exchanges: [],
    open,
    delay: 0,
    mood: 'well',
    passwords: [],
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

function passwordOf({ headers }: IncomingMessage): string | undefined {
  const [scheme, text = ''] = (headers.authorization ?? '').split(' ')
  if (scheme !== 'Basic') return undefined
  const [user, ...rest] = Buffer.from(text, 'base64').toString('utf8').split(':')
  return user === 'ebb' ? rest.join(':') : undefined
}

function statusFor(
  fake: FakePrometheus,
  query: string,
  password: string | undefined,
): number | undefined {
  if (fake.mood === 'hanging') return undefined
  if (fake.mood === 'failing' || fake.failing.has(query)) return 503
  if (fake.passwords.length === 0) return 200
  return password !== undefined && fake.passwords.includes(password) ? 200 : 401
}
