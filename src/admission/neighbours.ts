import { hpaNameFor } from '../core/names.ts'
import type { HorizontalPodAutoscaler, Meta, ScaledObject } from '../resources.ts'
import { inSpec, type Problem, shown } from './problem.ts'

/** What an HPA is looked at for. */
export type Autoscaler = {
  readonly metadata: Meta
  readonly spec: Pick<HorizontalPodAutoscaler['spec'], 'scaleTargetRef'>
}

/** Who else is in the namespace, by what they could share. What is not known is not there. */
export interface Neighbours {
  /** ScaledObjects by the key of their target; the one that is judged may be among them. */
  readonly scaling: (target: string) => Iterable<ScaledObject>
  /** ScaledObjects by the name of their HPA. */
  readonly naming: (hpa: string) => Iterable<ScaledObject>
  /** HPAs by the key of their target, whoever made them. */
  readonly autoscaling: (target: string) => Iterable<Autoscaler>
}

interface Reference {
  readonly apiVersion?: string
  readonly kind?: string
  readonly name: string
}

/** `apps/v1.Deployment`, as KEDA writes a kind; what is left out is that. */
export const kindOf = ({ apiVersion, kind }: Omit<Reference, 'name'>): string => {
  const version = apiVersion || 'apps/v1'
  return `${version.includes('/') ? version : `/${version}`}.${kind || 'Deployment'}`
}

/** The same for two references to one object, in a namespace. */
export const targetKey = (ref: Reference): string => `${kindOf(ref)}/${ref.name}`

const transferAnnotation = 'scaledobject.keda.sh/transfer-hpa-ownership'
const ownershipAnnotation = 'validations.keda.sh/hpa-ownership'

/** What is wrong with a ScaledObject because of others in its namespace: nothing may be scaled by two. */
export const neighbourProblems = (
  object: ScaledObject,
  neighbours: Neighbours,
): readonly Problem[] => [
  ...rivalProblems(object, neighbours),
  ...autoscalerProblems(object, neighbours),
]

function rivalProblems(object: ScaledObject, neighbours: Neighbours): readonly Problem[] {
  const { metadata, spec } = object
  const other = (found: Iterable<ScaledObject>): string | undefined =>
    [...found].find((o) => o.metadata.name !== metadata.name)?.metadata.name
  const { scaleTargetRef } = spec
  const found: Problem[] = []
  const rival = other(neighbours.scaling(targetKey(scaleTargetRef)))
  if (rival !== undefined)
    found.push(
      inSpec(
        ['scaleTargetRef'],
        'other-scaled-object',
        `the workload ${shown(scaleTargetRef.name)} of type ${shown(kindOf(scaleTargetRef))} is managed by the ScaledObject ${rival} already`,
      ),
    )
  const custom = spec.advanced?.horizontalPodAutoscalerConfig?.name
  const hpa = hpaNameFor(metadata.name, custom)
  const namesake = other(neighbours.naming(hpa))
  if (namesake !== undefined)
    found.push({
      path: custom
        ? ['spec', 'advanced', 'horizontalPodAutoscalerConfig', 'name']
        : ['metadata', 'name'],
      rule: 'other-scaled-object-hpa',
      weight: 'refused',
      message: `the HPA ${shown(hpa)} is managed by the ScaledObject ${namesake} already; choose another advanced.horizontalPodAutoscalerConfig.name`,
    })
  return found
}

function autoscalerProblems(object: ScaledObject, neighbours: Neighbours): readonly Problem[] {
  const { metadata, spec } = object
  const { scaleTargetRef } = spec
  const workload = `the workload ${shown(scaleTargetRef.name)} of type ${shown(kindOf(scaleTargetRef))}`
  const named = spec.advanced?.horizontalPodAutoscalerConfig?.name
  const transfers = metadata.annotations?.[transferAnnotation] === 'true'
  const foreign = [...neighbours.autoscaling(targetKey(scaleTargetRef))].filter(
    (hpa) => hpa.metadata.annotations?.[ownershipAnnotation] !== 'false' && !owns(object, hpa),
  )
  return foreign.flatMap(({ metadata: { name } }) => {
    if (!transfers)
      return inSpec(
        ['scaleTargetRef'],
        'other-hpa',
        `${workload} is managed by the HPA ${name} already; delete that, or take it over: give its name in advanced.horizontalPodAutoscalerConfig.name and set the annotation ${transferAnnotation}: "true"`,
      )
    if (named === name) return []
    return inSpec(
      ['advanced', 'horizontalPodAutoscalerConfig', 'name'],
      'transfer-ownership-missing-hpa-name',
      `advanced.horizontalPodAutoscalerConfig.name must be ${name}, the HPA of ${workload}, for its ownership to be transferred`,
    )
  })
}

const owns = ({ metadata }: ScaledObject, hpa: Autoscaler): boolean =>
  hpa.metadata.ownerReferences?.some(
    ({ kind, name }) => kind === 'ScaledObject' && name === metadata.name,
  ) ?? false

/** Neighbours out of lists, for few objects: the ScaledObjects and HPAs of one namespace. */
export const neighboursAmong = (
  scaledObjects: readonly ScaledObject[],
  hpas: readonly Autoscaler[],
): Neighbours => ({
  scaling: (target) =>
    scaledObjects.filter(({ spec }) => targetKey(spec.scaleTargetRef) === target),
  naming: (hpa) =>
    scaledObjects.filter(
      ({ metadata, spec }) =>
        hpaNameFor(metadata.name, spec.advanced?.horizontalPodAutoscalerConfig?.name) === hpa,
    ),
  autoscaling: (target) => hpas.filter(({ spec }) => targetKey(spec.scaleTargetRef) === target),
})
