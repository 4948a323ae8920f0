import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Server } from './server.ts'

export const metricsGroup = 'external.metrics.k8s.io'
export const metricsVersion = 'v1beta1'
const groupVersion = `${metricsGroup}/${metricsVersion}`

const version = { groupVersion, version: metricsVersion }
const group = { name: metricsGroup, versions: [version], preferredVersion: version }
const listKind = 'ExternalMetricValueList'

/** The documents of discovery. Metric names are not listed: the API server would ask for them every minute. */
const groups = { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] }
const oneGroup = { kind: 'APIGroup', apiVersion: 'v1', ...group }
const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: [
    {
      name: 'externalmetrics',
      singularName: '',
      namespaced: true,
      kind: listKind,
      verbs: ['get'],
    },
  ],
}
const aggregated = (discoveryVersion: string): object => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`,
  metadata: {},
  items: [
    {
      metadata: { name: metricsGroup },
      versions: [
        {
          version: metricsVersion,
          freshness: 'Current',
          resources: [
            {
              resource: 'externalmetrics',
              responseKind: { group: '', version: '', kind: listKind },
              scope: 'Namespaced',
              singularResource: '',
              verbs: ['get'],
            },
          ],
        },
      ],
    },
  ],
})

/** A document that never changes while the process lives: serialised once, with the tag by which clients skip it. */
interface Document {
  readonly body: string
  readonly etag: string
  readonly type: string
}

function frozen(content: object, type = 'application/json'): Document {
  const body = `${JSON.stringify(content)}\n`
  return { body, type, etag: `"${createHash('sha256').update(body).digest('hex')}"` }
}

function sendDocument(request: FastifyRequest, reply: FastifyReply, d: Document): FastifyReply {
  reply.header('etag', d.etag).header('vary', 'Accept').header('cache-control', 'public')
  if (request.headers['if-none-match'] === d.etag) return reply.code(304).send()
  return reply.type(d.type).send(d.body)
}

const aggregatedType = (v: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`

/**
 * Discovery as the API server's aggregator asks for it every minute: one aggregated document at /apis where the client
 * accepts that form, the classic ones else, and OpenAPI documents that describe nothing.
 */
export function serveDiscovery(app: Server, build: { readonly version: string }): void {
  const plain = frozen(groups)
  const forms = ['v2', 'v2beta1'].map((v) => ({
    v,
    document: frozen(aggregated(v), aggregatedType(v)),
  }))

  app.get('/apis', (request, reply) => {
    const accept = request.headers.accept ?? ''
    const form = forms.find(({ v }) => acceptsAggregated(accept, v))
    return sendDocument(request, reply, form?.document ?? plain)
  })

  const info = { title: 'Ebb external metrics', version: build.version }
  const documents: readonly [path: string, content: object][] = [
    [`/apis/${metricsGroup}`, oneGroup],
    [`/apis/${groupVersion}`, resources],
    ['/openapi/v2', { swagger: '2.0', info, paths: {} }],
    ['/openapi/v3', { paths: {} }],
    ['/version', { major: '1', minor: '0', gitVersion: `v${build.version}`, platform: 'ebb' }],
  ]
  for (const [path, content] of documents) {
    const document = frozen(content)
    app.get(path, (request, reply) => sendDocument(request, reply, document))
  }
}

const acceptsAggregated = (accept: string, v: string): boolean =>
  accept
    .split(',')
    .map((type) => type.replaceAll(' ', '').split(';'))
    .some((parts) => parts.includes('as=APIGroupDiscoveryList') && parts.includes(`v=${v}`))
