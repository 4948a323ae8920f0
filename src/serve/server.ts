import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { ServerOptions } from 'node:https'
import { EbbError, reasonOf } from '../errors.ts'
import { statusJson, statusReasons } from './status.ts'

/** More connections than this are refused; the API server keeps a few dozen. */
const connections = 1_024
/** Longer than Go's idle limit of 90 s, so that the client and not this end closes an idle connection. */
const keepAlive = 125_000
const requestTimeout = 15_000
/** Nothing here takes a body; what must (admission) raises it for its own route. */
const bodyLimit = 1_024
/** Users can be in hundreds of groups, and the front proxy sends a header for each. */
export const maxHeaderSize = 256 * 1_024
/** A metric name is a path segment; fastify's own limit of 100 characters is shorter than names users have. */
const maxParamLength = 1_024

/** No route has a schema: zod reads what comes in. Fastify's compilers are not even loaded. */
const noSchemas = { buildValidator: refuseSchema, buildSerializer: refuseSchema }

function refuseSchema(): never {
  throw new Error('routes have no fastify schemas here; read the body with zod')
}

export type Server = FastifyInstance

/**
 * A fastify server with bounded everything, whose failures are Kubernetes `Status` objects. What nobody expected is told
 * to `onFault` and answered with 500 and no detail.
 */
export function createServer(o: {
  readonly https?: ServerOptions
  readonly onFault: (error: unknown) => void
}): Server {
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    keepAliveTimeout: keepAlive,
    requestTimeout,
    bodyLimit,
    frameworkErrors,
    schemaController: { compilersFactory: noSchemas },
    routerOptions: { maxParamLength, ignoreTrailingSlash: true },
    ...(o.https ? { https: { ...o.https, maxHeaderSize } } : { http: { maxHeaderSize } }),
  })
  app.server.maxConnections = connections

  app.setNotFoundHandler(async (request, reply) => {
    const known = request.method === 'GET'
    const code = known ? 404 : 405
    const message = known
      ? 'the server could not find the requested resource'
      : 'the server does not allow this method on the requested resource'
    return reply
      .code(code)
      .type('application/json')
      .send(statusJson(code, statusReasons[code], message))
  })

  app.setErrorHandler(async (error, _request, reply) => {
    const { code, message } = explainFault(error)
    if (code === 500) o.onFault(error)
    return reply
      .code(code)
      .type('application/json')
      .send(statusJson(code, statusReasons[code], message))
  })
  return app
}

/** While `leaving`, every answer ends its connection, so that clients open the next one to a server that stays. */
export function sendAway(app: Server, leaving: () => boolean): void {
  app.addHook('onSend', async (_request, reply) => {
    if (leaving()) reply.header('connection', 'close')
  })
}

/** What fails before there is a route: a path with broken escapes, a segment too long, a server that closes. */
function frameworkErrors(error: unknown, _request: unknown, reply: FastifyReply): void {
  const { code, message } = explainFault(error)
  void reply
    .code(code)
    .type('application/json')
    .send(statusJson(code, statusReasons[code], message))
}

/** Failures of the catalogue say what they say; a bad request keeps fastify's words; all else stays inside. */
function explainFault(error: unknown): { readonly code: number; readonly message: string } {
  if (error instanceof EbbError) return { code: 500, message: error.message }
  const code =
    typeof error === 'object' && error !== null && 'statusCode' in error
      ? Number(error.statusCode)
      : 500
  return code >= 400 && code < 500
    ? { code, message: reasonOf(error) }
    : { code: 500, message: 'an error on the server has prevented the request from succeeding' }
}
