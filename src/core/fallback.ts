import { decimal, usesModifiers, type ModifiersSpec } from './modifiers.ts'
import { isResourceTrigger } from './names.ts'

export const behaviors = [
  'static',
  'currentReplicas',
  'currentReplicasIfHigher',
  'currentReplicasIfLower',
  'scalingModifiers',
] as const
export type FallbackBehavior = (typeof behaviors)[number]

/** A fallback that can be followed. */
export interface Fallback {
  /** It engages with the failure after this many. */
  readonly threshold: number
  readonly replicas: number
  readonly behavior: FallbackBehavior
}

/** What the fallback stands beside in its spec. */
export interface FallbackContext {
  readonly triggerTypes: readonly string[]
  /** `advanced.scalingModifiers`, as written. */
  readonly modifiers: ModifiersSpec | undefined
}

/**
 * `spec.fallback` as it is followed; undefined without one. KEDA's rules (keda-behaviour.md 1.11, 3.11, ops 9.3), except
 * that a modifiers' target need not be whole: there, one like 2.5 silently turns fallback off. Without a behavior, or with
 * one unknown, it is static.
 */
export function fallbackOf(
  spec:
    | {
        readonly failureThreshold: number
        readonly replicas: number
        readonly behavior?: string | undefined
      }
    | undefined,
  { triggerTypes, modifiers }: FallbackContext,
): Fallback | { readonly problem: string } | undefined {
  if (spec === undefined) return undefined
  const { failureThreshold: threshold, replicas } = spec
  const behavior = behaviors.find((b) => b === spec.behavior) ?? 'static'
  if (!isCount(threshold) || !isCount(replicas))
    return {
      problem: 'fallback.failureThreshold and fallback.replicas must be whole and not negative',
    }
  if (!usesModifiers(modifiers) && triggerTypes.every(isResourceTrigger))
    return { problem: 'fallback needs a trigger that is neither cpu nor memory' }
  if (usesModifiers(modifiers) && !((decimal(modifiers.target) ?? 0) > 0))
    return { problem: 'fallback needs a scalingModifiers.target above 0' }
  if (behavior === 'scalingModifiers' && !modifiers?.formula)
    return { problem: 'fallback.behavior scalingModifiers needs scalingModifiers.formula' }
  return { threshold, replicas, behavior }
}

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0

/**
 * The count that the fallback asks for, KEDA's R; undefined where it depends on the current count and that is unknown.
 * With behavior scalingModifiers it stands in only where the formula gives nil.
 */
export function fallbackCount(f: Fallback, current: number | undefined): number | undefined {
  if (f.behavior === 'static' || f.behavior === 'scalingModifiers') return f.replicas
  if (current === undefined) return undefined
  if (f.behavior === 'currentReplicas') return current
  return f.behavior === 'currentReplicasIfHigher'
    ? Math.max(current, f.replicas)
    : Math.min(current, f.replicas)
}

/** What a metric in fallback stands for. */
export interface FallbackFacts {
  /** From `fallbackCount`. */
  readonly count: number | undefined
  /** The metric's target as it stands in the HPA; of a composite metric, scalingModifiers.target. */
  readonly target: number
  readonly metricType: string | undefined
  /** Pods of the target that run and are ready; undefined where they cannot be counted. Only Value targets need them. */
  readonly readyPods: number | undefined
}

export type FallbackValue =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'failed'; readonly why: string }

/**
 * The value that makes the HPA compute the fallback's count: target x count in whole thousandths, and for Value targets
 * divided by the ready pods, because the HPA multiplies by them.
 */
export function fallbackValue({
  count,
  target,
  metricType,
  readyPods,
}: FallbackFacts): FallbackValue {
  const failed = (why: string): FallbackValue => ({ kind: 'failed', why })
  if (count === undefined) return failed('the current replicas are not known')
  const pods = metricType === 'Value' ? readyPods : 1
  if (pods === undefined) return failed('the ready pods cannot be counted')
  if (pods === 0) return failed('no pod is ready, and a Value target is a share of those that are')
  const milli = Math.trunc(target * 1000 * (count / pods))
  if (!(Math.abs(milli) < 2 ** 63)) return failed('target x replicas is too large a number')
  return { kind: 'value', value: milli / 1000 }
}
