import type { Manifest } from '../manifests.ts'
import type { ScaledObject, Workload } from '../../resources.ts'

/** The demo's queue and the workload scaled on it. */
export const sampleQueue = 'orders'
/** The Secret that holds the connection string of the demo's queue service, in every namespace the demo uses. */
export const storageSecret = { name: 'demo-storage', key: 'connection' } as const

const namespace = 'default'

const deployment: Workload = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'orders', namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'orders' } },
    template: {
      metadata: { labels: { app: 'orders' } },
      spec: {
        containers: [
          {
            name: 'function',
            image: 'orders',
            env: [
              {
                name: 'AzureWebJobsStorage',
                valueFrom: { secretKeyRef: storageSecret },
              },
            ],
          },
        ],
      },
    },
  },
}

/** Intervals are short, so that a whole cycle takes less than a minute; a real one would leave out most of this. */
const scaledObject: ScaledObject = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'orders', namespace },
  spec: {
    scaleTargetRef: { name: 'orders' },
    pollingInterval: 1,
    cooldownPeriod: 10,
    minReplicaCount: 0,
    maxReplicaCount: 10,
    advanced: {
      horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 5 } } },
    },
    triggers: [
      {
        type: 'azure-queue',
        metadata: {
          queueName: sampleQueue,
          queueLength: '5',
          connectionFromEnv: 'AzureWebJobsStorage',
        },
      },
    ],
  },
}

/** What `--apply` replaces. */
export const sample: readonly Manifest[] = [deployment, scaledObject].map((object) => ({
  // both name their apiVersion and kind above
  object: object as Manifest['object'],
  where: 'the sample',
}))
