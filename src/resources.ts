import type { AuthenticationSpec } from './auth/shapes.ts'
import type { ManagedFields } from './core/foreign.ts'

export type { ScaledJob, ScaledJobSpec } from './scaledjob.ts'

/** Kubernetes objects, as far as Ebb reads and writes them. Times are RFC 3339 text, quantities are text. */

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

export interface Meta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly OwnerReference[]
  /** Only of objects that were got whole; mirrors leave it out. */
  readonly managedFields?: readonly ManagedFields[]
}

export interface Resource {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: Meta
}

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
}

export interface TriggerSpec {
  readonly type: string
  readonly name?: string
  readonly useCachedMetrics?: boolean
  readonly metadata?: Readonly<Record<string, string>>
  readonly authenticationRef?: { readonly name?: string; readonly kind?: string }
  readonly metricType?: string
}

export interface ScaleTargetRef {
  readonly name: string
  readonly apiVersion?: string
  readonly kind?: string
  readonly envSourceContainerName?: string
}

export interface ScaledObjectSpec {
  readonly scaleTargetRef: ScaleTargetRef
  readonly pollingInterval?: number
  readonly initialCooldownPeriod?: number
  readonly cooldownPeriod?: number
  readonly idleReplicaCount?: number
  readonly minReplicaCount?: number
  readonly maxReplicaCount?: number
  readonly fallback?: {
    readonly failureThreshold: number
    readonly replicas: number
    readonly behavior?: string
  }
  readonly advanced?: {
    readonly restoreToOriginalReplicaCount?: boolean
    readonly horizontalPodAutoscalerConfig?: {
      readonly name?: string
      readonly behavior?: Behavior
    }
    readonly scalingModifiers?: {
      readonly formula?: string
      readonly target?: string
      readonly activationTarget?: string
      readonly metricType?: string
    }
  }
  readonly triggers: readonly TriggerSpec[]
}

export interface GroupVersionKindResource {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resource: string
}

export interface ScaledObjectStatus {
  readonly scaleTargetKind?: string
  readonly scaleTargetGVKR?: GroupVersionKindResource
  readonly originalReplicaCount?: number
  readonly lastActiveTime?: string
  readonly externalMetricNames?: readonly string[]
  readonly resourceMetricNames?: readonly string[]
  readonly compositeScalerName?: string
  readonly conditions?: readonly Condition[]
  readonly health?: Readonly<Record<string, { numberOfFailures?: number; status?: string }>>
  readonly triggersActivity?: Readonly<Record<string, { readonly isActive: boolean }>>
  readonly pausedReplicaCount?: number
  readonly hpaName?: string
  readonly triggersTypes?: string
  readonly authenticationsTypes?: string
}

export interface ScaledObject extends Resource {
  readonly spec: ScaledObjectSpec
  readonly status?: ScaledObjectStatus
}

export interface TriggerAuthentication extends Resource {
  readonly spec: AuthenticationSpec
  readonly status?: { readonly scaledobjects?: string; readonly scaledjobs?: string }
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyRef
    readonly configMapKeyRef?: KeyRef
    readonly fieldRef?: object
    readonly resourceFieldRef?: object
  }
}
export interface KeyRef {
  readonly name: string
  readonly key: string
  readonly optional?: boolean
}

export interface Container {
  readonly name: string
  readonly image?: string
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly {
    readonly prefix?: string
    readonly secretRef?: { readonly name: string; readonly optional?: boolean }
    readonly configMapRef?: { readonly name: string; readonly optional?: boolean }
  }[]
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
}

export interface LimitRange extends Resource {
  readonly spec?: {
    readonly limits?: readonly {
      readonly type: string
      readonly default?: Readonly<Record<string, string>>
      readonly defaultRequest?: Readonly<Record<string, string>>
    }[]
  }
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: { readonly containers?: readonly Container[] }
}

/** A Deployment, StatefulSet or ReplicaSet. */
export interface Workload extends Resource {
  readonly spec?: {
    readonly replicas?: number
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly template?: PodTemplate
  }
  readonly status?: {
    readonly replicas?: number
    readonly readyReplicas?: number
    readonly observedGeneration?: number
  }
}

export interface Scale {
  readonly metadata: Meta
  readonly spec: { readonly replicas: number }
  readonly status: { readonly replicas: number; readonly selector: string | undefined }
}

export interface Policy {
  readonly type: string
  readonly value: number
  readonly periodSeconds: number
}
export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number
  readonly selectPolicy?: string
  readonly policies?: readonly Policy[]
  readonly tolerance?: string | number
}
export interface Behavior {
  readonly scaleUp?: ScalingRules
  readonly scaleDown?: ScalingRules
}

