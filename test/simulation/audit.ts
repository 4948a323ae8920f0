import type { AnySituation, Insight, LedgerRecord, Write } from '../../src/control/insight.ts'
import { decide } from '../../src/core/decide.ts'
import { decideJobs } from '../../src/core/decide-jobs.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { whyNotMonotone } from './monotone.ts'
import type { World } from './time.ts'

type Views = Awaited<ReturnType<Insight['list']>>

interface Scaled {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly at: number
}

export interface AuditParts {
  readonly id: string
  readonly world: World
  /** How wrong the clock of the process is, ms. */
  readonly skew: number
  readonly troubled: () => boolean
  /** The versions of an object that the process was given since then, and the one before. */
  readonly since: (name: string, at: number) => readonly ScaledObject[]
  readonly violate: (promise: string, what: string) => void
}

/** The records of one process, held against what it wrote and decided again. */
export interface Audit {
  /** It wrote this count. */
  scaled(write: Omit<Scaled, 'at'>): void
  /** Its loops have ended, and their records are gone. */
  rests(): void
  look(views: Views): void
}

/** A record is there so soon after the write (ms). */
const recorded = 5_000

export function createAudit({ id, world, skew, troubled, since, violate }: AuditParts): Audit {
  const scaled: Scaled[] = []
  const audited = new WeakSet<object>()

  const auditRecord = (name: string, record: LedgerRecord): void => {
    if (audited.has(record.situation)) return
    audited.add(record.situation)
    // as it would come back from wherever it was kept
    const kept = JSON.parse(JSON.stringify(record.situation)) as AnySituation
    const again = 'created' in kept ? decide(kept) : decideJobs(kept)
    if (JSON.stringify(again) !== JSON.stringify(record.decision))
      violate(
        'replay equality',
        `${name}: recorded ${JSON.stringify(record.decision)}, decided again ${JSON.stringify(again)} of ${JSON.stringify(kept)}`,
      )
    const why = 'created' in kept ? whyNotMonotone(kept, decide(kept)) : undefined
    if (why !== undefined) violate('monotone in backlog', `${name}: ${why}`)
  }

  const changedHands = ({ name, at }: Scaled): boolean => {
    const known = since(name, at - 1)
    return (
      new Set(known.map((o) => o.metadata.uid)).size > 1 ||
      known.at(-1)?.metadata.deletionTimestamp !== undefined
    )
  }

  const auditWrite = ({ name, from, to, at }: Scaled, views: Views): void => {
    const view = views.find((v) => v.name === name)
    const shows = (write: Write): boolean =>
      write.kind === 'scaled' && write.from === from && write.to === to
    if (
      view &&
      !view.records.some((r) => Math.abs(r.lastAt - skew - at) < 60_000 && shows(r.write))
    )
      violate('every change has a record', `${id} scaled ${name} ${from} -> ${to}`)
  }

  return {
    scaled: (write) => void scaled.push({ ...write, at: world.now() }),
    rests() {
      scaled.length = 0
    },
    look(views) {
      for (const { name, records } of views) for (const record of records) auditRecord(name, record)
      for (const write of scaled.splice(0)) {
        // its records went with it
        if (changedHands(write)) continue
        if (world.now() - write.at < recorded) scaled.push(write)
        else if (!troubled()) auditWrite(write, views)
      }
    },
  }
}
