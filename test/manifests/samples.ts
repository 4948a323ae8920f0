/** A row: what differs from the plainest object of its kind, and whether the CRD alone accepts it. */
export interface Sample {
  readonly name: string
  readonly object: object
  /** Undefined where it is accepted; else a word of the refusal. */
  readonly refused?: RegExp
}

const trigger = { type: 'azure-queue', metadata: { queueName: 'orders' } }

const meta = { name: 'sample', namespace: 'default' }

/** A ScaledObject that differs from the plainest by these fields of its spec. */
export const scaledObject = (spec: object): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: meta,
  spec: { scaleTargetRef: { name: 'worker' }, triggers: [trigger], ...spec },
})

const scaledJob = (spec: object, pod: object = {}): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledJob',
  metadata: meta,
  spec: {
    jobTargetRef: { template: { spec: { containers: [{ name: 'main', image: 'none' }], ...pod } } },
    triggers: [trigger],
    ...spec,
  },
})

const authentication = (spec: object, kind = 'TriggerAuthentication'): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind,
  metadata: kind === 'TriggerAuthentication' ? meta : { name: meta.name },
  spec,
})

const hpa = (behavior: object): object =>
  scaledObject({ advanced: { horizontalPodAutoscalerConfig: { behavior } } })
const vault = { address: 'https://vault', authentication: 'token' }
const secretKeyRef = { name: 'a', key: 'b' }

