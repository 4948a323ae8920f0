/** The objects of the fleet: a Deployment and a ScaledObject of one prometheus trigger for each workload. */

/** Of a workload and its Deployment. */
export const nameOf = (i: number): string => `w${String(i).padStart(5, '0')}`

/** One file of `kubectl apply`: the objects of a range of workloads. */
export const manifestOf = (make: (i: number) => object, from: number, count: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: Array.from({ length: count }, (_, i) => make(from + i)),
  })

export const deployment =
  (replicas: number) =>
  (i: number): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: nameOf(i), namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: nameOf(i) } },
      template: {
        metadata: { labels: { app: nameOf(i) } },
        spec: { containers: [{ name: 'main', image: 'none' }] },
      },
    },
  })

export const scaledObject =
  (source: string, pollingInterval: number) =>
  (i: number): object => ({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: nameOf(i), namespace: 'default' },
    spec: {
      scaleTargetRef: { name: nameOf(i) },
      pollingInterval,
      cooldownPeriod: 300,
      maxReplicaCount: 3,
      triggers: [
        {
          type: 'prometheus',
          metadata: {
            serverAddress: source,
            query: `backlog{workload="${nameOf(i)}"}`,
            threshold: '10',
          },
        },
      ],
    },
  })
