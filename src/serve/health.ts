import type { FastifyReply } from 'fastify'
import type { Server } from './server.ts'

/** One condition of readiness: undefined where it holds, else why not, in a few words without anything secret. */
export type Check = () => string | undefined

export interface Health {
  /** By name, in the order they are shown. A standby that is in step is as ready as the leader. */
  readonly checks: Readonly<Record<string, Check>>
}

/**
 * `/healthz` and `/livez` answer as long as the process can; `/readyz` answers 503 while a check fails. `?verbose` lists the
 * checks as an API server does. Open to everybody on either listener: probes prove nothing about themselves.
 */
export function serveHealth(app: Server, health: Health): void {
  for (const path of ['/healthz', '/livez'])
    app.get(path, { config: { access: 'open' } }, (_request, reply) => text(reply, 200, 'ok'))

  app.get('/readyz', { config: { access: 'open' } }, (request, reply) => {
    const results = Object.entries(health.checks).map(([name, check]) => ({ name, why: check() }))
    const ready = results.every(({ why }) => why === undefined)
    const verbose = request.url.includes('?verbose')
    if (ready && !verbose) return text(reply, 200, 'ok')
    const lines = results.map(({ name, why }) =>
      why === undefined ? `[+]${name} ok` : `[-]${name} failed: ${why}`,
    )
    return text(
      reply,
      ready ? 200 : 503,
      [...lines, ready ? 'readyz check passed' : 'readyz check failed', ''].join('\n'),
    )
  })
}

const text = (reply: FastifyReply, code: number, body: string): FastifyReply =>
  reply.code(code).type('text/plain; charset=utf-8').send(body)
