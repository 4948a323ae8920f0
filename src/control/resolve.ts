import { problemsOf } from '../admission/scaledobject.ts'
import type { Ref, ScalableKind } from '../cluster.ts'
import { failure, isFailure, reasonOf } from '../errors.ts'
import type { ScaledObject } from '../resources.ts'
import { settingsOf, type Settings } from './settings.ts'
import type { Targets, TargetState } from './target.ts'
import { planTriggers, type Plan, type PlanSource } from './triggers.ts'

/** A ScaledObject made ready to be sampled: its numbers, its target and its triggers. */
export interface Resolved {
  readonly generation: number
  readonly settings: Settings
  readonly kind: ScalableKind
  readonly target: Ref
  /** The target as it was found. */
  readonly state: TargetState
  readonly plans: readonly Plan[]
}

/**
 * Checks a spec in KEDA's order (keda-behaviour.md 2.2: target, bounds, triggers) and resolves its triggers.
 * Fails with an EbbError that says everything wrong at that stage.
 */
export async function resolveSpec(
  object: ScaledObject,
  targets: Targets,
  source: PlanSource,
  signal: AbortSignal,
): Promise<Resolved> {
  const { metadata, spec } = object
  const namespace = metadata.namespace ?? ''
  const kind = await targets.kindOf(spec.scaleTargetRef, signal)
  const target: Ref = { namespace, name: spec.scaleTargetRef.name }
  const state = await stateOf(targets, kind, target, signal)
  const problems = problemsOf(object)
  if (problems.length > 0) throw failure('SPEC_INVALID', { problems })

  const planned = await planTriggers(
    spec.triggers,
    {
      namespace,
      name: metadata.name,
      containers: await targets.containers(kind, target, signal),
      envSourceContainerName: spec.scaleTargetRef.envSourceContainerName,
    },
    source,
    signal,
  )
  if (planned.problems.length > 0) throw failure('SPEC_INVALID', { problems: planned.problems })
  return {
    generation: metadata.generation ?? 0,
    settings: settingsOf(object),
    kind,
    target,
    state,
    plans: planned.plans,
  }
}

async function stateOf(
  targets: Targets,
  kind: ScalableKind,
  target: Ref,
  signal: AbortSignal,
): Promise<TargetState> {
  try {
    const state = await targets.read(kind, target, signal)
    if (state) return state
  } catch (error) {
    const { name } = target
    if (isFailure(error, 'CLUSTER_FORBIDDEN'))
      throw failure('TARGET_FORBIDDEN', { ...kind, name }, error)
    if (!isFailure(error, 'CLUSTER_INVALID', 'CLUSTER_NOT_FOUND')) throw error
    throw failure('TARGET_NOT_SCALABLE', { kind: kind.kind, name, why: reasonOf(error) }, error)
  }
  throw failure('TARGET_MISSING', { kind: kind.kind, name: target.name })
}
