import { find } from '../core/conditions.ts'
import type { Situation } from '../core/decide.ts'
import type { Condition, ScaledObject } from '../resources.ts'
import type { WorkloadView } from './insight.ts'
import type { Ledger } from './ledger.ts'
import type { Resolved } from './resolve.ts'
import { settingsOf } from './settings.ts'

/** What a workload knows of itself, made what others may see. */
export function viewOf(known: {
  readonly object: ScaledObject
  readonly resolved: Resolved | undefined
  readonly conditions: readonly Condition[]
  readonly mode: WorkloadView['mode']
  readonly hpaName: string | undefined
  readonly replicas: number | undefined
  readonly situation: Situation | undefined
  readonly ledger: Ledger
}): WorkloadView {
  const { metadata, spec } = known.object
  const ready = find(known.conditions, 'Ready')
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    kind: 'ScaledObject',
    target: {
      kind: known.resolved?.kind.kind ?? spec.scaleTargetRef.kind ?? 'Deployment',
      name: spec.scaleTargetRef.name,
    },
    mode: known.mode,
    pollingInterval: settingsOf(known.object).period,
    hpa: known.hpaName,
    ready: {
      status: ready?.status ?? 'Unknown',
      reason: ready?.reason ?? '',
      message: ready?.message ?? '',
    },
    replicas: known.replicas,
    situation: known.situation ?? known.ledger.records.at(-1)?.situation,
    decision: known.ledger.records.at(-1)?.decision,
    records: known.ledger.records,
    history: known.ledger.history,
  }
}
