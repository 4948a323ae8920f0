import { scaledObjectProblems } from '../admission/scaledobject.ts'
import type { Ref, ScalableKind } from '../cluster.ts'
import { fallbackOf, type Fallback } from '../core/fallback.ts'
import { resourceTriggers, type ResourceTrigger } from '../core/resource-trigger.ts'
import { modeOf, type Mode } from '../core/mode.ts'
import { modifiersOf, type Modifiers } from '../core/modifiers.ts'
import { formatTarget } from '../core/quantity.ts'
import { failure, isFailure, reasonOf } from '../errors.ts'
import type { ScaledObject } from '../resources.ts'
import { settingsOf, type Settings } from './settings.ts'
import type { Targets, TargetState } from './target.ts'
import { planTriggers, type Plan, type PlanSource } from './triggers.ts'

/** The scale target of a ScaledObject. */
export interface FoundTarget {
  readonly kind: ScalableKind
  readonly target: Ref
  /** As it was found. */
  readonly state: TargetState
}

/** Whether both are one object: a version or a count says nothing of another's. */
export const sameTarget = (
  a: Pick<FoundTarget, 'kind' | 'target'>,
  b: Pick<FoundTarget, 'kind' | 'target'>,
): boolean =>
  a.target.name === b.target.name &&
  a.kind.plural === b.kind.plural &&
  a.kind.group === b.kind.group

/** A ScaledObject made ready to be sampled: its numbers, its target and its triggers. */
export interface Resolved extends FoundTarget {
  readonly generation: number
  readonly settings: Settings
  /** None while the workload is paused as a whole: then nothing is asked. */
  readonly plans: readonly Plan[]
  readonly mode: Mode
  /** Metrics of triggers that can keep replicas and never add any. */
  readonly holdOn: readonly string[]
  /** cpu and memory triggers, which are measured of the pods themselves. */
  readonly resources: readonly ResourceTrigger[]
  /** `scalingModifiers`, where they are used. */
  readonly modifiers: Modifiers | undefined
  /** The fallback, where there is one that can be followed. */
  readonly fallback: Fallback | undefined
  /** Why the spec's fallback is not followed. */
  readonly fallbackProblem: string | undefined
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
  const found = await findTarget(object, targets, signal)
  const { modifiers, fallback, fallbackProblem } = rulesOf(object)

  const planned = await planTriggers(
    spec.triggers,
    {
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      containers: await targets.containers(found.kind, found.target, signal),
      envSourceContainerName: spec.scaleTargetRef.envSourceContainerName,
      composed: modifiers !== undefined,
    },
    source,
    signal,
  )
  const { resources, problems: unfit } = resourceTriggers(spec.triggers)
  const mode = modeOf(metadata.annotations)
  const problems = [
    ...planned.problems,
    ...unfit,
    ...(modifiers ? [] : planned.plans.flatMap(targetProblems)),
  ]
  if (problems.length > 0) throw failure('SPEC_INVALID', { problems })
  return {
    generation: metadata.generation ?? 0,
    settings: settingsOf(object),
    ...found,
    plans: planned.plans,
    mode,
    holdOn: held(mode, planned.plans),
    resources,
    modifiers,
    fallback,
    fallbackProblem,
  }
}

/** The target as it is now; fails with an EbbError that says what is wrong with it. */
export async function findTarget(
  { metadata, spec }: ScaledObject,
  targets: Targets,
  signal: AbortSignal,
): Promise<FoundTarget> {
  const kind = await targets.kindOf(spec.scaleTargetRef, signal)
  const target: Ref = { namespace: metadata.namespace ?? '', name: spec.scaleTargetRef.name }
  return { kind, target, state: await stateOf(targets, kind, target, signal) }
}

const held = ({ holdOn }: Mode, plans: readonly Plan[]): readonly string[] =>
  plans.filter((plan) => holdOn.includes(plan.trigger.name ?? '')).flatMap((plan) => plan.metrics)

/** A value divided by nothing is no count, and no HPA takes such a target; it has three decimals at most. */
const targetProblems = ({ trigger, specs }: Plan): readonly string[] =>
  specs
    .filter(({ target, form }) => formatTarget(target, form) === '0')
    .map(
      ({ target }) =>
        `trigger ${trigger.type}${trigger.name ? ` "${trigger.name}"` : ''} has a target of ${target}: it must be ${target > 0 ? 'larger' : 'above 0'}`,
    )

/** A ScaledObject that is paused as a whole: only its numbers and its target count. */
export const restingSpec = (object: ScaledObject, found: FoundTarget): Resolved => ({
  generation: object.metadata.generation ?? 0,
  settings: settingsOf(object),
  ...found,
  plans: [],
  mode: modeOf(object.metadata.annotations),
  holdOn: [],
  resources: [],
  modifiers: undefined,
  fallback: undefined,
  fallbackProblem: undefined,
})

/** A fallback that cannot be followed is none, as for KEDA; it must not keep the workload from being scaled. */
const tolerated = ['incorrect-fallback', 'scaling-modifiers-fallback']

/** What the spec says beyond its triggers. Fails with all that is wrong with the object by itself. */
function rulesOf(
  object: ScaledObject,
): Pick<Resolved, 'modifiers' | 'fallback' | 'fallbackProblem'> {
  const { spec } = object
  const written = spec.advanced?.scalingModifiers
  const problems = scaledObjectProblems(object)
    .filter(({ weight, rule }) => weight !== 'warning' && !tolerated.includes(rule))
    .map(({ message }) => message)
  const modifiers = modifiersOf(written, spec.triggers)
  const broken = modifiers !== undefined && 'problems' in modifiers
  if (broken || problems.length > 0) throw failure('SPEC_INVALID', { problems })
  const types = spec.triggers.map((t) => t.type)
  const fallback = fallbackOf(spec.fallback, { triggerTypes: types, modifiers: written })
  return fallback !== undefined && 'problem' in fallback
    ? { modifiers, fallback: undefined, fallbackProblem: fallback.problem }
    : { modifiers, fallback, fallbackProblem: undefined }
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
