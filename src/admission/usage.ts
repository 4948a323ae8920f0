import { isResourceTrigger } from '../core/names.ts'
import { parseMilli } from '../core/quantity.ts'
import type { Container, LimitRange, ScaledObject } from '../resources.ts'
import { kindOf } from './neighbours.ts'
import { inSpec, type Problem, shown } from './problem.ts'

/** The scale target, as far as cpu and memory triggers depend on it: its containers; `missing`; undefined where it is not known. */
export type Measured = { readonly containers: readonly Container[] } | 'missing' | undefined

/** Kinds whose pods are known; of others KEDA judges none of this. */
const judged = ['apps/v1.Deployment', 'apps/v1.StatefulSet']

/** Whether the rules below have anything to say of it, so that its target must be known. */
export const isMeasured = ({ spec }: ScaledObject): boolean =>
  judged.includes(kindOf(spec.scaleTargetRef)) &&
  spec.triggers.some(({ type }) => isResourceTrigger(type))

/**
 * What cpu and memory triggers need: a request to be a share of, in each container they look at, and a minimum above zero,
 * because a pod that is not there uses nothing (keda-behaviour-ops.md 9.3).
 */
export function usageProblems(
  object: ScaledObject,
  target: Measured,
  limits: Iterable<LimitRange>,
): readonly Problem[] {
  if (!isMeasured(object)) return []
  const { scaleTargetRef: ref, triggers, minReplicaCount = 0 } = object.spec
  if (target === 'missing')
    return [
      inSpec(
        ['scaleTargetRef', 'name'],
        'missing-target',
        `the scale target ${shown(ref.kind || 'Deployment')} ${shown(ref.name)} does not exist; its cpu and memory requests must be known, so create it first`,
      ),
    ]
  const asleep = minReplicaCount === 0 && triggers.every(({ type }) => isResourceTrigger(type))
  const found: Problem[] = asleep
    ? [
        inSpec(
          ['minReplicaCount'],
          'scale-to-zero-requirements-not-met',
          'minReplicaCount must be above 0: there are only cpu and memory triggers, and they cannot scale to or from zero',
        ),
      ]
    : []
  return [...found, ...(target ? requestProblems(object, target.containers, limits) : [])]
}

function requestProblems(
  { spec }: ScaledObject,
  containers: readonly Container[],
  limits: Iterable<LimitRange>,
): readonly Problem[] {
  return spec.triggers.flatMap(({ type, metadata }, index) => {
    if (!isResourceTrigger(type) || isDefaulted(type, limits)) return []
    const only = metadata?.['containerName'] ?? ''
    const lacking = containers.filter(
      ({ name, resources }) =>
        (only === '' || name === only) &&
        !isPositive(resources?.requests?.[type]) &&
        !isPositive(resources?.limits?.[type]),
    )
    return lacking.map(({ name }) =>
      inSpec(
        ['triggers', index],
        'missing-requests',
        `the ${type} trigger needs a ${type} request, and container ${shown(name)} of the scale target has none`,
      ),
    )
  })
}

const isDefaulted = (type: string, limits: Iterable<LimitRange>): boolean =>
  [...limits].some(({ spec }) =>
    spec?.limits?.some(
      (limit) =>
        limit.type === 'Container' &&
        (isPositive(limit.default?.[type]) || isPositive(limit.defaultRequest?.[type])),
    ),
  )

/** Quantities of a manifest may be plain numbers. */
const isPositive = (quantity: unknown): boolean =>
  (typeof quantity === 'string' || typeof quantity === 'number') &&
  (parseMilli(String(quantity)) ?? 0) > 0
