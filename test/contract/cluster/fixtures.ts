import type {
  ConfigMap,
  HorizontalPodAutoscaler,
  Meta,
  ScaledObject,
  ScaledObjectSpec,
  Workload,
} from '../../../src/resources.ts'

export const configMap = (
  namespace: string,
  name: string,
  rest: {
    readonly data?: Readonly<Record<string, string>>
    readonly metadata?: Partial<Meta>
  } = {},
): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...rest.metadata, name, namespace },
  ...(rest.data && { data: rest.data }),
})

export const workload = (
  kind: 'Deployment' | 'StatefulSet',
  namespace: string,
  name: string,
  replicas?: number,
): Workload => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace },
  spec: {
    ...(replicas !== undefined && { replicas }),
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'app', image: 'example/app:1' }] },
    },
  },
})

export const scaledObject = (
  namespace: string,
  name: string,
  spec: Partial<ScaledObjectSpec> = {},
): ScaledObject => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name, namespace },
  spec: {
    scaleTargetRef: { name: 'app' },
    triggers: [{ type: 'azure-queue', metadata: { queueName: 'orders', queueLength: '5' } }],
    ...spec,
  },
})

export const autoscaler = (
  namespace: string,
  name: string,
  spec: Partial<HorizontalPodAutoscaler['spec']> = {},
): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name, namespace },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' },
    maxReplicas: 10,
    metrics: [
      {
        type: 'External',
        external: {
          metric: { name: 's0-azure-queue-orders' },
          target: { type: 'AverageValue', averageValue: '5' },
        },
      },
    ],
    ...spec,
  },
})
