import type { JobSituation, JobTriggerFacts } from '../../src/core/decide-jobs.ts'
import type { TriggerState } from '../../src/core/decide.ts'
import { jobBounds } from '../../src/core/jobs.ts'
import { minute, trigger } from './situation.ts'

/** A trigger of target 1 in that state, asked a second before `calm.now`. A test says only how it differs. */
export const jobTrigger = (
  state: TriggerState,
  difference: Partial<JobTriggerFacts> = {},
): JobTriggerFacts => ({
  ...trigger(state),
  target: 1,
  index: 0,
  asked: 100 * minute - 1_000,
  ...difference,
})

/** Two Jobs of at most ten, nothing waits, everything is known. A test says only how it differs. */
export const calm: JobSituation = {
  now: 100 * minute,
  replicas: 2,
  pending: 0,
  min: 0,
  max: 10,
  bounds: jobBounds({ maxReplicaCount: 10 }),
  strategy: { kind: 'default' },
  combination: 'max',
  triggers: [jobTrigger('idle')],
  listed: true,
  batch: undefined,
  period: 30_000,
  paused: false,
}
