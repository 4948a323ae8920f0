import { plain, type Series } from './shape.ts'

export const bounds: readonly Series[] = [
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
