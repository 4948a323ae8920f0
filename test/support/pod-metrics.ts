import type { Cluster } from '../../src/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import type { ControlPlane } from '../control-plane/start.ts'
import { serveAggregated, type Aggregated } from './aggregated.ts'

/** The kind that the metrics API serves, for the embedded cluster: there it is stored by whoever plays the kubelets. */
export const podMetricsDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'pods.metrics.k8s.io' },
  spec: {
    group: 'metrics.k8s.io',
    scope: 'Namespaced',
    names: { kind: 'PodMetrics', plural: 'pods', singular: 'pod' },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
} as const

/** What pods use together, by the selector they are asked for. */
export interface Load {
  /** Thousandths of a core, and as many MiB. */
  readonly total: number
  /** Whether one of them, where there are more than two, is not measured. */
  readonly lacking: boolean
}

/**
 * Serves metrics.k8s.io of a control plane as a metrics server does: the pods that run share the load of their selector, measured
 * just now, over a second.
 */
export const servePodMetrics = (
  c: ControlPlane,
  cluster: Pick<Cluster, 'list'>,
  loadOf: (selector: string) => Load | undefined,
): Promise<Aggregated> =>
  serveAggregated(c, {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    resources: [
      {
        name: 'pods',
        singularName: '',
        namespaced: true,
        kind: 'PodMetrics',
        verbs: ['get', 'list'],
      },
    ],
    async answer({ pathname, searchParams }) {
      const namespace = /\/namespaces\/([^/]+)\//.exec(pathname)?.[1] ?? ''
      const labelSelector = searchParams.get('labelSelector') ?? ''
      const signal = AbortSignal.timeout(20_000)
      const { items } = await cluster.list(kinds.pod, { namespace, labelSelector }, signal)
      const running = items
        .filter(
          ({ metadata, status }) => status?.phase === 'Running' && !metadata.deletionTimestamp,
        )
        .map(({ metadata }) => metadata.name)
        .sort()
      const load = loadOf(labelSelector)
      const each = (load?.total ?? 0) / running.length
      const shown = load?.lacking === true && running.length > 2 ? running.slice(1) : running
      return [200, listOf(namespace, load === undefined ? [] : shown, each)]
    },
  })

const listOf = (namespace: string, pods: readonly string[], each: number): object => ({
  kind: 'PodMetricsList',
  apiVersion: 'metrics.k8s.io/v1beta1',
  metadata: {},
  items: pods.map((name) => ({
    metadata: { name, namespace },
    timestamp: new Date().toISOString(),
    window: '1s',
    containers: [
      {
        name: 'main',
        usage: { cpu: `${Math.round(each * 1e6)}n`, memory: `${Math.round(each * 1024)}Ki` },
      },
    ],
  })),
})
