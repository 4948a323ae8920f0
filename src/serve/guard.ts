import type { FastifyReply } from 'fastify'
import type { Authentication } from './authentication.ts'
import type { Authorization, Question, Verdict } from './authorization.ts'
import type { Identity } from './identity.ts'
import type { IsReplica } from './replicas/identify.ts'
import type { Server } from './server.ts'
import { statusJson, statusReasons } from './status.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller must be allowed to do. Without it: to `get` the path. `open` routes ask nobody who they are; `replica` routes are for other replicas of Ebb alone. */
    access?: 'open' | 'in-handler' | 'replica' | ((request: FastifyRequest) => Question)
  }
  interface FastifyRequest {
    /** Who asks; set on every route that is not open. */
    user: Identity | undefined
  }
}

export interface Access {
  readonly authentication: Authentication
  readonly authorization: Authorization
  readonly isReplica?: IsReplica
}

/** Puts authentication and authorization before every route of a server, those that do not exist included. */
export function guard(app: Server, access: Access): void {
  app.decorateRequest('user', undefined)
  app.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions
    const rule = route.config.access
    if (rule === 'open') return
    if (rule === 'replica') {
      if (await access.isReplica?.(request.raw)) return
      return refuse(reply, 403, 'only other replicas of Ebb may ask for this')
    }
    const caller = await access.authentication.identify(request.raw)
    if (caller.kind === 'nobody') return refuse(reply, 401, 'Unauthorized')
    if (caller.kind === 'unknown') return refuse(reply, 503, caller.error.message)
    request.user = caller.user
    if (rule === 'in-handler') return
    // The route's own path, not the text of the request, which may spell it with escapes.
    const path = route.url ?? request.url.split('?', 1)[0] ?? '/'
    const verb = request.method.toLowerCase()
    const question: Question = rule ? rule(request) : { kind: 'path', verb, path }
    await permit(access.authorization, caller.user, question, reply)
  })
}

/** Asks the question and answers the request when the verdict is no. Says whether to go on. */
async function permit(
  authorization: Authorization,
  user: Identity,
  question: Question,
  reply: FastifyReply,
): Promise<boolean> {
  const now = authorization.authorize(user, question)
  const verdict = now instanceof Promise ? await now : now
  if (verdict.kind === 'allowed') return true
  await refuseBy(verdict, reply)
  return false
}

export type Refusal = Exclude<Verdict, { readonly kind: 'allowed' }>

/** Sends a verdict that is no. */
export const refuseBy = ({ kind, error }: Refusal, reply: FastifyReply): Promise<void> =>
  refuse(reply, kind === 'denied' ? 403 : 503, error.message)

/** Sends a refusal as a `Status` object. */
export async function refuse(reply: FastifyReply, code: number, message: string): Promise<void> {
  if (code === 503) reply.header('retry-after', '1')
  await reply
    .code(code)
    .type('application/json')
    .send(statusJson(code, statusReasons[code], message))
}
