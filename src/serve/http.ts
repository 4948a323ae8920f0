import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Health, serveHealth } from './health.ts'
import type { Metrics } from './metrics.ts'
import { createServer, type Server } from './server.ts'
import { statusJson, statusReasons } from './status.ts'

export interface HttpOptions {
  readonly health: Health
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  /** The page and its API: a plugin that only reads. */
  readonly page?: (app: FastifyInstance) => Promise<void>
  readonly onFault: (error: unknown) => void
}

/**
 * The plain HTTP listener. Health answers everybody. The page, its API and /metrics show what runs in the cluster, so they
 * answer only who comes over this machine's loopback, which in a pod is `kubectl port-forward`; from elsewhere /metrics is
 * had on the HTTPS listener, with a token. A name in the Host header that is not the loopback's is refused, or a web page
 * could read this one through a name that points here.
 */
export function httpListener(o: HttpOptions): Server {
  const app = createServer({ onFault: o.onFault })
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.access === 'open' || isLocal(request)) return
    const message = `${request.url.split('?', 1)[0]} answers on loopback only; use kubectl port-forward, or /metrics on the HTTPS port`
    await reply
      .code(403)
      .type('application/json')
      .send(statusJson(403, statusReasons[403], message))
  })
  serveHealth(app, o.health)
  serveMetrics(app, o.metrics)
  if (o.page) app.register(o.page)
  return app
}

/** `/metrics` in Prometheus' text format; who may read it is the listener's to say. */
export function serveMetrics(app: Server, metrics: Pick<Metrics, 'text' | 'contentType'>): void {
  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.text()
    return reply.type(metrics.contentType).send(text)
  })
}

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])
const localNames = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i

/** Exactly the loopback addresses: meshes deliver what comes from outside as 127.0.0.6. */
const isLocal = (request: FastifyRequest): boolean =>
  loopback.has(request.socket.remoteAddress ?? '') && localNames.test(request.headers.host ?? '')
