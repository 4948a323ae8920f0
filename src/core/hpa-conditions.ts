/** One of the three conditions of an HPA, with Kubernetes' own type and reason. */
export interface HpaCondition {
  readonly type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited'
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/** The state of things before any limit is looked at. */
export const canReadScale: HpaCondition = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'SucceededGetScale',
  message: 'the scale of the target was read',
}

export const ready: HpaCondition = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'ReadyForNewScale',
  message: 'no stabilization window holds the count',
}

/** A window holds the count; without a behavior only scaling down knows one. */
export function heldBack(wanted: number, current: number, bothWays: boolean): HpaCondition {
  const up = bothWays && wanted >= current
  return {
    type: 'AbleToScale',
    status: 'True',
    reason: up ? 'ScaleUpStabilized' : 'ScaleDownStabilized',
    message: `a ${up ? 'lower' : 'higher'} recommendation is still inside the stabilization window`,
  }
}

export const disabledAtZero: HpaCondition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'ScalingDisabled',
  message: 'the target has no replicas, so the HPA leaves it alone',
}

export const noMetrics: HpaCondition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'FailedGetExternalMetric',
  message: 'the HPA has no metrics',
}

/** `reason` is that of the first metric that could not be read. */
export const unreadable = (reason: string, message: string): HpaCondition => ({
  type: 'ScalingActive',
  status: 'False',
  reason,
  message: `no replica count could be computed: ${message}`,
})

export const computed = (metric: string | undefined): HpaCondition => ({
  type: 'ScalingActive',
  status: 'True',
  reason: 'ValidMetricFound',
  message: `the replica count follows from ${metric ?? 'its metrics'}`,
})

export const inRange: HpaCondition = {
  type: 'ScalingLimited',
  status: 'False',
  reason: 'DesiredWithinRange',
  message: 'the count is within all limits',
}

const limit = (reason: string, message: string): HpaCondition => ({
  type: 'ScalingLimited',
  status: 'True',
  reason,
  message,
})

/** Limits of pace and of range, by reason. */
export const limitedBy = {
  ScaleUpLimit: limit(
    'ScaleUpLimit',
    'more replicas are wanted than the pace of scaling up allows',
  ),
  ScaleDownLimit: limit(
    'ScaleDownLimit',
    'fewer replicas are wanted than the pace of scaling down allows',
  ),
  TooManyReplicas: limit('TooManyReplicas', 'more replicas are wanted than maxReplicas'),
  TooFewReplicas: limit('TooFewReplicas', 'fewer replicas are wanted than minReplicas'),
} as const

/** After the scale was written. */
export const written = (count: number): HpaCondition => ({
  type: 'AbleToScale',
  status: 'True',
  reason: 'SucceededRescale',
  message: `the scale was set to ${count}`,
})

/** After the scale could not be written. */
export const notWritten = (error: string): HpaCondition => ({
  type: 'AbleToScale',
  status: 'False',
  reason: 'FailedUpdateScale',
  message: `the scale could not be set: ${error}`,
})
