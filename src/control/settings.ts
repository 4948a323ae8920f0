import type { ScaledObject } from '../resources.ts'

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

/** Distinct, in the order of the spec, joined by commas: `status.triggersTypes` and `authenticationsTypes`. */
export const distinct = (values: readonly (string | undefined)[]): string =>
  [...new Set(values.filter((value) => value !== undefined && value !== ''))].join(',')