/** Bounds (reference: keda-behaviour B.3 and 1.2 to 1.6). What the CRD cannot judge, KEDA's webhook and the controller do. */
export const samples: readonly Sample[] = [
  { name: 'plain', object: scaledObject({}) },
  { name: 'min 0, max 1', object: scaledObject({ minReplicaCount: 0, maxReplicaCount: 1 }) },
  {
    name: 'min 2, max 2, idle 1',
    object: scaledObject({ minReplicaCount: 2, maxReplicaCount: 2, idleReplicaCount: 1 }),
  },
  { name: 'idle 0 with min 0', object: scaledObject({ minReplicaCount: 0, idleReplicaCount: 0 }) },
  {
    name: 'idle without min, which the controller judges',
    object: scaledObject({ idleReplicaCount: 0 }),
  },
  {
    name: 'min 5, max 3',
    object: scaledObject({ minReplicaCount: 5, maxReplicaCount: 3 }),
    refused: /must not exceed/,
  },
  { name: 'min 100, no max', object: scaledObject({ minReplicaCount: 100 }) },
  {
    name: 'min 101, no max',
    object: scaledObject({ minReplicaCount: 101 }),
    refused: /must not exceed/,
  },
  { name: 'max 0', object: scaledObject({ maxReplicaCount: 0 }), refused: /maxReplicaCount/ },
  { name: 'min -1', object: scaledObject({ minReplicaCount: -1 }), refused: /minReplicaCount/ },
  { name: 'polling 0', object: scaledObject({ pollingInterval: 0 }), refused: /pollingInterval/ },
  { name: 'polling 1', object: scaledObject({ pollingInterval: 1 }) },
  { name: 'cooldown 0', object: scaledObject({ cooldownPeriod: 0, initialCooldownPeriod: 0 }) },
  { name: 'cooldown -1', object: scaledObject({ cooldownPeriod: -1 }), refused: /cooldownPeriod/ },
  { name: 'no triggers', object: scaledObject({ triggers: [] }), refused: /triggers/ },
  {
    name: 'no target',
    object: scaledObject({ scaleTargetRef: {} }),
    refused: /scaleTargetRef.name/,
  },
  {
    name: 'target without a name',
    object: scaledObject({ scaleTargetRef: { name: '' } }),
    refused: /scaleTargetRef.name/,
  },
  {
    name: 'trigger without a type',
    object: scaledObject({ triggers: [{ type: '', metadata: {} }] }),
    refused: /type/,
  },
  {
    name: 'trigger without metadata',
    object: scaledObject({ triggers: [{ type: 'cron' }] }),
    refused: /metadata/,
  },
  {
    name: 'a number in metadata',
    object: scaledObject({ triggers: [{ type: 'cron', metadata: { n: 5 } }] }),
    refused: /string/,
  },
  {
    name: 'any metric type',
    object: scaledObject({ triggers: [{ ...trigger, metricType: 'Median' }] }),
  },
  {
    name: 'wrong kind of authentication',
    object: scaledObject({
      triggers: [{ ...trigger, authenticationRef: { name: 'a', kind: 'Secret' } }],
    }),
    refused: /Unsupported value/,
  },
  {
    name: 'fallback',
    object: scaledObject({
      fallback: { failureThreshold: 0, replicas: 0, behavior: 'scalingModifiers' },
    }),
  },
  {
    name: 'fallback without replicas',
    object: scaledObject({ fallback: { failureThreshold: 3 } }),
    refused: /replicas/,
  },
  {
    name: 'stabilization of an hour',
    object: hpa({ scaleDown: { stabilizationWindowSeconds: 3600 } }),
  },
  {
    name: 'stabilization of more',
    object: hpa({ scaleUp: { stabilizationWindowSeconds: 3601 } }),
    refused: /3600/,
  },
  {
    name: 'tolerance as a quantity',
    object: hpa({ scaleDown: { tolerance: '50m' }, scaleUp: { tolerance: 0 } }),
  },
  {
    name: 'tolerance in words',
    object: hpa({ scaleDown: { tolerance: 'some' } }),
    refused: /tolerance/,
  },
  {
    name: 'policy, left to the HPA to judge',
    object: hpa({
      scaleUp: { selectPolicy: 'Most', policies: [{ type: 'Pods', value: 0, periodSeconds: 0 }] },
    }),
  },
  { name: 'plain job', object: scaledJob({}) },
  {
    name: 'job of a newer Kubernetes',
    object: scaledJob({}, { restartPolicy: 'Never', fieldOfNextYear: { a: 1 } }),
  },
  { name: 'job with min above max', object: scaledJob({ minReplicaCount: 5, maxReplicaCount: 3 }) },
  { name: 'job without a template', object: scaledJob({ jobTargetRef: {} }), refused: /template/ },
  {
    name: 'job with an unknown strategy',
    object: scaledJob({ scalingStrategy: { strategy: 'greedy' } }),
    refused: /Unsupported value/,
  },
  { name: 'job without a spec', object: { ...scaledJob({}), spec: undefined } },
  {
    name: 'secrets',
    object: authentication({ secretTargetRef: [{ parameter: 'connection', name: 'a', key: 'b' }] }),
  },
  {
    name: 'secrets without a key',
    object: authentication({ secretTargetRef: [{ parameter: 'connection', name: 'a' }] }),
    refused: /key/,
  },
  { name: 'nothing at all', object: authentication({}) },
  { name: 'no spec', object: { ...authentication({}), spec: undefined }, refused: /spec/ },
  {
    name: 'AWS',
    object: authentication({
      podIdentity: { provider: 'aws', roleArn: 'r', identityOwner: 'keda' },
    }),
  },
  {
    name: 'a provider KEDA dropped',
    object: authentication({ podIdentity: { provider: 'azure' } }),
    refused: /Unsupported value/,
  },
  {
    name: 'a file, for all namespaces',
    object: authentication({ filePath: 'a.json' }, 'ClusterTriggerAuthentication'),
  },
  {
    name: 'Vault',
    object: authentication({
      hashiCorpVault: { ...vault, secrets: [{ parameter: 'p', path: 'a', key: 'b', type: '' }] },
    }),
  },
  {
    name: 'Vault without secrets',
    object: authentication({ hashiCorpVault: { ...vault, secrets: [] } }),
    refused: /secrets/,
  },
  {
    name: 'OAuth',
    object: authentication({
      oauth2: { clientId: 'c', tokenUrl: 't', clientSecret: { valueFrom: { secretKeyRef } } },
    }),
  },
]
