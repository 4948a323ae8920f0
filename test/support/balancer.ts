import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { EbbProcess } from './process.ts'

/**
 * One port in front of several replicas, as a Service is: new connections go in turn to those that are ready, existing ones
 * live on where they are. Like endpoints in a cluster it learns late of a replica that is no longer ready.
 */
export interface Balancer extends AsyncDisposable {
  readonly port: number
  add(replica: EbbProcess): void
  /** Whether it sends connections there. */
  serves(replica: EbbProcess): boolean
}

/** How often readiness is looked at, and how late it shows (ms). */
const period = 100
const late = 1_000

export async function startBalancer(): Promise<Balancer> {
  const stop = new AbortController()
  const replicas = new Map<EbbProcess, { serving: boolean }>()
  const sockets = new Set<Socket>()
  let turn = 0

  const track = (socket: Socket, other: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroySoon()
    })
  }
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const serving = [...replicas].filter(([, state]) => state.serving)
    const [replica] = serving[turn++ % Math.max(1, serving.length)] ?? []
    if (!replica) {
      client.destroy()
      return
    }
    const upstream = connect({ port: replica.httpsPort, host: '127.0.0.1', allowHalfOpen: true })
    track(client, upstream)
    track(upstream, client)
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))

  const follow = async (replica: EbbProcess, state: { serving: boolean }): Promise<void> => {
    while (!stop.signal.aborted) {
      const ready = await isReady(replica)
      if (ready !== state.serving) {
        if (!ready) await delay(late)
        state.serving = ready
      }
      await delay(period)
    }
  }
  // a server that listens on a TCP port has such an address
  const { port } = server.address() as AddressInfo
  return {
    port,
    add(replica) {
      const state = { serving: false }
      replicas.set(replica, state)
      void follow(replica, state)
    },
    serves: (replica) => replicas.get(replica)?.serving ?? false,
    async [Symbol.asyncDispose]() {
      stop.abort()
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** As a kubelet asks, which gives up after a second. */
async function isReady(replica: EbbProcess): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${replica.httpPort}/readyz`
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) })
    await answer.text()
    return answer.ok
  } catch {
    return false
  }
}
