import { plain, type Series } from './shape.ts'

export const tolerance: readonly Series[] = [
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
