import type { Behavior } from '../../src/core/behavior.ts'

/** What a metric answers: a quantity, or `missing` for an error of the external metrics API. */
export type Answer = string

/**
 * A script for an HPA on External metrics, with what must come of it. Played by the pure algorithm in
 * replicas.test.ts and by a real kube-controller-manager, so every step leaves two seconds for syncs and pods that lag.
 */
export interface Series {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly behavior: Behavior | undefined
  readonly metrics: readonly {
    readonly name: string
    readonly type: 'AverageValue' | 'Value'
    readonly target: string
  }[]
  /** Replicas of the target, all ready, before the HPA is created at second 0. */
  readonly start: number
  /** In order; what a step does not name stays as it was. The first is at 0 and names every metric. */
  readonly steps: readonly {
    readonly at: number
    readonly values?: Readonly<Record<string, Answer>>
    /** Somebody else sets spec.replicas. */
    readonly replicas?: number
  }[]
  /** How long to play, in seconds. */
  readonly until: number
  /** Every replica count in turn, with the second it appears at under the flags below. */
  readonly trace: readonly (readonly [at: number, replicas: number])[]
  /** Reasons of the HPA's conditions at the end; those left out do not matter. */
  readonly conditions: Readonly<
    Partial<Record<'AbleToScale' | 'ScalingActive' | 'ScalingLimited', string>>
  >
}

/** Flags of the controller manager that the traces are written for. Periods in seconds. */
export const flags = { tolerance: 0.1, downscaleStabilization: 5, syncPeriod: 1 } as const

const queue = [{ name: 'queue', type: 'AverageValue', target: '10' }] as const
const ratio = [{ name: 'ratio', type: 'Value', target: '10' }] as const
const two = [
  { name: 'a', type: 'AverageValue', target: '10' },
  { name: 'b', type: 'AverageValue', target: '100m' },
] as const

/** A queue of ten per replica, 1..20, without a behavior. A series says only how it differs. */
const plain = {
  min: 1,
  max: 20,
  behavior: undefined,
  metrics: queue,
  start: 1,
  conditions: { ScalingActive: 'ValidMetricFound' },
} as const

const tolerance: Series[] = [
  {
    ...plain,
    name: 'a tenth more is tolerated, more than that is not',
    start: 10,
    steps: [
      { at: 0, values: { queue: '110' } },
      { at: 4, values: { queue: '111' } },
    ],
    until: 8,
    trace: [
      [0, 10],
      [4, 12],
    ],
    conditions: { AbleToScale: 'ReadyForNewScale', ScalingLimited: 'DesiredWithinRange' },
  },
  {
    ...plain,
    name: 'a tenth less is tolerated, less than that is not',
    start: 10,
    steps: [
      { at: 0, values: { queue: '90' } },
      { at: 3, values: { queue: '89' } },
    ],
    until: 14,
    trace: [
      [0, 10],
      [8, 9],
    ],
  },
  {
    ...plain,
    name: 'each direction has its own tolerance',
    start: 10,
    behavior: {
      scaleUp: { tolerance: '0.5' },
      scaleDown: { tolerance: '50m', stabilizationWindowSeconds: 0 },
    },
    steps: [
      { at: 0, values: { queue: '150' } },
      { at: 3, values: { queue: '151' } },
      { at: 6, values: { queue: '152' } },
      { at: 9, values: { queue: '150' } },
    ],
    until: 13,
    trace: [
      [0, 10],
      [3, 16],
      [9, 15],
    ],
  },
]

