import type { FastifyInstance, FastifyReply } from 'fastify'
import * as z from 'zod'
import type { Clock } from '../../clock.ts'
import type { Insight } from '../../control/insight.ts'
import { workloadKinds } from '../../core/workload-kinds.ts'
import { detail, overview } from './api.ts'
import { assets, type Asset } from './assets.ts'

/** What the page stands on. It only reads: no route changes anything. */
export interface DashboardOptions {
  readonly insight: Insight
  readonly clock: Clock
  /** Where the built page is; by default beside the bundle. */
  readonly folder?: string
}

/** Nothing from elsewhere, nothing inline, in no frame. */
const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
}

const listQuery = z.object({
  search: z.string().max(253).default(''),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})

/** A Kubernetes namespace and name; anything else cannot exist. */
const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
const objectPath = z.object({ namespace: name, name })
const detailQuery = z.object({ kind: z.enum(workloadKinds).optional() })

const notBuilt = 'The page was not built: run "npm run build".\n'

function serve(app: FastifyInstance, { path, type, body, etag }: Asset): void {
  app.get(path, (request, reply) => {
    reply.headers({ ...headers, etag }).type(type)
    return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(body)
  })
}

const refuse = (reply: FastifyReply, code: 400 | 404, error: string): FastifyReply =>
  reply.code(code).headers(headers).send({ error })

/** The page at `/` and what it reads at `/api/workloads[/NAMESPACE/NAME]`; register it on a server that is not public. */
export async function dashboard(app: FastifyInstance, options: DashboardOptions): Promise<void> {
  const { insight, clock } = options
  const files = await assets(options.folder)
  for (const asset of files) serve(app, asset)
  if (files.length === 0) {
    app.get('/', (_request, reply) => reply.code(503).headers(headers).send(notBuilt))
  }

  app.get('/api/workloads', async (request, reply) => {
    const query = listQuery.safeParse(request.query)
    if (!query.success) return refuse(reply, 400, z.prettifyError(query.error))
    return reply
      .headers(headers)
      .send(await overview(insight, clock, query.data.search, query.data.limit))
  })

  app.get('/api/workloads/:namespace/:name', async (request, reply) => {
    const path = objectPath.safeParse(request.params)
    if (!path.success) return refuse(reply, 400, 'not the name of a Kubernetes object')
    const query = detailQuery.safeParse(request.query)
    if (!query.success) return refuse(reply, 400, z.prettifyError(query.error))
    const { namespace, name } = path.data
    const found = await detail(insight, clock, namespace, name, query.data.kind)
    if (!found) {
      return refuse(reply, 404, `no workload ${namespace}/${name}`)
    }
    return reply.headers(headers).send(found)
  })
}
