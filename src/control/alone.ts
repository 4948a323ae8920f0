import type { Decision, Situation } from '../core/decide.ts'
import type { Contest } from '../core/foreign.ts'
import { createDirect, type Direct } from './direct.ts'
import { createForeign, type Foreign, type ForeignParts } from './foreign.ts'
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
  /** Both made for those that are scaled, or compared, without an HPA: there are thousands that never are. */
  let own: { readonly direct: Direct; readonly foreign: Foreign } | undefined
  let idle: Idle | undefined
  let scales: 'direct' | 'hpa' | 'shadow' | 'nobody' = 'nobody'

  const needed = (): NonNullable<typeof own> =>
    (own ??= { direct: createDirect(), foreign: createForeign(parts, signal) })

  return {
    facts: (now) => needed().direct.facts(now),
    mayDecide(now, seen) {
      const before = scales
      const paused = now.plans.length === 0 && now.resources.length === 0
      scales = paused ? 'nobody' : parts.writes() ? now.mode.scaling : 'shadow'
      if (scales !== before) {
        // whoever takes over the replicas knows nothing of what was before
        own?.direct.forget()
        own?.foreign.forget()
      }
      if (now.mode.idle) idle ??= createIdle(parts, signal)
      idle?.use(scales === 'direct' ? now : undefined)
      return scales !== 'direct' || needed().foreign.mayDecide(now, seen)
    },
    contest: () => own?.foreign.contest(),
    lowering: (going) => idle?.lowering(going),
    decided(situation, decision) {
      // nothing that was asked for during a contest hastens what Ebb does afterwards
      if (situation.contested) own?.direct.forget()
      else own?.direct.decided(situation, decision, undefined)
    },
    wrote(situation, decision, write) {
      const replicas = write.kind === 'scaled' ? write.to : situation.replicas
      own?.direct.decided(situation, decision, replicas)
      if (write.kind === 'scaled') own?.foreign.wrote(write.to)
    },
    changed: () => own?.foreign.forget(),
    stopped() {
      scales = 'nobody'
      idle?.use(undefined)
    },
    async close() {
      await Promise.all([own?.foreign.idle(), idle?.close()])
    },
  }
}
