/** Kubernetes objects for tests on a real control plane, in the namespace `default`. */

export const deploymentObject = (name: string, replicas = 0): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'none' }] },
    },
  },
})

export interface PrometheusTrigger {
  readonly url: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly authentication?: string
}

/** A ScaledObject of one prometheus trigger, whose query is the name; 2 s polls, 4 s cooldown. */
export const scaledObjectOf = (
  name: string,
  { url, metadata, authentication }: PrometheusTrigger,
  spec: object = {},
): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name, namespace: 'default' },
  spec: {
    scaleTargetRef: { name },
    pollingInterval: 2,
    cooldownPeriod: 4,
    maxReplicaCount: 4,
    triggers: [
      {
        type: 'prometheus',
        metadata: { serverAddress: url, query: name, threshold: '10', ...metadata },
        ...(authentication !== undefined && { authenticationRef: { name: authentication } }),
      },
    ],
    ...spec,
  },
})

export const listOf = (...items: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
