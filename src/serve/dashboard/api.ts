import type { Clock } from '../../clock.ts'
import type { Insight, WorkloadView } from '../../control/insight.ts'
import type { WorkloadKind } from '../../core/workload-kinds.ts'
import { explain } from '../../core/reasons.ts'
import { keyOf, type Detail, type Overview, type Row } from './shape.ts'

const whyOf = (view: WorkloadView): string | undefined =>
  view.decision && view.situation ? explain(view.situation, view.decision) : undefined

const row = (view: WorkloadView): Row => {
  const { records: _records, history: _history, ...rest } = view
  return { ...rest, why: whyOf(view) }
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** At most `limit` workloads whose `namespace/name` holds `search`, in order of their names. */
export async function overview(
  insight: Insight,
  clock: Clock,
  search: string,
  limit: number,
): Promise<Overview> {
  const views = (await insight.list())
    .filter((view) => keyOf(view).includes(search))
    .sort((a, b) => compare(keyOf(a), keyOf(b)) || compare(b.kind, a.kind))
  return {
    at: clock.now(),
    total: views.length,
    workloads: views.slice(0, limit).map(row),
  }
}

/** One workload with its past, or undefined where there is none of that name. */
export async function detail(
  insight: Insight,
  clock: Clock,
  namespace: string,
  name: string,
  kind: WorkloadKind | undefined,
): Promise<Detail | undefined> {
  const view = await insight.get(namespace, name, kind)
  if (!view) return undefined
  const records = view.records.map((record) => ({
    ...record,
    why: explain(record.situation, record.decision),
  }))
  return { at: clock.now(), workload: { ...view, why: whyOf(view), records } }
}
