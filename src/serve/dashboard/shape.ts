import type { LedgerRecord, WorkloadView } from '../../control/insight.ts'
import type { WorkloadKind } from '../../core/workload-kinds.ts'

/** One workload in the list: everything but its past. */
export interface Row extends Omit<WorkloadView, 'records' | 'history'> {
  /** The newest decision in words. */
  readonly why: string | undefined
}

/** A ledger record with its decision in words. */
export interface Step extends LedgerRecord {
  readonly why: string
}

/** `GET /api/workloads`. `at` is the server's time, for ages; `total` counts also what `workloads` leaves out. */
export interface Overview {
  readonly at: number
  readonly total: number
  readonly workloads: readonly Row[]
}

/** `GET /api/workloads/NAMESPACE/NAME`. */
export interface Detail {
  readonly at: number
  readonly workload: Omit<WorkloadView, 'records'> & {
    readonly why: string | undefined
    readonly records: readonly Step[]
  }
}

export const keyOf = (view: { readonly namespace: string; readonly name: string }): string =>
  `${view.namespace}/${view.name}`

/** A workload's address, below that of the API as in the page: the kind is said only where the name alone means another. */
export const linkOf = (view: {
  readonly namespace: string
  readonly name: string
  readonly kind?: WorkloadKind | undefined
}): string => (view.kind === 'ScaledJob' ? `${keyOf(view)}?kind=${view.kind}` : keyOf(view))
