import type { Decision, Situation } from '../core/decide.ts'
import type { JobDecision, JobSituation } from '../core/decide-jobs.ts'
import type { WorkloadKind } from '../core/workload-kinds.ts'

/** What a decision was made on: of a ScaledObject, or of a ScaledJob, whose replicas are its running Jobs. */
export type AnySituation = Situation | JobSituation
export type AnyDecision = Decision | JobDecision

/** What carrying out a decision did. */
export type Write =
  | { readonly kind: 'none' }
  | { readonly kind: 'scaled'; readonly from: number; readonly to: number }
  /** `perhaps`: it may have taken place all the same, its answer lost. */
  | { readonly kind: 'failed'; readonly error: string; readonly perhaps?: boolean }
  /** Shadow mode: what would have been written. */
  | { readonly kind: 'shadow'; readonly from: number; readonly to: number }
  /** The Lease is another replica's by now: what that one may write. */
  | { readonly kind: 'standby'; readonly from: number; readonly to: number }

/** One entry of the ledger. Consecutive equal decisions are one record with a count. */
export interface LedgerRecord {
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  readonly situation: AnySituation
  readonly decision: AnyDecision
  readonly write: Write
}

/** One workload as the page, `ebb explain` and the demo see it. Times are epoch ms. Holds no secret. */
export interface WorkloadView {
  readonly namespace: string
  readonly name: string
  readonly kind: WorkloadKind
  readonly target: { readonly kind: string; readonly name: string }
  /** `jobs`: Ebb creates Jobs. `standby`: told by a replica that is about to end, or has lost the Lease. */
  readonly mode: 'hpa' | 'direct' | 'jobs' | 'shadow' | 'standby'
  readonly pollingInterval: number
  readonly hpa: string | undefined
  readonly ready: { readonly status: string; readonly reason: string; readonly message: string }
  readonly replicas: number | undefined
  /** From the newest record, with live ages. */
  readonly situation: AnySituation | undefined
  readonly decision: AnyDecision | undefined
  /** Newest last; bounded. */
  readonly records: readonly LedgerRecord[]
  /** Replicas and values over time, newest last; bounded. Values are in the order of `situation.triggers`. */
  readonly history: readonly {
    readonly at: number
    readonly replicas: number
    readonly values: readonly (number | undefined)[]
  }[]
}

/** The port through which everything that shows Ebb's state reads it; local today, remote when replicas share the work. */
export interface Insight {
  list(): Promise<readonly WorkloadView[]>
  /** Without a kind the ScaledObject of that name, or else the ScaledJob. */
  get(namespace: string, name: string, kind?: WorkloadKind): Promise<WorkloadView | undefined>
}

/** One value for the HPA; only a formula's may be negative. `at` is when it was measured. */
export interface MetricValue {
  readonly metric: string
  readonly value: number
  readonly at: number
}

/** The port through which the external metrics API and gRPC read the board. */
export interface Readings {
  /** Values of a metric (case-insensitive name) of a ScaledObject; fails with an EbbError. Waits a second at most. */
  read(namespace: string, scaledObject: string, metric: string): Promise<readonly MetricValue[]>
}
