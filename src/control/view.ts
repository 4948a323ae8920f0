import { find } from '../core/conditions.ts'
import type { Condition, Resource } from '../resources.ts'
import type { AnySituation, WorkloadView } from './insight.ts'
import type { Ledger } from './ledger.ts'

type Said = 'kind' | 'target' | 'mode' | 'pollingInterval' | 'hpa' | 'replicas'

/** What a workload knows of itself, made what others may see. */
export function viewOf(
  known: Pick<WorkloadView, Said> & {
    readonly object: Resource
    readonly conditions: readonly Condition[]
    readonly situation: AnySituation | undefined
    readonly ledger: Ledger
  },
): WorkloadView {
  const { object, conditions, situation, ledger, ...said } = known
  const { namespace = '', name } = object.metadata
  const { status = 'Unknown', reason = '', message = '' } = find(conditions, 'Ready') ?? {}
  const newest = ledger.records.at(-1)
  return {
    ...said,
    namespace,
    name,
    ready: { status, reason, message },
    situation: situation ?? newest?.situation,
    decision: newest?.decision,
    records: ledger.records,
    history: ledger.history,
  }
}
