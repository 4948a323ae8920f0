import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { coalesce } from '../coalesce.ts'
import { decide, type Decision, type Situation } from '../core/decide.ts'
import { isFailure } from '../errors.ts'
import type { Write } from './insight.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { sameTarget, type Resolved } from './resolve.ts'
import { withheldAs } from './shared.ts'
import { newer } from './status.ts'
import type { Targets, TargetState } from './target.ts'
import { writeReplicas } from './act.ts'

/** What the decider asks of its workload. */
export interface DeciderParts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly targets: Targets
  /** The spec as resolved, or undefined while there is none to decide on. */
  resolved(): Resolved | undefined
  situation(resolved: Resolved, target: TargetState): Situation
  /** Where it is false decisions are recorded, and nothing is written. */
  writes(): boolean
  standsBy(): boolean
  /** Whether it is known who set the replicas; where not, `evaluate` is called once it is. */
  mayDecide(resolved: Resolved, target: TargetState): boolean
  /** So many pods are about to go, though not all: what is to be done first, where anything is. Never rejects. */
  lowering(going: number): Promise<void> | undefined
  /** A decision was made; `changed` when it differs from the one before. Runs before anything is written. */
  decided(situation: Situation, decision: Decision, changed: boolean): void
  /** A decision was carried out, or failed to be. */
  wrote(situation: Situation, decision: Decision, write: Write): void
  /** The target is gone, or its scale cannot be read; `lasting`: not at the look before either, though the API server answers. */
  lost(why: unknown, lasting: boolean): void
}

/** Decides for one workload whenever something it depends on has changed, and carries the decision out. */
export interface Decider {
  readonly ledger: Ledger
  /** spec.replicas of the target as last seen. */
  replicas(): number | undefined
  evaluate(): void
  /** A pause brought the target to the count it asks for: that has a record like any other change. */
  halted(write: Write, after: TargetState): void
  close(): Promise<void>
}

/** A decision on its way to the target. */
interface Order {
  readonly situation: Situation
  readonly decision: Decision & { readonly scaleTo: number }
  readonly resolved: Resolved
}

export function createDecider(parts: DeciderParts, signal: AbortSignal): Decider {
  const { cluster, clock, targets } = parts
  const ledger = createLedger()
  let written: { readonly state: TargetState; readonly of: Resolved } | undefined
  let seen: TargetState | undefined
  let cancelAlarm: (() => void) | undefined
  let acting: Order | undefined
  /** How often in a row the API server itself failed to read the scale. */
  let unread = 0

  /** The mirror lags behind a write of our own: what was written holds until the mirror has caught up. */
  const current = (resolved: Resolved, state: TargetState): TargetState => {
    const known = written && sameTarget(written.of, resolved) ? written.state : undefined
    if (known && newer(known.resourceVersion, state.resourceVersion)) return known
    written = undefined
    return state
  }

  const decideOn = (resolved: Resolved, state: TargetState): void => {
    seen = current(resolved, state)
    if (!parts.mayDecide(resolved, seen)) return
    const situation = parts.situation(resolved, seen)
    const decision = decide(situation)
    parts.decided(situation, decision, ledger.note(situation, decision))
    cancelAlarm?.()
    cancelAlarm = undefined
    if ('scaleTo' in decision) carryOut(resolved, situation, decision)
    else if (
      decision.until !== undefined &&
      decision.until < situation.now + resolved.settings.period
    )
      cancelAlarm = clock.after(decision.until - situation.now + 1, evaluate)
  }

  const carryOut = (
    resolved: Resolved,
    situation: Situation,
    decision: Decision & { readonly scaleTo: number },
  ): void => {
    if (parts.writes()) {
      acting = { situation, decision, resolved }
      actor.poke()
      return
    }
    const write: Write = {
      kind: withheldAs(parts),
      from: situation.replicas,
      to: decision.scaleTo,
    }
    ledger.wrote(write)
    parts.wrote(situation, decision, write)
  }

  /** Whether the decision still holds after what was to be done first. */
  const prepared = async ({ situation, decision, resolved }: Order): Promise<boolean> => {
    const going = situation.replicas - decision.scaleTo
    const first = going > 0 && decision.scaleTo > 0 ? parts.lowering(going) : undefined
    if (first === undefined || !seen) return true
    await first
    if (parts.resolved() !== resolved || signal.aborted) return false
    const now = decide(parts.situation(resolved, seen))
    // what asks for more replicas meanwhile is decided on anew
    return 'scaleTo' in now && now.scaleTo <= decision.scaleTo
  }

  const actor = coalesce(async () => {
    const order = acting
    if (!order || !seen || signal.aborted) return
    const { situation, decision, resolved } = order
    if (!(await prepared(order))) {
      acting = undefined
      return evaluate()
    }
    const outcome = await writeReplicas(
      cluster,
      resolved.kind,
      resolved.target,
      seen,
      decision.scaleTo,
      signal,
    ).catch((error: unknown) => ({ failed: error }))
    acting = undefined
    if (signal.aborted) return
    if ('failed' in outcome) return parts.lost(outcome.failed, false)
    const of = resolved
    if ('again' in outcome) written = { state: outcome.again, of }
    else {
      if (outcome.after) written = { state: outcome.after, of }
      ledger.wrote(outcome.write)
      parts.wrote(situation, decision, outcome.write)
      if (outcome.write.kind === 'failed' && !changedSince(resolved, seen)) return
    }
    evaluate()
  })

  /** An answer may be lost of a write that took place: what was seen of it meanwhile is decided on now. */
  const changedSince = (resolved: Resolved, { resourceVersion }: TargetState): boolean => {
    const state = targets.mirrored(resolved.kind, resolved.target)
    return typeof state === 'object' && newer(state.resourceVersion, resourceVersion)
  }

  /** Kinds that are not mirrored cost one GET of /scale per poll. */
  const reader = coalesce(async () => {
    const resolved = parts.resolved()
    if (!resolved || signal.aborted) return
    try {
      const state = await targets.read(resolved.kind, resolved.target, signal)
      unread = 0
      if (signal.aborted || acting) return
      if (state) decideOn(resolved, state)
      else parts.lost(undefined, false)
    } catch (error) {
      // behind it may be a webhook of the kind's that is down for good, and nobody else would say so
      unread = isFailure(error, 'CLUSTER_FAILED') ? unread + 1 : 0
      if (!signal.aborted) parts.lost(error, unread > 1)
    }
  })

  function evaluate(): void {
    const resolved = parts.resolved()
    if (!resolved || acting || signal.aborted) return
    const state = targets.mirrored(resolved.kind, resolved.target)
    if (state === undefined) reader.poke()
    else if (state === 'missing') parts.lost(undefined, false)
    else decideOn(resolved, state)
  }

  return {
    ledger,
    replicas: () => seen?.replicas,
    evaluate,
    halted(write, after) {
      const of = parts.resolved()
      if (!of || signal.aborted) return
      decideOn(of, after)
      written = { state: after, of }
      ledger.wrote(write)
    },
    async close() {
      cancelAlarm?.()
      await Promise.all([actor.idle(), reader.idle()])
    },
  }
}
