import type { ScaledObject, TriggerSpec } from '../resources.ts'

/** A ScaledObject's numbers with KEDA's defaults in force. Durations in ms. */
export interface Settings {
  readonly period: number
  readonly cooldown: { readonly initial: number; readonly period: number }
  /** minReplicaCount, or 0. */
  readonly min: number
  readonly max: number
  readonly idle: number | undefined
  /** What the HPA holds at least: minReplicaCount where that is above 0, else 1. */
  readonly hpaMin: number
}

const second = 1_000

/** Defaults of keda-behaviour.md 1.2, derived values of 1.11. */
export function settingsOf({ spec }: ScaledObject): Settings {
  const min = spec.minReplicaCount ?? 0
  return {
    period: (spec.pollingInterval ?? 30) * second,
    cooldown: {
      initial: (spec.initialCooldownPeriod ?? 0) * second,
      period: (spec.cooldownPeriod ?? 300) * second,
    },
    min,
    max: spec.maxReplicaCount ?? 100,
    idle: spec.idleReplicaCount,
    hpaMin: min > 0 ? min : 1,
  }
}

/** Trigger types whose value is not sampled by Ebb, so there is nothing to cache. */
const uncached = ['cpu', 'memory', 'cron']

/**
 * What is wrong with the spec as a whole, all of it at once. An explicit minReplicaCount of 0 counts as 1 in the bounds
 * check, an absent one as 0 (KEDA apis/keda/v1alpha1 CheckReplicaCountBoundsAreValid; other tools depend on it).
 */
export function problemsOf({ spec }: ScaledObject): readonly string[] {
  const target = spec.scaleTargetRef.name === '' ? ['spec.scaleTargetRef.name is required'] : []
  return [...target, ...boundsProblems(spec), ...triggerProblems(spec.triggers)]
}

function boundsProblems(spec: ScaledObject['spec']): string[] {
  const { minReplicaCount: min, idleReplicaCount: idle, maxReplicaCount: max = 100 } = spec
  const lowest = min === undefined ? 0 : Math.max(min, 1)
  const problems: string[] = []
  if (lowest > max)
    problems.push(`minReplicaCount ${lowest} must not be above maxReplicaCount ${max}`)
  if (idle !== undefined && idle >= lowest)
    problems.push(`idleReplicaCount ${idle} must be below minReplicaCount ${min ?? '(not set)'}`)
  return problems
}

function triggerProblems(triggers: readonly TriggerSpec[]): string[] {
  const names = triggers.map((t) => t.name ?? '').filter(Boolean)
  const twice = [...new Set(names)].filter((n) => names.indexOf(n) !== names.lastIndexOf(n))
  const cached = triggers.filter((t) => t.useCachedMetrics === true && uncached.includes(t.type))
  return [
    ...(triggers.length === 0 ? ['spec.triggers needs at least one trigger'] : []),
    ...twice.map((name) => `two triggers are named ${name}`),
    ...cached.map((t) => `useCachedMetrics is not available for trigger type ${t.type}`),
  ]
}

/** Distinct, in the order of the spec, joined by commas: `status.triggersTypes` and `authenticationsTypes`. */
export const distinct = (values: readonly (string | undefined)[]): string =>
  [...new Set(values.filter((value) => value !== undefined && value !== ''))].join(',')
