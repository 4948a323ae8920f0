import type { ControlPlane } from '../control-plane/start.ts'
import { serveAggregated, type Aggregated } from './aggregated.ts'

/** A metrics API of the tests' own, in the place where Ebb's would be: what it answers is up to them. */
export type ExternalMetrics = Aggregated

/** The value of a metric (a quantity), or undefined for the error that an unreadable metric gets. */
export type Answer = (metric: string) => Promise<string | undefined>

const group = 'external.metrics.k8s.io'
const version = 'v1beta1'

/** Serves external.metrics.k8s.io of a control plane through its aggregation layer; answers requests once it is available there. */
export const serveExternalMetrics = (c: ControlPlane, answer: Answer): Promise<ExternalMetrics> =>
  serveAggregated(c, {
    group,
    version,
    resources,
    async answer({ pathname }) {
      const metric = /\/namespaces\/[^/]+\/([^/]+)/.exec(pathname)?.[1] ?? ''
      return reply(metric, await answer(metric))
    },
  })

const resources = [
  {
    name: 'externalmetrics',
    singularName: '',
    namespaced: true,
    kind: 'ExternalMetricValueList',
    verbs: ['get'],
  },
]

function reply(metric: string, value: string | undefined): readonly [number, object] {
  if (value === undefined) {
    return [
      500,
      {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message: `${metric} is missing`,
        code: 500,
      },
    ]
  }
  const timestamp = new Date().toISOString()
  const item = { metricName: metric, metricLabels: null, timestamp, value }
  const apiVersion = `${group}/${version}`
  return [200, { kind: 'ExternalMetricValueList', apiVersion, metadata: {}, items: [item] }]
}
