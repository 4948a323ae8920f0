import type { FastifyRequest } from 'fastify'
import { rfc3339 } from '../clock.ts'
import type { MetricValue, Readings } from '../control/insight.ts'
import { formatReading } from '../core/quantity.ts'
import { EbbError } from '../errors.ts'
import type { Question } from './authorization.ts'
import { metricsGroup, metricsVersion, serveDiscovery } from './discovery.ts'
import { type Access, guard, refuse } from './guard.ts'
import { scaledObjectOf } from './selector.ts'
import type { Server } from './server.ts'
import { statusJson } from './status.ts'

export const metricsPath = `/apis/${metricsGroup}/${metricsVersion}/namespaces/:namespace/:metric`

export interface MetricsApiMeter {
  /** One read of a metric was answered. */
  served(code: number, ms: number): void
}

/**
 * The aggregated API `external.metrics.k8s.io/v1beta1` on a server of its own listener: discovery, and
 * `GET .../namespaces/{namespace}/{metric}?labelSelector=scaledobject.keda.sh/name={name}`, answered from the board.
 * Failures of a read are `Status` objects with code 500, as the HPA knows them from KEDA's adapter.
 */
export function serveExternalMetrics(
  app: Server,
  o: {
    readonly access: Access
    readonly readings: Readings
    readonly build: { readonly version: string }
    readonly meter?: MetricsApiMeter
  },
): void {
  guard(app, o.access)
  serveDiscovery(app, o.build)

  app.get(metricsPath, { config: { access: questionOf } }, async (request, reply) => {
    const { namespace, metric } = paramsOf(request)
    if (!isSegment(namespace) || !isSegment(metric))
      return refuse(reply, 404, 'the server could not find the requested resource')
    if (!takesJson(request.headers.accept))
      return refuse(reply, 406, 'only the following media types are accepted: application/json')
    reply.type('application/json')
    try {
      const values = await o.readings.read(namespace, scaledObject(request, metric), metric)
      return listJson(values)
    } catch (error) {
      if (!(error instanceof EbbError)) throw error
      return reply.code(500).send(statusJson(500, undefined, error.message))
    }
  })

  const { meter } = o
  if (meter)
    app.addHook('onResponse', (request, reply, done) => {
      if (request.routeOptions.url === metricsPath)
        meter.served(reply.statusCode, reply.elapsedTime)
      done()
    })
}

/** A GET of a metric without an object name is a `list`, and the metric is the resource (as the API server sees it). */
function questionOf(request: FastifyRequest): Question {
  const { namespace, metric } = paramsOf(request)
  return {
    kind: 'resource',
    verb: 'list',
    group: metricsGroup,
    version: metricsVersion,
    resource: metric,
    namespace,
    name: '',
    askedBefore: true,
  }
}

// The route's pattern has both parameters, so both are there.
const paramsOf = (
  request: FastifyRequest,
): { readonly namespace: string; readonly metric: string } =>
  request.params as { namespace: string; metric: string }

function scaledObject(request: FastifyRequest, metric: string): string {
  // fastify gives an object of strings, or of lists where a key is repeated.
  const given = (request.query as Readonly<Record<string, string | string[]>>)['labelSelector']
  return scaledObjectOf(Array.isArray(given) ? given.join(',') : (given ?? ''), metric)
}

/** What Kubernetes allows as a path segment, which a resource's name is to the API server. */
const isSegment = (text: string): boolean =>
  /^[^/%\p{Cc}]+$/u.test(text) && text !== '.' && text !== '..'

const takesJson = (accept: string | undefined): boolean =>
  accept === undefined ||
  accept === '' ||
  accept.includes('application/json') ||
  accept.includes('*/*') ||
  accept.includes('application/*')

/** ExternalMetricValueList as text: the shape is fixed and small, so no serializer is between. */
export function listJson(values: readonly MetricValue[]): string {
  const items = values.map(
    (value) =>
      `{"metricName":${JSON.stringify(value.metric)},"metricLabels":null,"timestamp":"${rfc3339(value.at)}","value":"${formatReading(value)}"}`,
  )
  return `{"kind":"ExternalMetricValueList","apiVersion":"${metricsGroup}/${metricsVersion}","metadata":{},"items":[${items.join(',')}]}\n`
}
