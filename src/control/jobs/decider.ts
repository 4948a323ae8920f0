import type { Clock } from '../../clock.ts'
import { coalesce } from '../../coalesce.ts'
import { decideJobs, type JobDecision, type JobSituation } from '../../core/decide-jobs.ts'
import type { EbbError } from '../../errors.ts'
import type { Write } from '../insight.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import { withheldAs } from '../shared.ts'

type Create = JobDecision & { readonly scaleTo: number }

export interface JobDeciderParts {
  readonly clock: Clock
  /** Undefined while there is nothing to decide on. */
  readonly situation: () => JobSituation | undefined
  /** Where it is false decisions are recorded, and nothing is written. */
  readonly writes: () => boolean
  readonly standsBy: () => boolean
  /** Creates so many Jobs. */
  readonly make: (
    count: number,
  ) => Promise<{ readonly made: number; readonly problem: EbbError | undefined }>
  /** The Jobs must be listed before any is created. */
  readonly list: () => void
  /** A decision was made; `changed` when it differs from the one before. Runs before anything is written. */
  readonly decided: (s: JobSituation, d: JobDecision, changed: boolean) => void
  readonly wrote: (s: JobSituation, d: JobDecision, write: Write) => void
}

/** Decides for one ScaledJob when its triggers have said something, and carries the decision out. */
export interface JobDecider {
  readonly ledger: Ledger
  readonly batch: JobSituation['batch']
  evaluate(): void
  close(): Promise<void>
}

export function createJobDecider(parts: JobDeciderParts, signal: AbortSignal): JobDecider {
  const { clock } = parts
  const ledger = createLedger()
  let batch: JobSituation['batch']
  /** Nothing was created, only recorded: it keeps nobody waiting who may write. */
  let imagined = false
  let acting: { readonly situation: JobSituation; readonly decision: Create } | undefined

  const wrote = (situation: JobSituation, decision: JobDecision, write: Write): void => {
    ledger.wrote(write)
    parts.wrote(situation, decision, write)
  }

  const carryOut = async (situation: JobSituation, decision: Create): Promise<void> => {
    const began = clock.now()
    const from = situation.replicas
    const { made, problem } = await parts.make(decision.scaleTo - from)
    batch = { began, ended: clock.now() }
    if (signal.aborted) return
    if (made > 0) wrote(situation, decision, { kind: 'scaled', from, to: from + made })
    if (problem) wrote(situation, decision, { kind: 'failed', error: problem.message })
  }

  const actor = coalesce(async () => {
    if (!acting || signal.aborted) return
    // what it throws is that it ended
    await carryOut(acting.situation, acting.decision).catch(() => undefined)
    acting = undefined
  })

  return {
    ledger,
    get batch() {
      return batch
    },
    evaluate() {
      if (imagined && parts.writes()) {
        batch = undefined
        imagined = false
      }
      const situation = acting || signal.aborted ? undefined : parts.situation()
      if (!situation) return
      const decision = decideJobs(situation)
      parts.decided(situation, decision, ledger.note(situation, decision))
      if (decision.because === 'awaiting-list') return parts.list()
      if (!('scaleTo' in decision)) return
      if (parts.writes()) {
        acting = { situation, decision }
        return actor.poke()
      }
      batch = { began: situation.now, ended: situation.now }
      imagined = true
      const { replicas: from } = situation
      wrote(situation, decision, { kind: withheldAs(parts), from, to: decision.scaleTo })
    },
    close: () => actor.idle(),
  }
}
