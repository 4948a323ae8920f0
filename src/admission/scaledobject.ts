import { fallbackOf } from '../core/fallback.ts'
import { decimal, modifiersOf } from '../core/modifiers.ts'
import { hpaNameFor } from '../core/names.ts'
import type { ScaledObject } from '../resources.ts'
import { scaledObjectAnnotationProblems } from './annotations.ts'
import { inSpec, type Problem, shown } from './problem.ts'
import { metricTypeProblems, triggerProblems } from './triggers.ts'

type Spec = ScaledObject['spec']

/** The most characters of a label's value, which the name becomes. */
const longestLabel = 63

/** What is wrong with a ScaledObject by itself: every rule that needs no other object (keda-behaviour-ops.md 9.3). */
export function scaledObjectProblems(object: ScaledObject): readonly Problem[] {
  const { spec } = object
  return [
    ...targetProblems(spec),
    ...boundsProblems(spec),
    ...fallbackProblems(spec),
    ...nameProblems(object),
    ...modifiersProblems(spec),
    ...triggerProblems(spec.triggers),
    ...metricTypeProblems(spec.triggers),
    ...scaledObjectAnnotationProblems(object),
    ...effectProblems(spec),
  ]
}

/** In words, without the warnings: why a ScaledObject cannot be followed. Empty where it can, as far as it says itself. */
export const problemsOf = (object: ScaledObject): readonly string[] =>
  scaledObjectProblems(object)
    .filter(({ weight }) => weight !== 'warning')
    .map(({ message }) => message)

const targetProblems = ({ scaleTargetRef }: Spec): readonly Problem[] =>
  scaleTargetRef.name === ''
    ? [inSpec(['scaleTargetRef', 'name'], 'structure', 'spec.scaleTargetRef.name is required')]
    : []

/**
 * An explicit minReplicaCount of 0 counts as 1, an absent one as 0 (KEDA apis/keda/v1alpha1
 * CheckReplicaCountBoundsAreValid; other tools depend on it).
 */
function boundsProblems(spec: Spec): readonly Problem[] {
  const { minReplicaCount: min, idleReplicaCount: idle, maxReplicaCount: max = 100 } = spec
  const lowest = min === undefined ? 0 : Math.max(min, 1)
  const found: Problem[] = []
  if (lowest > max)
    found.push(
      inSpec(
        ['minReplicaCount'],
        'incorrect-replicas',
        `minReplicaCount ${lowest} must not be above maxReplicaCount ${max}`,
      ),
    )
  if (idle !== undefined && idle >= lowest)
    found.push(
      inSpec(
        ['idleReplicaCount'],
        'incorrect-replicas',
        `idleReplicaCount ${idle} must be below minReplicaCount ${min ?? '(not set)'}`,
      ),
    )
  return found
}

function fallbackProblems({ fallback, triggers, advanced }: Spec): readonly Problem[] {
  const modifiers = advanced?.scalingModifiers
  const read = fallbackOf(fallback, { triggerTypes: triggers.map(({ type }) => type), modifiers })
  if (read === undefined || !('problem' in read)) return []
  const { problem } = read
  // said of the target already, by the rules of the modifiers
  if (problem.includes('scalingModifiers.target')) return []
  return problem.startsWith('fallback.behavior')
    ? [inSpec(['fallback', 'behavior'], 'scaling-modifiers-fallback', problem)]
    : [inSpec(['fallback'], 'incorrect-fallback', problem)]
}

function nameProblems({ metadata: { name }, spec }: ScaledObject): readonly Problem[] {
  if (name.length > longestLabel)
    return [
      {
        path: ['metadata', 'name'],
        rule: 'name-too-long',
        weight: 'refused',
        message: `the name ${shown(name)} has ${name.length} characters; it may have ${longestLabel}, because it becomes the value of a label`,
      },
    ]
  const custom = spec.advanced?.horizontalPodAutoscalerConfig?.name
  const hpa = hpaNameFor(name, custom)
  if (hpa.length <= longestLabel) return []
  const message = `the HPA's name ${shown(hpa)} has ${hpa.length} characters; it may have ${longestLabel}: set spec.advanced.horizontalPodAutoscalerConfig.name to a shorter one, or shorten the name`
  return [
    custom
      ? inSpec(['advanced', 'horizontalPodAutoscalerConfig', 'name'], 'hpa-name-too-long', message)
      : { path: ['metadata', 'name'], rule: 'hpa-name-too-long', weight: 'refused', message },
  ]
}

function modifiersProblems({ advanced, triggers }: Spec): readonly Problem[] {
  const spec = advanced?.scalingModifiers
  const read = modifiersOf(spec, triggers)
  if (read === undefined || !('problems' in read)) return []
  return read.problems.map((message) => {
    // each begins with the field it is about
    const field = /^scalingModifiers: (\w+)/.exec(message)?.[1] ?? 'formula'
    // KEDA's webhook looks at neither, and takes any target above 0
    const later =
      field === 'activationTarget' || (field === 'target' && (decimal(spec?.target) ?? 0) > 0)
    return inSpec(
      ['advanced', 'scalingModifiers', field],
      'scaling-modifiers',
      message,
      later ? 'broken' : 'refused',
    )
  })
}

/** Fields that change nothing as the others are. */
const effectProblems = (spec: Spec): readonly Problem[] =>
  spec.cooldownPeriod !== undefined &&
  (spec.minReplicaCount ?? 0) > 0 &&
  spec.idleReplicaCount === undefined
    ? [
        inSpec(
          ['cooldownPeriod'],
          'no-effect',
          'cooldownPeriod has no effect: minReplicaCount is above 0 and idleReplicaCount is not set, so nothing is scaled to zero',
          'warning',
        ),
      ]
    : []
