import { plain, type Series } from './shape.ts'

export const windows: readonly Series[] = [
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
