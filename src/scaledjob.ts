import type { Condition, PodTemplate, Resource, TriggerSpec } from './resources.ts'

export interface ScaledJobSpec {
  /** The spec of a Job, of which Ebb itself reads the template alone. */
  readonly jobTargetRef: { readonly template?: PodTemplate }
  readonly pollingInterval?: number
  readonly successfulJobsHistoryLimit?: number
  readonly failedJobsHistoryLimit?: number
  readonly rolloutStrategy?: string
  readonly rollout?: { readonly strategy?: string; readonly propagationPolicy?: string }
  readonly envSourceContainerName?: string
  readonly minReplicaCount?: number
  readonly maxReplicaCount?: number
  readonly scalingStrategy?: {
    readonly strategy?: string
    readonly customScalingQueueLengthDeduction?: number
    readonly customScalingRunningJobPercentage?: string
    readonly pendingPodConditions?: readonly string[]
    readonly multipleScalersCalculation?: string
  }
  readonly triggers: readonly TriggerSpec[]
}

interface ScaledJobStatus {
  readonly lastActiveTime?: string
  readonly conditions?: readonly Condition[]
  readonly triggersActivity?: Readonly<Record<string, { readonly isActive: boolean }>>
  readonly externalMetricNames?: readonly string[]
  readonly triggersTypes?: string
  readonly authenticationsTypes?: string
}

export interface ScaledJob extends Resource {
  readonly spec: ScaledJobSpec
  readonly status?: ScaledJobStatus
}
