import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Insight, Readings } from '../../control/insight.ts'
import { EbbError } from '../../errors.ts'
import type { Server } from '../server.ts'
import { kindSchema, leavingHeader, readingPath, workloadPath, workloadsPath } from './wire.ts'

/**
 * What this replica answers other replicas, as JSON: readings and views of its own loops. It never asks another one for
 * them, so a request is forwarded once at most. `app` must know replicas by their certificates (see guard.ts).
 */
export function serveReplicas(
  app: Server,
  own: { readonly insight: Insight; readonly readings: Readings; readonly leaving: () => boolean },
): void {
  const answer =
    (ask: (params: Readonly<Record<string, string>>, query: unknown) => Promise<object>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      if (own.leaving()) reply.header(leavingHeader, '1')
      reply.type('application/json')
      try {
        // the parameters of a route's pattern are strings
        const params = request.params as Record<string, string>
        return reply.send(JSON.stringify(await ask(params, request.query)))
      } catch (error) {
        if (!(error instanceof EbbError)) throw error
        const { code, message, retry } = error
        return reply.send(JSON.stringify({ failed: { code, message, retry } }))
      }
    }
  const config = { access: 'replica' } as const

  app.get(
    readingPath,
    { config },
    answer(async ({ namespace = '', name = '', metric = '' }) => ({
      values: await own.readings.read(namespace, name, metric),
    })),
  )
  app.get(
    workloadPath,
    { config },
    answer(async ({ namespace = '', name = '' }, query) => ({
      workload: await own.insight.get(namespace, name, kindSchema.parse(query).kind),
    })),
  )
  app.get(
    workloadsPath,
    { config },
    answer(async () => ({ workloads: await own.insight.list() })),
  )
}
