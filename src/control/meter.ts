import type { Because } from '../core/decide.ts'
import type { JobBecause } from '../core/decide-jobs.ts'
import type { WorkloadKind } from '../core/workload-kinds.ts'
import type { Write } from './insight.ts'
import type { Trigger } from './triggers.ts'

/** Which workload a figure belongs to. */
export interface Whose {
  readonly kind: WorkloadKind
  readonly namespace: string
  readonly name: string
}

/** What the control loops tell of themselves; implemented on prom-client by `serve/metrics`, and by `noMeter` in tests. */
export interface ControlMeter {
  /** A sample of a trigger was concluded from. */
  sampled(whose: Whose, trigger: Trigger, tookMs: number): void
  /** A decision was made. */
  decided(because: Because | JobBecause): void
  /** A replica count was written, or Jobs were created, or that failed. */
  scaled(whose: Whose, outcome: Exclude<Write['kind'], 'none'>): void
  /** A workload was resolved (or not). */
  reconciled(whose: Whose, outcome: 'ok' | 'failed', ms: number): void
  /** The workload is gone: drop its series. */
  forget(whose: Whose): void
}

export const noMeter: ControlMeter = {
  sampled() {},
  decided() {},
  scaled() {},
  reconciled() {},
  forget() {},
}
