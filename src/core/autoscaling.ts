import type { Behavior } from './behavior.ts'

/** Keys and values of labels or annotations. */
export type Strings = Readonly<Record<string, string>>

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
      readonly selector?: { readonly matchLabels?: Strings }
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

export interface HpaSpec {
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

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** An autoscaling/v2 HorizontalPodAutoscaler without its status. */
export interface Hpa {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly resourceVersion?: string
    readonly labels?: Strings
    readonly annotations?: Strings
    readonly ownerReferences?: readonly OwnerReference[]
  }
  readonly spec: HpaSpec
}
