import type { LedgerRecord, WorkloadView } from '../../control/insight.ts'
import type { TriggerFacts } from '../../core/decide.ts'
import { explain } from '../../core/reasons.ts'
import { duration } from '../../core/words.ts'
import { age, amount, time } from '../../serve/dashboard/words.ts'

/** Rows with every column but the last padded to its widest cell. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell))
      .join('  ')
      .trimEnd(),
  )
}

function about(view: WorkloadView): readonly string[] {
  const { situation: s, decision: d } = view
  const rows: string[][] = [
    ['workload', `${view.kind} ${view.namespace}/${view.name}`],
    ['target', `${view.target.kind}/${view.target.name}`],
    ['mode', modeOf(view)],
    [
      'ready',
      [view.ready.status, view.ready.reason, view.ready.message].filter(Boolean).join(', '),
    ],
    [counted(view), `${amount(view.replicas)}${s ? ` (min ${s.min}, max ${s.max})` : ''}`],
  ]
  if (s && d) rows.push(['decision', `${explain(s, d)} [${d.because}]`])
  return table(rows)
}

/** What is counted of a workload. */
const counted = ({ kind }: WorkloadView): string => (kind === 'ScaledJob' ? 'Jobs' : 'replicas')

const modeOf = (view: WorkloadView): string =>
  [
    view.mode,
    `polled every ${duration(view.pollingInterval)}`,
    ...(view.hpa === undefined ? [] : [`HPA ${view.hpa}`]),
  ].join(', ')

function until(view: WorkloadView, now: number): readonly string[] {
  const d = view.decision
  if (!d || !('until' in d) || d.until === undefined) return []
  const rest = d.until - now
  return [`until     ${time(d.until)} (${rest > 0 ? `in ${duration(rest)}` : 'passed'})`]
}

function triggers(facts: readonly TriggerFacts[], now: number): readonly string[] {
  if (facts.length === 0) return []
  const rows = facts.map((t) => [
    t.metric,
    `${amount(t.value)} / ${amount(t.target)}`,
    t.at === undefined ? 'never' : age(now - t.at),
    t.state,
    t.error ?? '',
  ])
  return ['', ...table([['TRIGGER', 'VALUE / TARGET', 'READ', 'STATE', ''], ...rows])]
}

function outcome({ write, decision, situation }: LedgerRecord): string {
  switch (write.kind) {
    case 'scaled':
      return `${write.from} -> ${write.to}`
    case 'shadow':
    case 'standby':
      return `(${write.from} -> ${write.to})`
    case 'failed':
      return 'failed'
    case 'none':
      break
  }
  return 'scaleTo' in decision ? `-> ${decision.scaleTo}` : `stays ${situation.replicas}`
}

const why = (record: LedgerRecord): string => {
  const text = explain(record.situation, record.decision)
  return record.write.kind === 'failed' ? `${text}; writing it: ${record.write.error}` : text
}

function decisions(records: readonly LedgerRecord[], what: string): readonly string[] {
  if (records.length === 0) return []
  const rows = records.map((one) => [
    time(one.firstAt),
    outcome(one),
    one.count === 1 ? '' : `x${one.count} for ${duration(one.lastAt - one.firstAt)}`,
    why(one),
  ])
  return ['', ...table([['SINCE', what.toUpperCase(), 'TIMES', 'WHY'], ...rows])]
}

/** How many of the last decisions are printed. */
const shown = 10

/** A workload for people to read, as lines; `now` is the time at the controller (epoch ms). */
export const render = (view: WorkloadView, now: number): readonly string[] => [
  ...about(view),
  ...until(view, now),
  ...triggers(view.situation?.triggers ?? [], now),
  ...decisions(view.records.slice(-shown), counted(view)),
]
