import { strategyOf } from '../core/jobs.ts'
import { isResourceTrigger } from '../core/names.ts'
import type { ScaledJob, TriggerSpec } from '../resources.ts'
import { annotationProblems } from './annotations.ts'
import { inSpec, type Problem, shown } from './problem.ts'
import { triggerProblems } from './triggers.ts'

/**
 * What is wrong with a ScaledJob by itself (keda-behaviour.md 5.1). KEDA's definition lets one in that has no spec, and its
 * webhook looks at the triggers alone; what else is broken it finds when it runs.
 */
export function scaledJobProblems(object: ScaledJob): readonly Problem[] {
  const { jobTargetRef, triggers = [], scalingStrategy } = (object as Partial<ScaledJob>).spec ?? {}
  const containers = jobTargetRef?.template?.spec?.containers ?? []
  return [
    ...triggerProblems(triggers),
    ...(containers.length === 0
      ? [
          inSpec(
            ['jobTargetRef'],
            'job-template',
            'spec.jobTargetRef needs a template with at least one container',
            'broken',
          ),
        ]
      : []),
    ...triggers.flatMap(triggerOfJob),
    ...strategyProblems(scalingStrategy),
    ...annotationProblems(object.metadata.annotations ?? {}, 'ScaledJob'),
  ]
}

/** KEDA says it in its log, and goes on with the default strategy. */
function strategyProblems(strategy: ScaledJob['spec']['scalingStrategy']): readonly Problem[] {
  if (strategy?.strategy !== 'custom' || strategyOf(strategy).kind === 'custom') return []
  const field = 'customScalingRunningJobPercentage'
  const written = strategy[field] ?? ''
  const why = written === '' ? 'is not set' : `is no number: "${shown(written)}"`
  return [
    inSpec(
      ['scalingStrategy', field],
      'no-effect',
      `strategy custom has no effect, and that of default is followed: ${field} ${why}`,
      'warning',
    ),
  ]
}

const triggerOfJob = (trigger: TriggerSpec, index: number): readonly Problem[] => {
  const { type, metricType = '', useCachedMetrics } = trigger
  const at = (field: string): readonly (string | number)[] => ['triggers', index, field]
  return [
    ...(metricType === ''
      ? []
      : [
          inSpec(
            at('metricType'),
            'metric-type',
            'metricType is for ScaledObjects: a ScaledJob counts what waits; take it out',
            'broken',
          ),
        ]),
    ...(useCachedMetrics === true
      ? [
          inSpec(
            at('useCachedMetrics'),
            'no-effect',
            'useCachedMetrics has no effect: nobody but the poll reads the metrics of a ScaledJob',
            'warning',
          ),
        ]
      : []),
    ...(isResourceTrigger(type)
      ? [
          inSpec(
            at('type'),
            'no-effect',
            `trigger type ${type} has no effect: no HPA scales a ScaledJob`,
            'warning',
          ),
        ]
      : []),
  ]
}