const pace: Series[] = [
  {
    ...plain,
    name: 'without a behavior it grows to four, then doubles',
    steps: [{ at: 0, values: { queue: '200' } }],
    until: 8,
    trace: [
      [0, 4],
      [1, 8],
      [2, 16],
      [3, 20],
    ],
    conditions: { AbleToScale: 'ReadyForNewScale', ScalingLimited: 'DesiredWithinRange' },
  },
  {
    ...plain,
    name: 'it stops at max and says so',
    max: 6,
    steps: [{ at: 0, values: { queue: '1k' } }],
    until: 5,
    trace: [
      [0, 4],
      [1, 6],
    ],
    conditions: { ScalingLimited: 'TooManyReplicas' },
  },
  {
    ...plain,
    name: 'it stops at min and says so',
    min: 2,
    start: 4,
    steps: [{ at: 0, values: { queue: '0' } }],
    until: 10,
    trace: [
      [0, 4],
      [6, 2],
    ],
    conditions: { ScalingLimited: 'TooFewReplicas' },
  },
  {
    ...plain,
    name: 'a policy of pods adds so many per period',
    behavior: { scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 4 }] } },
    steps: [{ at: 0, values: { queue: '60' } }],
    until: 12,
    trace: [
      [0, 3],
      [4, 5],
      [8, 6],
    ],
    conditions: { ScalingLimited: 'DesiredWithinRange' },
  },
  {
    ...plain,
    name: 'a policy of percent adds so much of the count at the period’s start, rounded up',
    start: 3,
    behavior: { scaleUp: { policies: [{ type: 'Percent', value: 50, periodSeconds: 4 }] } },
    steps: [{ at: 0, values: { queue: '200' } }],
    until: 11,
    trace: [
      [0, 5],
      [4, 8],
      [8, 12],
    ],
    conditions: { ScalingLimited: 'ScaleUpLimit' },
  },
  {
    ...plain,
    name: 'of several policies the largest change counts',
    start: 2,
    behavior: {
      scaleUp: {
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 30 },
          { type: 'Percent', value: 100, periodSeconds: 30 },
        ],
      },
    },
    steps: [{ at: 0, values: { queue: '200' } }],
    until: 6,
    trace: [[0, 6]],
    conditions: { ScalingLimited: 'ScaleUpLimit' },
  },
  {
    ...plain,
    name: 'with selectPolicy Min the smallest change counts',
    start: 2,
    behavior: {
      scaleUp: {
        selectPolicy: 'Min',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 30 },
          { type: 'Percent', value: 100, periodSeconds: 30 },
        ],
      },
    },
    steps: [{ at: 0, values: { queue: '200' } }],
    until: 6,
    trace: [[0, 4]],
    conditions: { ScalingLimited: 'ScaleUpLimit' },
  },
  {
    ...plain,
    name: 'scaling up can be disabled',
    start: 2,
    behavior: { scaleUp: { selectPolicy: 'Disabled' } },
    steps: [{ at: 0, values: { queue: '200' } }],
    until: 5,
    trace: [[0, 2]],
    conditions: { ScalingLimited: 'ScaleUpLimit' },
  },
  {
    ...plain,
    name: 'scaling down can be disabled',
    start: 8,
    behavior: { scaleDown: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 0 } },
    steps: [{ at: 0, values: { queue: '20' } }],
    until: 5,
    trace: [[0, 8]],
    conditions: { ScalingLimited: 'ScaleDownLimit' },
  },
  {
    ...plain,
    name: 'scaling down keeps to its policies too, percent rounded in favour of fewer',
    start: 15,
    behavior: {
      scaleDown: {
        stabilizationWindowSeconds: 0,
        policies: [{ type: 'Percent', value: 50, periodSeconds: 4 }],
      },
    },
    steps: [{ at: 0, values: { queue: '10' } }],
    until: 16,
    trace: [
      [0, 7],
      [4, 3],
      [8, 1],
    ],
  },
  {
    ...plain,
    name: 'scaling down with selectPolicy Min takes the fewest',
    start: 10,
    behavior: {
      scaleDown: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Min',
        policies: [
          { type: 'Percent', value: 50, periodSeconds: 30 },
          { type: 'Pods', value: 1, periodSeconds: 30 },
        ],
      },
    },
    steps: [{ at: 0, values: { queue: '10' } }],
    until: 5,
    trace: [[0, 9]],
    conditions: { ScalingLimited: 'ScaleDownLimit' },
  },
  {
    ...plain,
    name: 'what went down in a period may come up again in it',
    start: 6,
    behavior: {
      scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 30 }] },
      scaleDown: { stabilizationWindowSeconds: 0 },
    },
    steps: [
      { at: 0, values: { queue: '20' } },
      { at: 4, values: { queue: '200' } },
    ],
    until: 8,
    trace: [
      [0, 2],
      [4, 7],
    ],
    conditions: { ScalingLimited: 'ScaleUpLimit' },
  },
]

const windows: Series[] = [
  {
    ...plain,
    name: 'without a behavior it goes down once the window has forgotten the higher counts',
    start: 10,
    steps: [
      { at: 0, values: { queue: '100' } },
      { at: 3, values: { queue: '20' } },
    ],
    until: 13,
    trace: [
      [0, 10],
      [8, 2],
    ],
    conditions: { AbleToScale: 'ReadyForNewScale' },
  },
  {
    ...plain,
    name: 'a partial behavior leaves the window to the controller’s flag',
    start: 10,
    behavior: { scaleDown: { policies: [{ type: 'Pods', value: 3, periodSeconds: 60 }] } },
    steps: [
      { at: 0, values: { queue: '100' } },
      { at: 3, values: { queue: '20' } },
    ],
    until: 12,
    trace: [
      [0, 10],
      [7, 7],
    ],
    conditions: { ScalingLimited: 'ScaleDownLimit' },
  },
  {
    ...plain,
    name: 'while a window holds, the condition says so',
    start: 10,
    behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    steps: [{ at: 0, values: { queue: '20' } }],
    until: 5,
    trace: [[0, 10]],
    conditions: { AbleToScale: 'ScaleDownStabilized', ScalingLimited: 'DesiredWithinRange' },
  },
  {
    ...plain,
    name: 'it goes down by steps to the highest count still remembered',
    start: 10,
    behavior: { scaleDown: { stabilizationWindowSeconds: 8 } },
    steps: [
      { at: 0, values: { queue: '100' } },
      { at: 3, values: { queue: '60' } },
      { at: 7, values: { queue: '20' } },
    ],
    until: 19,
    trace: [
      [0, 10],
      [10, 6],
      [14, 2],
    ],
  },
  {
    ...plain,
    name: 'a window for scaling up ignores a short spike',
    start: 2,
    behavior: { scaleUp: { stabilizationWindowSeconds: 6 } },
    steps: [
      { at: 0, values: { queue: '20' } },
      { at: 3, values: { queue: '80' } },
      { at: 6, values: { queue: '20' } },
    ],
    until: 12,
    trace: [[0, 2]],
  },
  {
    ...plain,
    name: 'a window for scaling up lets through what lasts',
    start: 2,
    behavior: { scaleUp: { stabilizationWindowSeconds: 6 } },
    steps: [
      { at: 0, values: { queue: '20' } },
      { at: 3, values: { queue: '50' } },
    ],
    until: 12,
    trace: [
      [0, 2],
      [8, 5],
    ],
  },
  {
    ...plain,
    name: 'a window of nothing goes down at once',
    start: 10,
    behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    steps: [{ at: 0, values: { queue: '20' } }],
    until: 4,
    trace: [[0, 2]],
  },
]

