import type { WorkloadView } from '../../control/insight.ts'
import { explain } from '../../core/reasons.ts'
import { table } from '../explain/render.ts'

/** What became of asking for one workload. */
export type Asked =
  | { readonly workload: string; readonly view: WorkloadView }
  | { readonly workload: string; readonly problem: string }

/** One workload that has other replicas than Ebb decides on, or that Ebb has not decided on. */
export interface Difference {
  readonly workload: string
  readonly mode: WorkloadView['mode'] | undefined
  readonly replicas: number | undefined
  /** What Ebb would have; undefined where it has not decided. */
  readonly wanted: number | undefined
  readonly why: string
}

/** Where the cluster and Ebb part, in the order asked. */
export const differencesOf = (asked: readonly Asked[]): readonly Difference[] =>
  asked.flatMap((one): readonly Difference[] => {
    const { workload } = one
    if ('problem' in one)
      return [
        { workload, mode: undefined, replicas: undefined, wanted: undefined, why: one.problem },
      ]
    const { mode, replicas, situation, decision, ready } = one.view
    if (!situation || !decision) {
      const why = [ready.reason, ready.message].filter(Boolean).join(': ') || 'nothing decided yet'
      return [{ workload, mode, replicas, wanted: undefined, why }]
    }
    if (!('scaleTo' in decision) || decision.scaleTo === replicas) return []
    return [
      { workload, mode, replicas, wanted: decision.scaleTo, why: explain(situation, decision) },
    ]
  })

const count = (n: number | undefined): string => (n === undefined ? '?' : String(n))

/** The differences for people to read, as lines. */
export function render(differences: readonly Difference[], total: number): readonly string[] {
  const workloads = `${total} ${total === 1 ? 'workload' : 'workloads'}`
  if (differences.length === 0) return [`${workloads}: the cluster has what Ebb decides on`]
  const rows = differences.map((d) => [
    d.workload,
    count(d.replicas),
    count(d.wanted),
    d.mode ?? '',
    d.why,
  ])
  return [
    ...table([['WORKLOAD', 'HAS', 'EBB', 'MODE', 'WHY'], ...rows]),
    '',
    `${differences.length} of ${workloads} ${differences.length === 1 ? 'differs' : 'differ'}`,
  ]
}
