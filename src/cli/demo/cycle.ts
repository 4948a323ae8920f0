import type { Step } from './steps.ts'

/** How far a workload came on its way 0 -> 1 -> n -> 0. */
export type Stage = 'asleep' | 'awake' | 'scaled out' | 'asleep again'

/** From each stage: the one that follows, and the step that leads there. */
const ways: Readonly<Record<Stage, readonly [Stage, (step: Step) => boolean]>> = {
  asleep: ['awake', ({ from, to }) => from === 0 && to === 1],
  awake: ['scaled out', ({ to }) => to > 1],
  'scaled out': ['asleep again', ({ to }) => to === 0],
  'asleep again': ['asleep again', () => true],
}

const next = (stage: Stage, step: Step): Stage => {
  const [following, leadsThere] = ways[stage]
  return leadsThere(step) ? following : stage
}

/** Where the steps of one workload, in order, led to. */
export const stageAfter = (steps: readonly Step[]): Stage => steps.reduce(next, 'asleep')
