/** Kubernetes objects for tests on a real control plane, in the namespace `default` unless their metadata say otherwise. */

type Fields = Readonly<Record<string, unknown>>

/** A Deployment; `more` adds to its container, `metadata` to its own. */
export const deploymentObject = (
  name: string,
  replicas = 0,
  { container, metadata }: { readonly container?: Fields; readonly metadata?: Fields } = {},
): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default', ...metadata },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'none', ...container }] },
    },
  },
})

export interface PrometheusTrigger {
  readonly url: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly authentication?: string
}

export const prometheusTrigger = (
  query: string,
  { url, metadata, authentication }: PrometheusTrigger,
): object => ({
  type: 'prometheus',
  metadata: { serverAddress: url, query, threshold: '10', ...metadata },
  ...(authentication !== undefined && { authenticationRef: { name: authentication } }),
})

/** A ScaledObject of the Deployment of its name; 2 s polls, 4 s cooldown, at most 4 replicas. */
export const scaledObject = (
  name: string,
  triggers: readonly object[],
  { spec, metadata }: { readonly spec?: Fields; readonly metadata?: Fields } = {},
): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name, namespace: 'default', ...metadata },
  spec: {
    scaleTargetRef: { name },
    pollingInterval: 2,
    cooldownPeriod: 4,
    maxReplicaCount: 4,
    triggers,
    ...spec,
  },
})

/** One of a single prometheus trigger, whose query is the name. */
export const scaledObjectOf = (
  name: string,
  trigger: PrometheusTrigger,
  spec: Fields = {},
): object => scaledObject(name, [prometheusTrigger(name, trigger)], { spec })

export const secretObject = (name: string, stringData: Fields): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  stringData,
})

/** A TriggerAuthentication that takes parameters of their own names from the Secret of its own name. */
export const authenticationObject = (name: string, ...parameters: readonly string[]): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'TriggerAuthentication',
  metadata: { name, namespace: 'default' },
  spec: { secretTargetRef: parameters.map((parameter) => ({ parameter, name, key: parameter })) },
})

export const listOf = (...items: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
