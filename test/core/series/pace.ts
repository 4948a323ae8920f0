import { plain, type Series } from './shape.ts'

export const pace: readonly Series[] = [
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
