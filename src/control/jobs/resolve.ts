import { scaledJobProblems } from '../../admission/scaledjob.ts'
import {
  combinationOf,
  jobBounds,
  strategyOf,
  type Combination,
  type JobBounds,
  type Strategy,
} from '../../core/jobs.ts'
import { failure } from '../../errors.ts'
import type { ScaledJob } from '../../resources.ts'
import { planTriggers, type Plan, type PlanSource, type Surroundings } from '../triggers.ts'

/** A ScaledJob's numbers with KEDA's defaults in force. */
export interface JobSettings {
  /** ms */
  readonly period: number
  readonly bounds: JobBounds
  readonly strategy: Strategy
  readonly combination: Combination
  readonly pendingPodConditions: readonly string[]
}

export function jobSettingsOf({ spec }: ScaledJob): JobSettings {
  return {
    period: (spec.pollingInterval ?? 30) * 1_000,
    bounds: jobBounds(spec),
    strategy: strategyOf(spec.scalingStrategy),
    combination: combinationOf(spec.scalingStrategy?.multipleScalersCalculation),
    pendingPodConditions: spec.scalingStrategy?.pendingPodConditions ?? [],
  }
}

/** A ScaledJob made ready to be sampled. */
export interface ResolvedJob {
  /** The version it was resolved from, which the Jobs are made by. */
  readonly object: ScaledJob
  readonly settings: JobSettings
  readonly plans: readonly Plan[]
  /** Its triggers cannot be made: only the minimum is kept up, and no Job is deleted. */
  readonly broken: boolean
}

/** Fails with all that is wrong with the object by itself. */
export function checkJob(object: ScaledJob): void {
  const problems = scaledJobProblems(object)
    .filter(({ weight }) => weight !== 'warning')
    .map(({ message }) => message)
  if (problems.length > 0) throw failure('SPEC_INVALID', { problems })
}

/** The triggers of a ScaledJob, with the environment of its template; cpu and memory say nothing of work that waits. */
export const planJob = (
  { metadata, spec }: ScaledJob,
  source: PlanSource,
  signal: AbortSignal,
): ReturnType<typeof planTriggers> => {
  const around: Surroundings = {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    containers: spec.jobTargetRef.template?.spec?.containers ?? [],
    envSourceContainerName: spec.envSourceContainerName,
    composed: false,
  }
  return planTriggers(spec.triggers, around, source, signal)
}

/** Whether decisions depend on how far the pods of the Jobs are. */
export const needsPods = ({ strategy }: JobSettings): boolean =>
  strategy.kind === 'accurate' || strategy.kind === 'eager'