export interface MetricTarget {
  readonly type: string
  readonly value?: string
  readonly averageValue?: string
  readonly averageUtilization?: number
}
export interface MetricSpec {
  readonly type: string
  readonly external?: {
    readonly metric: {
      readonly name: string
      readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> }
    }
    readonly target: MetricTarget
  }
  readonly resource?: { readonly name: string; readonly target: MetricTarget }
  readonly containerResource?: {
    readonly name: string
    readonly container: string
    readonly target: MetricTarget
  }
}

export interface HpaCondition extends Condition {
  readonly lastTransitionTime?: string
}

export interface HorizontalPodAutoscaler extends Resource {
  readonly spec: {
    readonly scaleTargetRef: {
      readonly apiVersion?: string
      readonly kind: string
      readonly name: string
    }
    readonly minReplicas?: number
    readonly maxReplicas: number
    readonly metrics?: readonly MetricSpec[]
    readonly behavior?: Behavior
  }
  readonly status?: {
    readonly currentReplicas?: number
    readonly desiredReplicas?: number
    readonly lastScaleTime?: string
    readonly observedGeneration?: number
    readonly conditions?: readonly HpaCondition[]
    readonly currentMetrics?: readonly object[]
  }
}

export interface Job extends Resource {
  readonly spec?: object
  readonly status?: {
    readonly completionTime?: string
    readonly conditions?: readonly (Condition & { readonly lastTransitionTime?: string })[]
  }
}

export interface Pod extends Resource {
  readonly spec?: {
    readonly nodeName?: string
    readonly containers?: readonly Container[]
    readonly initContainers?: readonly (Container & { readonly restartPolicy?: string })[]
    /** Of the pod as a whole. */
    readonly resources?: Container['resources']
    readonly overhead?: Readonly<Record<string, string>>
  }
  readonly status?: {
    readonly phase?: string
    readonly conditions?: readonly (Condition & { readonly lastTransitionTime?: string })[]
    readonly startTime?: string
  }
}

/** What the metrics API (metrics.k8s.io) says of one pod. */
export interface PodMetrics extends Resource {
  readonly timestamp?: string
  /** A Go duration. */
  readonly window?: string
  readonly containers?: readonly {
    readonly name: string
    readonly usage?: Readonly<Record<string, string>>
  }[]
}

/** `data` is base64, as on the wire. */
export interface Secret extends Resource {
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
}
export interface ConfigMap extends Resource {
  readonly data?: Readonly<Record<string, string>>
}

export interface Event extends Resource {
  readonly eventTime: string
  readonly reportingController: string
  readonly reportingInstance: string
  readonly action: string
  readonly reason: string
  readonly note: string
  readonly type: 'Normal' | 'Warning'
  readonly regarding: {
    readonly apiVersion: string
    readonly kind: string
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
  }
}

export interface Lease extends Resource {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

export interface ApiService extends Resource {
  readonly spec?: {
    readonly group?: string
    readonly version?: string
    readonly groupPriorityMinimum?: number
    readonly versionPriority?: number
    readonly insecureSkipTLSVerify?: boolean
    readonly caBundle?: string
    readonly service?: {
      readonly namespace?: string
      readonly name?: string
      readonly port?: number
    }
  }
  readonly status?: { readonly conditions?: readonly Condition[] }
}

/** A ValidatingWebhookConfiguration. */
export interface Webhooks extends Resource {
  readonly webhooks?: readonly {
    readonly name: string
    readonly clientConfig?: {
      readonly caBundle?: string
      readonly service?: { readonly namespace?: string; readonly name?: string }
    }
  }[]
}

export interface UserInfo {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface TokenReview extends Resource {
  readonly spec: { readonly token: string; readonly audiences?: readonly string[] }
  readonly status?: {
    readonly authenticated?: boolean
    readonly user?: UserInfo
    readonly error?: string
  }
}

export interface SubjectAccessReview extends Resource {
  readonly spec: {
    readonly user: string
    readonly uid?: string
    readonly groups?: readonly string[]
    readonly extra?: Readonly<Record<string, readonly string[]>>
    readonly resourceAttributes?: {
      readonly namespace?: string
      readonly verb: string
      readonly group: string
      readonly version?: string
      readonly resource: string
      readonly name?: string
    }
    readonly nonResourceAttributes?: { readonly path: string; readonly verb: string }
  }
  readonly status?: {
    readonly allowed: boolean
    readonly denied?: boolean
    readonly reason?: string
  }
}
