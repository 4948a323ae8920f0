import type { Cluster } from '../cluster.ts'
import type { Pause } from '../core/pause.ts'
import { failure, isFailure } from '../errors.ts'
import type { HorizontalPodAutoscaler, ScaledObject } from '../resources.ts'
import { writeReplicas } from './act.ts'
import { hpaOf, removeHpa } from './hpa.ts'
import type { Write } from './insight.ts'
import { findTarget, type FoundTarget } from './resolve.ts'
import type { Targets } from './target.ts'

export interface HaltParts {
  readonly cluster: Cluster
  readonly targets: Targets
  /** The workload's own HPA, where it is followed. */
  readonly hpa: HorizontalPodAutoscaler | undefined
  /** The target was found with these replicas. */
  readonly found: (replicas: number) => Promise<void>
}

/** The target as it is now, and what was written to it to get there. */
export interface Halted extends FoundTarget {
  readonly wrote?: Write
}

/**
 * Carries out a pause of a whole workload, in KEDA's order (keda-behaviour.md 2.8): nobody scales it any more, then it gets the
 * count that was asked for. Whatever else is wrong with the spec, a pause holds; so a target that is missing is only looked
 * for in vain, unless it is to be scaled.
 */
export async function halt(
  object: ScaledObject,
  { replicas, problem }: Pause,
  { cluster, targets, hpa, found }: HaltParts,
  signal: AbortSignal,
): Promise<Halted | undefined> {
  const { metadata } = object
  const own = await hpaOf(cluster, object, hpa, signal)
  if (own) await removeHpa(cluster, { name: metadata.name, uid: metadata.uid ?? '' }, own, signal)
  if (problem !== undefined) throw failure('SPEC_INVALID', { problems: [problem] })
  const target = await findTarget(object, targets, signal).catch((error: unknown) => {
    if (replicas !== undefined || !isFailure(error)) throw error
    return undefined
  })
  if (!target) return undefined
  await found(target.state.replicas)
  if (replicas === undefined || replicas === target.state.replicas) return target
  const { kind, state } = target
  const outcome = await writeReplicas(cluster, kind, target.target, state, replicas, signal)
  // somebody else wrote meanwhile, or the API server refused: the pause is carried out anew
  if ('again' in outcome)
    throw failure('CLUSTER_CONFLICT', { what: `the scale of ${target.target.name}` })
  if (outcome.write.kind === 'failed')
    throw failure('CLUSTER_FAILED', {
      what: 'scaling to paused-replicas',
      why: outcome.write.error,
    })
  return { ...target, state: outcome.after ?? state, wrote: outcome.write }
}
