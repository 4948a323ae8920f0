import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { sendAway, type Server } from './server.ts'

/** How long requests under way may take once a listener is to close (ms): longer than any read of a metric. */
export const drain = 1_500

/**
 * Follows the connections of a server from now on. What is returned closes it: it takes no more connections, lets requests under
 * way end, and then cuts off whoever is still there. Node alone would wait for ever for a connection over which nothing was
 * sent, which Go's clients open in advance, and for one whose TLS handshake was never ended.
 */
export function closing(app: Server, clock: Pick<Clock, 'after'>): () => Promise<void> {
  const sockets = new Set<Socket>()
  let ends = false
  // a connection whose last answer went out just now would be kept for the next request
  sendAway(app, () => ends)
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return async () => {
    ends = true
    const cancel = clock.after(drain, () => {
      for (const socket of sockets) socket.destroy()
    })
    try {
      await app.close()
    } finally {
      cancel()
    }
  }
}
