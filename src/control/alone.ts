import type { Decision, Situation } from '../core/decide.ts'
import type { Contest } from '../core/foreign.ts'
import { createDirect, type Direct } from './direct.ts'
import { createForeign, type ForeignParts } from './foreign.ts'
import { createIdle, type Idle, type IdleParts } from './idle.ts'
import type { Write } from './insight.ts'
import type { Resolved } from './resolve.ts'
import type { TargetState } from './target.ts'

export type AloneParts = ForeignParts & IdleParts

/** All that scaling without an HPA remembers of one workload: what was asked for, and who else writes the replicas. */
export interface Alone extends Pick<Direct, 'facts'> {
  /** Before each decision: whether it is known who set the replicas; where not, `known` follows. */
  mayDecide(resolved: Resolved, target: TargetState): boolean
  contest(): Contest | undefined
  /** So many pods are about to go; undefined where nothing is to be done first. */
  lowering(going: number): Promise<void> | undefined
  decided(situation: Situation, decision: Decision): void
  wrote(situation: Situation, decision: Decision, write: Write): void
  /** The user has changed spec or annotations. */
  changed(): void
  /** The spec cannot be followed. */
  stopped(): void
  close(): Promise<void>
}

export function createAlone(parts: AloneParts, signal: AbortSignal): Alone {
  const direct = createDirect()
  const foreign = createForeign(parts, signal)
  /** Made for the few that ask for it. */
  let idle: Idle | undefined
  let scales: 'direct' | 'hpa' | 'shadow' | 'nobody' = 'nobody'

  return {
    facts: (now) => direct.facts(now),
    mayDecide(now, seen) {
      const before = scales
      const paused = now.plans.length === 0 && now.resources.length === 0
      scales = paused ? 'nobody' : parts.writes() ? now.mode.scaling : 'shadow'
      if (scales !== before) {
        // whoever takes over the replicas knows nothing of what was before
        direct.forget()
        foreign.forget()
      }
      if (now.mode.idle) idle ??= createIdle(parts, signal)
      idle?.use(scales === 'direct' ? now : undefined)
      return scales !== 'direct' || foreign.mayDecide(now, seen)
    },
    contest: () => foreign.contest(),
    lowering: (going) => idle?.lowering(going),
    decided(situation, decision) {
      // nothing that was asked for during a contest hastens what Ebb does afterwards
      if (situation.contested) direct.forget()
      else direct.decided(situation, decision, undefined)
    },
    wrote(situation, decision, write) {
      direct.decided(situation, decision, write.kind === 'scaled' ? write.to : situation.replicas)
      if (write.kind === 'scaled') foreign.wrote(write.to)
    },
    changed: () => foreign.forget(),
    stopped() {
      scales = 'nobody'
      idle?.use(undefined)
    },
    async close() {
      await Promise.all([foreign.idle(), idle?.close()])
    },
  }
}