const metrics: Series[] = [
  {
    ...plain,
    name: 'of several metrics the one that asks for most counts',
    metrics: two,
    start: 2,
    steps: [
      { at: 0, values: { a: '20', b: '300m' } },
      { at: 3, values: { a: '60' } },
    ],
    until: 6,
    trace: [
      [0, 3],
      [3, 6],
    ],
  },
  {
    ...plain,
    name: 'a missing metric holds what the others would lower',
    metrics: two,
    start: 8,
    behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    steps: [
      { at: 0, values: { a: '20', b: 'missing' } },
      { at: 5, values: { b: '500m' } },
    ],
    until: 8,
    trace: [
      [0, 8],
      [5, 5],
    ],
  },
  {
    ...plain,
    name: 'a missing metric says so while it holds',
    metrics: two,
    start: 8,
    steps: [{ at: 0, values: { a: '20', b: 'missing' } }],
    until: 9,
    trace: [[0, 8]],
    conditions: { AbleToScale: 'SucceededGetScale', ScalingActive: 'FailedGetExternalMetric' },
  },
  {
    ...plain,
    name: 'a missing metric does not hold what the others raise',
    metrics: two,
    start: 2,
    steps: [{ at: 0, values: { a: 'missing', b: '400m' } }],
    until: 4,
    trace: [[0, 4]],
  },
  {
    ...plain,
    name: 'with nothing to read nothing changes, and it goes on when it can read',
    start: 3,
    steps: [
      { at: 0, values: { queue: 'missing' } },
      { at: 8, values: { queue: '50' } },
    ],
    until: 11,
    trace: [
      [0, 3],
      [8, 5],
    ],
  },
  {
    ...plain,
    name: 'a Value target applies its ratio to the ready pods',
    metrics: ratio,
    start: 4,
    max: 5,
    steps: [{ at: 0, values: { ratio: '12500m' } }],
    until: 6,
    trace: [[0, 5]],
    conditions: { ScalingLimited: 'TooManyReplicas' },
  },
  {
    ...plain,
    name: 'a Value target tolerates a tenth',
    metrics: ratio,
    start: 4,
    steps: [{ at: 0, values: { ratio: '11' } }],
    until: 4,
    trace: [[0, 4]],
    conditions: { ScalingLimited: 'DesiredWithinRange' },
  },
  {
    ...plain,
    name: 'a Value target goes down by the same ratio',
    metrics: ratio,
    min: 2,
    start: 4,
    steps: [
      { at: 0, values: { ratio: '10' } },
      { at: 3, values: { ratio: '5' } },
    ],
    until: 14,
    trace: [
      [0, 4],
      [8, 2],
    ],
  },
]

const bounds: Series[] = [
  {
    ...plain,
    name: 'what is above max is cut at once, whatever the windows say',
    max: 5,
    start: 9,
    steps: [{ at: 0, values: { queue: '90' } }],
    until: 4,
    trace: [[0, 5]],
  },
  {
    ...plain,
    name: 'what is below min is raised at once, whatever the policies say',
    min: 3,
    behavior: { scaleUp: { selectPolicy: 'Disabled' } },
    steps: [{ at: 0, values: { queue: '0' } }],
    until: 4,
    trace: [[0, 3]],
  },
  {
    ...plain,
    name: 'a target at zero is left alone until someone wakes it',
    start: 0,
    steps: [
      { at: 0, values: { queue: '30' } },
      { at: 4, replicas: 1 },
    ],
    until: 7,
    trace: [
      [0, 0],
      [4, 1],
      [4, 3],
    ],
  },
  {
    ...plain,
    name: 'a target at zero makes scaling disabled',
    start: 0,
    steps: [{ at: 0, values: { queue: '30' } }],
    until: 4,
    trace: [[0, 0]],
    conditions: { AbleToScale: 'SucceededGetScale', ScalingActive: 'ScalingDisabled' },
  },
]

export const allSeries: readonly Series[] = [
  ...tolerance,
  ...pace,
  ...windows,
  ...metrics,
  ...bounds,
]
