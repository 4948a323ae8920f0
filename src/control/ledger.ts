import type { AnyDecision, AnySituation, LedgerRecord, Write } from './insight.ts'

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
  note(situation: AnySituation, decision: AnyDecision): boolean
  /** Says what carrying out the newest decision did. */
  wrote(write: Write): void
}

export function createLedger(): Ledger {
  const records: Open<LedgerRecord>[] = []
  const history: Open<Point>[] = []
  return {
    records,
    history,
    note(situation, decision) {
      remember(history, situation)
      const last = records.at(-1)
      if (last && last.write.kind !== 'scaled' && sameDecision(last.decision, decision)) {
        last.lastAt = situation.now
        last.count++
        last.situation = situation
        last.decision = decision
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
      if (last) last.write = write
    },
  }
}

/** The ledger's own view of what others may only read: a poll that changes nothing allocates nothing here. */
type Open<T> = { -readonly [K in keyof T]: T[K] }

/** Equal in what is done and why; `until` moves with every sample and says nothing new. */
export const sameDecision = (a: AnyDecision, b: AnyDecision): boolean =>
  a.because === b.because &&
  ('scaleTo' in a ? a.scaleTo : undefined) === ('scaleTo' in b ? b.scaleTo : undefined)

/** Only changes are kept, and the newest moment, so that a quiet hour costs two points. */
function remember(history: Open<Point>[], situation: AnySituation): void {
  const last = history.at(-1)
  const before = history.at(-2)
  if (last && before && shows(last, situation) && shows(before, situation)) {
    last.at = situation.now
    return
  }
  const { now, replicas, triggers } = situation
  history.push({ at: now, replicas, values: triggers.map((t) => t.value) })
  if (history.length > historyLength) history.shift()
}

const shows = (point: Point, { replicas, triggers }: AnySituation): boolean =>
  point.replicas === replicas &&
  point.values.length === triggers.length &&
  triggers.every((trigger, index) => trigger.value === point.values[index])
