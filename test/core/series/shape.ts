import type { Behavior } from '../../../src/core/behavior.ts'

/** What a metric answers: a quantity, or `missing` for an error of the external metrics API. */
export type Answer = string

/**
 * A script for an HPA on External metrics, with what must come of it. Played by the pure algorithm in
 * test/core/replicas.test.ts and by a real kube-controller-manager, so every step leaves two seconds for syncs and pods that lag.
 */
export interface Series {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly behavior: Behavior | undefined
  readonly metrics: readonly {
    readonly name: string
    readonly type: 'AverageValue' | 'Value'
    readonly target: string
  }[]
  /** Replicas of the target, all ready, before the HPA is created at second 0. */
  readonly start: number
  /** In order; what a step does not name stays as it was. The first is at 0 and names every metric. */
  readonly steps: readonly {
    readonly at: number
    readonly values?: Readonly<Record<string, Answer>>
    /** Somebody else sets spec.replicas. */
    readonly replicas?: number
  }[]
  /** How long to play, in seconds. */
  readonly until: number
  /** Every replica count in turn, with the second it appears at under the flags below. */
  readonly trace: readonly (readonly [at: number, replicas: number])[]
  /** Reasons of the HPA's conditions at the end; those left out do not matter. */
  readonly conditions: Readonly<
    Partial<Record<'AbleToScale' | 'ScalingActive' | 'ScalingLimited', string>>
  >
}

/** Flags of the controller manager that the traces are written for. Periods in seconds. */
export const flags = { tolerance: 0.1, downscaleStabilization: 5, syncPeriod: 1 } as const

export const queue = [{ name: 'queue', type: 'AverageValue', target: '10' }] as const
export const ratio = [{ name: 'ratio', type: 'Value', target: '10' }] as const
export const two = [
  { name: 'a', type: 'AverageValue', target: '10' },
  { name: 'b', type: 'AverageValue', target: '100m' },
] as const

/** A queue of ten per replica, 1..20, without a behavior. A series says only how it differs. */
export const plain = {
  min: 1,
  max: 20,
  behavior: undefined,
  metrics: queue,
  start: 1,
  conditions: { ScalingActive: 'ValidMetricFound' },
} as const
