/**
 * The client side of the metrics API benchmark, in a process of its own: keep-alive TLS connections with a client
 * certificate, one request under way on each. Plain sockets and prepared requests, so that the server is what is measured.
 */
import { connect, type TLSSocket } from 'node:tls'

/** What the parent sends; `requests` are whole HTTP requests, taken in turn by every connection. */
export interface LoadOrder {
  readonly port: number
  readonly cert: string
  readonly key: string
  readonly connections: number
  readonly warmMs: number
  readonly ms: number
  readonly requests: readonly string[]
}

export interface LoadResult {
  readonly rps: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** All answers, those of the warm-up included. */
  readonly answered: number
  /** Answers whose code was not 200. */
  readonly failed: number
  /** CPU time of this process as a share of one core: near 1, the client was the limit. */
  readonly clientCpu: number
}

const open = (order: LoadOrder): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { port, cert, key } = order
    const socket = connect({ port, host: '127.0.0.1', cert, key, rejectUnauthorized: false })
    socket.setNoDelay(true)
    socket.once('secureConnect', () => resolve(socket)).once('error', reject)
  })

async function load(order: LoadOrder): Promise<LoadResult> {
  const requests = order.requests.map((text) => Buffer.from(text, 'latin1'))
  const sockets: TLSSocket[] = []
  for (let i = 0; i < order.connections; i++) sockets.push(await open(order))
  const times: number[] = []
  let counting = false
  let ended = false
  let failed = 0
  let answered = 0

  const drive = (socket: TLSSocket, first: number): Promise<void> =>
    new Promise((resolve, reject) => {
      let turn = first
      let started = 0
      let missing = 0
      const send = (): void => {
        if (ended) return resolve()
        started = performance.now()
        socket.write(requests[turn++ % requests.length] ?? '')
      }
      socket.on('data', (chunk: Buffer) => {
        if (missing === 0) {
          const end = chunk.indexOf('\r\n\r\n')
          const head = chunk.toString('latin1', 0, end)
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
          missing = end + 4 + length
          if (!head.startsWith('HTTP/1.1 200')) failed++
        }
        missing -= chunk.length
        if (missing > 0) return
        answered++
        if (counting) times.push(performance.now() - started)
        send()
      })
      socket.once('error', reject)
      send()
    })

  const driving = sockets.map((socket, i) => drive(socket, i * 17))
  await pause(order.warmMs)
  counting = true
  const cpu = process.cpuUsage()
  const started = performance.now()
  await pause(order.ms)
  counting = false
  const elapsed = performance.now() - started
  const used = process.cpuUsage(cpu)
  ended = true
  await Promise.all(driving)
  for (const socket of sockets) socket.destroy()

  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
  return {
    rps: (times.length / elapsed) * 1000,
    p50: at(0.5),
    p99: at(0.99),
    max: times.at(-1) ?? Number.NaN,
    answered,
    failed,
    clientCpu: (used.user + used.system) / 1000 / elapsed,
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

process.on('message', (order: LoadOrder) => {
  void load(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
