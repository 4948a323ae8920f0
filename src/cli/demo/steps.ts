import type { LedgerRecord, WorkloadView } from '../../control/insight.ts'
import { explain } from '../../core/reasons.ts'

/** One change of a workload's replicas, with the reason that was given for it. */
export interface Step {
  readonly at: number
  readonly workload: string
  readonly from: number
  readonly to: number
  readonly why: string
}

const scaledBy = (record: LedgerRecord, from: number, to: number): boolean =>
  record.write.kind === 'scaled' && record.write.from === from && record.write.to === to

/** What the HPA saw when it changed the count; its own reasoning is in its status. */
function hpaSaw(view: WorkloadView, values: readonly (number | undefined)[]): string {
  const triggers = view.situation?.triggers ?? []
  if (triggers.length === 0) return 'the HPA acts on a metric Ebb has not read'
  const seen = triggers.map((trigger, index) => {
    const value = values[index] ?? trigger.value
    return `${trigger.type} at ${value ?? 'an unknown value'}, target ${trigger.target} per replica`
  })
  return `the HPA acts on ${seen.join('; ')}`
}

/** Every change of replicas in the workload's history, oldest first. */
export function stepsOf(view: WorkloadView): readonly Step[] {
  const workload = `${view.namespace}/${view.name}`
  return view.history.flatMap((point, index) => {
    const before = view.history[index - 1]
    if (!before || before.replicas === point.replicas) return []
    const [from, to] = [before.replicas, point.replicas]
    const record = view.records.findLast(
      (one) => scaledBy(one, from, to) && one.firstAt <= point.at && one.lastAt >= before.at - 5000,
    )
    const why = record ? explain(record.situation, record.decision) : hpaSaw(view, before.values)
    return [{ at: point.at, workload, from, to, why }]
  })
}
