import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Insight, WorkloadView } from '../control/insight.ts'
import { workloadKinds, type WorkloadKind } from '../core/workload-kinds.ts'
import { kinds, type Kind } from '../kinds.ts'
import type { Resource } from '../resources.ts'
import type { Authorization, Question } from './authorization.ts'
import { metricsGroup, metricsVersion } from './discovery.ts'
import { refuse, refuseBy, type Refusal } from './guard.ts'
import type { Server } from './server.ts'

/**
 * The resource name under which `ebb explain` reads through the API server's aggregation. No metric can have it: metric
 * names of triggers begin with `s<index>-`, that of a formula is `composite-metric`, and they are read without an object name.
 */
export const explainResource = 'ebb-explain'

/** Where a workload's view is, on the API server as on Ebb itself. */
export const explainPath = (namespace: string, name: string, kind?: WorkloadKind): string =>
  `/apis/${metricsGroup}/${metricsVersion}/namespaces/${encodeURIComponent(namespace)}/${explainResource}/${encodeURIComponent(explainName(name, kind))}`

/** What is read of the API server for it. */
export const kindOf: Readonly<Record<WorkloadKind, Kind<Resource>>> = {
  ScaledObject: kinds.scaledObject,
  ScaledJob: kinds.scaledJob,
}

/** The name to read; `scaledjobs:NAME` where the kind is said, which no name of an object can be. */
export const explainName = (name: string, kind: WorkloadKind | undefined): string =>
  kind === undefined ? name : `${kindOf[kind].plural}:${name}`

function asked(text: string): { readonly name: string; readonly among: readonly WorkloadKind[] } {
  const said = workloadKinds.find((kind) => text.startsWith(explainName('', kind)))
  return said
    ? { name: text.slice(explainName('', said).length), among: [said] }
    : { name: text, among: workloadKinds }
}

/** What the path answers: the view, and the time here (epoch ms) by which its ages are told. */
export interface Explanation {
  readonly at: number
  readonly workload: WorkloadView
}

/**
 * `GET .../namespaces/{namespace}/ebb-explain/{name}`: how a workload stands, for who may `get` the ScaledObject or ScaledJob of
 * that name; where no kind is said, the first of the two that there is and that may be seen. The API server has checked
 * `get ebb-explain` before; this second check is what protects a workload, since it also holds for those who come directly.
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
    const { namespace, name: text } = paramsOf(request)
    const { name, among } = asked(text)
    let refusal: Refusal | undefined
    let seen = false
    for (const kind of among) {
      // asked before it is looked for: who may not see it is not to learn whether it is there
      const verdict = await o.authorization.authorize(
        user,
        question(kindOf[kind].plural, namespace, name),
      )
      if (verdict.kind !== 'allowed') {
        refusal ??= verdict
        continue
      }
      seen = true
      const workload = await o.insight.get(namespace, name, kind)
      if (!workload) continue
      const explanation: Explanation = { at: o.clock.now(), workload }
      return reply.type('application/json').send(JSON.stringify(explanation))
    }
    if (refusal && (!seen || refusal.kind === 'unknown')) return refuseBy(refusal, reply)
    const what = among.map((kind) => `${kindOf[kind].plural}.keda.sh`).join(' or ')
    return refuse(reply, 404, `${what} "${name}" not found in ${namespace}`)
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
