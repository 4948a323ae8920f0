import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Insight, WorkloadView } from '../control/insight.ts'
import type { Authorization, Question } from './authorization.ts'
import { metricsGroup, metricsVersion } from './discovery.ts'
import { permit, refuse } from './guard.ts'
import type { Server } from './server.ts'

/**
 * The resource name under which `ebb explain` reads through the API server's aggregation. No metric can have it: metric
 * names of triggers begin with `s<index>-`, that of a formula is `composite-metric`, and they are read without an object name.
 */
export const explainResource = 'ebb-explain'

/** Where a workload's view is, on the API server as on Ebb itself. */
export const explainPath = (namespace: string, name: string): string =>
  `/apis/${metricsGroup}/${metricsVersion}/namespaces/${encodeURIComponent(namespace)}/${explainResource}/${encodeURIComponent(name)}`

/** What the path answers: the view, and the time here (epoch ms) by which its ages are told. */
export interface Explanation {
  readonly at: number
  readonly workload: WorkloadView
}

/**
 * `GET .../namespaces/{namespace}/ebb-explain/{name}`: how a workload stands, for who may `get` the ScaledObject (or
 * ScaledJob) of that name. The API server has checked `get ebb-explain` before; this second check is what protects a
 * workload, since it also holds for those who come directly.
 */
export function serveExplain(
  app: Server,
  o: {
    readonly insight: Insight
    readonly authorization: Authorization
    readonly clock: Clock
  },
): void {
  const path = `/apis/${metricsGroup}/${metricsVersion}/namespaces/:namespace/${explainResource}/:name`
  app.get(path, { config: { access: 'in-handler' } }, async (request, reply) => {
    const { user } = request
    if (!user) return refuse(reply, 401, 'Unauthorized')
    const { namespace, name } = paramsOf(request)
    const workload = await o.insight.get(namespace, name)
    const resource = workload?.kind === 'ScaledJob' ? 'scaledjobs' : 'scaledobjects'
    if (!(await permit(o.authorization, user, question(resource, namespace, name), reply)))
      return reply
    if (!workload)
      return refuse(reply, 404, `${resource}.keda.sh "${name}" not found in ${namespace}`)
    const explanation: Explanation = { at: o.clock.now(), workload }
    return reply.type('application/json').send(JSON.stringify(explanation))
  })
}

const question = (resource: string, namespace: string, name: string): Question => ({
  kind: 'resource',
  verb: 'get',
  group: 'keda.sh',
  version: 'v1alpha1',
  resource,
  namespace,
  name,
  askedBefore: false,
})

// The route's pattern has both parameters, so both are there.
const paramsOf = (request: FastifyRequest): { readonly namespace: string; readonly name: string } =>
  request.params as { namespace: string; name: string }
