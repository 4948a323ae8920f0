import type * as r from './resources.ts'

/** A kind of object on the cluster: where it lives and, for the compiler only, what it looks like. */
export interface Kind<T extends r.Resource> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  /** Never set; carries the type. */
  readonly shape?: T
}

const kind = <T extends r.Resource>(
  apiVersion: string,
  name: string,
  plural: string,
  namespaced = true,
): Kind<T> => {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  return { group, version, kind: name, plural, namespaced }
}

/** Every kind that Ebb reads or writes by name. Scale targets of other kinds are found by discovery. */
export const kinds = {
  scaledObject: kind<r.ScaledObject>('keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects'),
  scaledJob: kind<r.ScaledJob>('keda.sh/v1alpha1', 'ScaledJob', 'scaledjobs'),
  triggerAuthentication: kind<r.TriggerAuthentication>(
    'keda.sh/v1alpha1',
    'TriggerAuthentication',
    'triggerauthentications',
  ),
  clusterTriggerAuthentication: kind<r.TriggerAuthentication>(
    'keda.sh/v1alpha1',
    'ClusterTriggerAuthentication',
    'clustertriggerauthentications',
    false,
  ),
  deployment: kind<r.Workload>('apps/v1', 'Deployment', 'deployments'),
  statefulSet: kind<r.Workload>('apps/v1', 'StatefulSet', 'statefulsets'),
  replicaSet: kind<r.Workload>('apps/v1', 'ReplicaSet', 'replicasets'),
  hpa: kind<r.HorizontalPodAutoscaler>(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'horizontalpodautoscalers',
  ),
  job: kind<r.Job>('batch/v1', 'Job', 'jobs'),
  pod: kind<r.Pod>('v1', 'Pod', 'pods'),
  podMetrics: kind<r.PodMetrics>('metrics.k8s.io/v1beta1', 'PodMetrics', 'pods'),
  namespace: kind<r.Resource>('v1', 'Namespace', 'namespaces', false),
  secret: kind<r.Secret>('v1', 'Secret', 'secrets'),
  configMap: kind<r.ConfigMap>('v1', 'ConfigMap', 'configmaps'),
  limitRange: kind<r.LimitRange>('v1', 'LimitRange', 'limitranges'),
  serviceAccount: kind<r.Resource>('v1', 'ServiceAccount', 'serviceaccounts'),
  event: kind<r.Event>('events.k8s.io/v1', 'Event', 'events'),
  lease: kind<r.Lease>('coordination.k8s.io/v1', 'Lease', 'leases'),
  apiService: kind<r.ApiService>('apiregistration.k8s.io/v1', 'APIService', 'apiservices', false),
  webhooks: kind<r.Webhooks>(
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    false,
  ),
  tokenReview: kind<r.TokenReview>(
    'authentication.k8s.io/v1',
    'TokenReview',
    'tokenreviews',
    false,
  ),
  subjectAccessReview: kind<r.SubjectAccessReview>(
    'authorization.k8s.io/v1',
    'SubjectAccessReview',
    'subjectaccessreviews',
    false,
  ),
} as const

export const apiVersionOf = (k: { readonly group: string; readonly version: string }): string =>
  k.group === '' ? k.version : `${k.group}/${k.version}`
