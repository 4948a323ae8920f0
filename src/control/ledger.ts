import type { Decision, Situation } from '../core/decide.ts'
import type { LedgerRecord, Write } from './insight.ts'

/** How many records a workload keeps. A record is about a kilobyte. */
export const ledgerLength = 20
/** How many points of replicas and values a workload keeps for the chart. */
export const historyLength = 240

export interface Point {
  readonly at: number
  readonly replicas: number
  readonly values: readonly (number | undefined)[]
}

/** The last decisions of one workload, newest last. Consecutive equal ones are one record with a count. */
export interface Ledger {
  readonly records: readonly LedgerRecord[]
  readonly history: readonly Point[]
  /** Notes a decision; returns true when it differs from the one before. */
  note(situation: Situation, decision: Decision): boolean
  /** Says what carrying out the newest decision did. */
  wrote(write: Write): void
}

export function createLedger(): Ledger {
  const records: LedgerRecord[] = []
  const history: Point[] = []
  return {
    records,
    history,
    note(situation, decision) {
      const last = records.at(-1)
      remember(history, situation)
      if (last && sameDecision(last.decision, decision) && last.write.kind !== 'scaled') {
        records[records.length - 1] = {
          ...last,
          lastAt: situation.now,
          count: last.count + 1,
          situation,
          decision,
        }
        return false
      }
      records.push({
        firstAt: situation.now,
        lastAt: situation.now,
        count: 1,
        situation,
        decision,
        write: { kind: 'none' },
      })
      if (records.length > ledgerLength) records.shift()
      return true
    },
    wrote(write) {
      const last = records.at(-1)
      if (last) records[records.length - 1] = { ...last, write }
    },
  }
}

/** Equal in what is done and why; `until` moves with every sample and says nothing new. */
export const sameDecision = (a: Decision, b: Decision): boolean =>
  a.because === b.because &&
  ('scaleTo' in a ? a.scaleTo : undefined) === ('scaleTo' in b ? b.scaleTo : undefined)

/** Only changes are kept, and the newest moment, so that a quiet hour costs two points. */
function remember(history: Point[], { now, replicas, triggers }: Situation): void {
  const last = history.at(-1)
  const before = history.at(-2)
  const point: Point = { at: now, replicas, values: triggers.map((t) => t.value) }
  if (last && before && samePoint(last, point) && samePoint(before, last)) {
    history[history.length - 1] = point
    return
  }
  history.push(point)
  if (history.length > historyLength) history.shift()
}

const samePoint = (a: Point, b: Point): boolean =>
  a.replicas === b.replicas &&
  a.values.length === b.values.length &&
  a.values.every((value, index) => value === b.values[index])
