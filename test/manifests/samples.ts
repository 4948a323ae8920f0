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

const modifiers = (scalingModifiers: object): object =>
  scaledObject({ advanced: { scalingModifiers } })

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
const oauth = (more: object, beside: object = {}): object =>
  authentication({
    oauth2: {
      clientId: 'c',
      tokenUrl: 'https://t',
      clientSecret: { valueFrom: { secretKeyRef } },
      ...more,
    },
    ...beside,
  })
const azure = (more: object): object =>
  authentication({ podIdentity: { provider: 'azure-workload', ...more } })

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
    name: 'idle without min',
    object: scaledObject({ idleReplicaCount: 0 }),
    refused: /idleReplicaCount must be below/,
  },
  {
    name: 'min 1, idle 1',
    object: scaledObject({ minReplicaCount: 1, idleReplicaCount: 1 }),
    refused: /spec.idleReplicaCount/,
  },
  { name: 'min 1, idle 0', object: scaledObject({ minReplicaCount: 1, idleReplicaCount: 0 }) },
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
      fallback: { failureThreshold: 0, replicas: 0, behavior: 'currentReplicasIfHigher' },
    }),
  },
  {
    name: 'fallback by a formula that is not there',
    object: scaledObject({
      fallback: { failureThreshold: 0, replicas: 0, behavior: 'scalingModifiers' },
    }),
    refused: /spec.fallback: .*needs advanced.scalingModifiers.formula/,
  },
  {
    name: 'fallback by a formula',
    object: scaledObject({
      fallback: { failureThreshold: 0, replicas: 0, behavior: 'scalingModifiers' },
      advanced: { scalingModifiers: { formula: 'a', target: '2' } },
    }),
  },
  ...['2', '0.5', '1e3', '.5', 'inf', 'NaN', '0x1p4'].map((target) => ({
    name: `modifiers with the target ${target}, which Go reads as above 0`,
    object: modifiers({ formula: 'a', target }),
  })),
  ...['0', '-1', '0.0', 'many', ' 2'].map((target) => ({
    name: `modifiers with the target ${target}`,
    object: modifiers({ formula: 'a', target }),
    refused: /scalingModifiers.target/,
  })),
  { name: 'modifiers without a field', object: modifiers({}) },
  { name: 'modifiers of empty text', object: modifiers({ formula: '', target: '' }) },
  {
    name: 'modifiers with a target alone',
    object: modifiers({ target: '2' }),
    refused: /scalingModifiers.formula: .*formula is required/,
  },
  {
    name: 'modifiers with a metricType alone',
    object: modifiers({ metricType: 'Value' }),
    refused: /formula is required/,
  },
  {
    name: 'modifiers without a target',
    object: modifiers({ formula: 'a' }),
    refused: /scalingModifiers.target: .*target is required/,
  },
  {
    name: 'an HPA name of 63 characters',
    object: scaledObject({ advanced: { horizontalPodAutoscalerConfig: { name: 'n'.repeat(63) } } }),
  },
  {
    name: 'an HPA name of 64 characters',
    object: scaledObject({ advanced: { horizontalPodAutoscalerConfig: { name: 'n'.repeat(64) } } }),
    refused: /horizontalPodAutoscalerConfig.name/,
  },
  ...['cpu', 'memory', 'cron'].map((type) => ({
    name: `cached metrics of ${type}`,
    object: scaledObject({ triggers: [{ ...trigger, type, useCachedMetrics: true }] }),
    refused: /triggers\[0\].useCachedMetrics/,
  })),
  {
    name: 'cached metrics',
    object: scaledObject({ triggers: [{ ...trigger, useCachedMetrics: true }] }),
  },
  {
    name: 'cached metrics of cron, said not to be',
    object: scaledObject({ triggers: [{ ...trigger, type: 'cron', useCachedMetrics: false }] }),
  },
  {
    name: 'a thousand triggers',
    object: scaledObject({ triggers: Array.from({ length: 1000 }, () => trigger) }),
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
  { name: 'OAuth', object: oauth({}) },
  ...['http://t', 'https://t:8080/a?b=c', 'HTTPS://t'].map((tokenUrl) => ({
    name: `OAuth at ${tokenUrl}`,
    object: oauth({ tokenUrl }),
  })),
  ...['t', '', '/t', 'ftp://t', 'https://', '//t'].map((tokenUrl) => ({
    name: `OAuth at ${tokenUrl}`,
    object: oauth({ tokenUrl }),
    refused: /oauth2.tokenUrl/,
  })),
  { name: 'OAuth of nobody', object: oauth({ clientId: '' }), refused: /oauth2.clientId/ },
  {
    name: 'OAuth of nobody beside an identity with which KEDA does not look at it',
    object: oauth({ clientId: '', tokenUrl: 't' }, { podIdentity: { provider: 'gcp' } }),
  },
  {
    name: 'OAuth of nobody beside Azure',
    object: oauth({ clientId: '' }, { podIdentity: { provider: 'azure-workload' } }),
    refused: /oauth2.clientId/,
  },
  { name: 'Azure', object: azure({ identityId: 'i', identityTenantId: 't' }) },
  {
    name: 'Azure with a host and a tenant',
    object: azure({ identityAuthorityHost: 'h', identityTenantId: 't' }),
  },
  {
    name: 'Azure with an empty id',
    object: azure({ identityId: '' }),
    refused: /identityId must not/,
  },
  {
    name: 'Azure with an empty tenant',
    object: azure({ identityTenantId: '' }),
    refused: /identityTenantId must/,
  },
  {
    name: 'Azure with a host alone',
    object: azure({ identityAuthorityHost: 'h' }),
    refused: /identityTenantId is required/,
  },
  {
    name: 'an empty id of a platform that has none',
    object: authentication({ podIdentity: { provider: 'gcp', identityId: '' } }),
  },
  {
    name: 'AWS with the role of the workload',
    object: authentication({
      podIdentity: { provider: 'aws', roleArn: 'r', identityOwner: 'workload' },
    }),
    refused: /roleArn/,
  },
  {
    name: 'AWS with an external id alone',
    object: authentication({ podIdentity: { provider: 'aws', externalID: 'e' } }),
    refused: /externalID/,
  },
  {
    name: 'the same rules for all namespaces',
    object: authentication(
      { podIdentity: { provider: 'aws', externalID: 'e' } },
      'ClusterTriggerAuthentication',
    ),
    refused: /externalID/,
  },
  {
    name: 'a job with cached metrics of cron',
    object: scaledJob({ triggers: [{ ...trigger, type: 'cron', useCachedMetrics: true }] }),
    refused: /useCachedMetrics/,
  },
]
