import { isResourceTrigger } from '../core/names.ts'
import type { TriggerSpec } from '../resources.ts'
import { inSpec, type Problem, shown } from './problem.ts'

/** Trigger types whose value is not sampled by Ebb, so there is nothing to cache. */
const uncached = ['cpu', 'memory', 'cron']

/** KEDA's rules for the triggers of a ScaledObject or ScaledJob (keda-behaviour-ops.md 9.3, incorrect-triggers). */
export function triggerProblems(triggers: readonly TriggerSpec[]): readonly Problem[] {
  if (triggers.length === 0)
    return [inSpec(['triggers'], 'incorrect-triggers', 'spec.triggers needs at least one trigger')]
  const seen = new Set<string>()
  return triggers.flatMap(({ name = '', type, useCachedMetrics }, index) => {
    const found: Problem[] = []
    if (useCachedMetrics === true && uncached.includes(type))
      found.push(
        inSpec(
          ['triggers', index, 'useCachedMetrics'],
          'incorrect-triggers',
          `useCachedMetrics is not available for trigger type ${type}`,
        ),
      )
    if (seen.has(name))
      found.push(
        inSpec(
          ['triggers', index, 'name'],
          'incorrect-triggers',
          `two triggers are named ${shown(name)}`,
        ),
      )
    if (name !== '') seen.add(name)
    return found
  })
}

/**
 * Metric types that no HPA takes for a metric from outside. KEDA's webhook lets them in, and then the trigger, or the HPA,
 * cannot be made (keda-behaviour.md 2.5).
 */
export const metricTypeProblems = (triggers: readonly TriggerSpec[]): readonly Problem[] =>
  triggers.flatMap(({ type, metricType = '' }, index) =>
    isResourceTrigger(type) || ['', 'AverageValue', 'Value'].includes(metricType)
      ? []
      : [
          inSpec(
            ['triggers', index, 'metricType'],
            'metric-type',
            `metricType of trigger type ${shown(type)} must be AverageValue or Value, not "${shown(metricType)}"`,
            'broken',
          ),
        ],
  )
