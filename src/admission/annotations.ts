import { ownAnnotations, ownPrefix } from '../core/annotations.ts'
import { pauseOf } from '../core/pause.ts'
import { nearest } from '../core/nearest.ts'
import type { ScaledObject } from '../resources.ts'
import { modeProblems } from './modes.ts'
import { type Problem, shown, type Weight } from './problem.ts'

type Annotations = Readonly<Record<string, string>>

/** Annotations of KEDA's that are looked at, by the start of their names; tools put others beside them. */
const ofKeda: Readonly<Record<string, readonly string[]>> = {
  'autoscaling.keda.sh/': [
    'paused',
    'paused-replicas',
    'paused-scale-in',
    'paused-scale-out',
    'force-activation',
  ],
  'scaledobject.keda.sh/': ['transfer-hpa-ownership', 'hpa-excluded-labels'],
  'scaledjob.keda.sh/': ['job-excluded-labels'],
}

const ofEbb = new Map(ownAnnotations.map((one) => [one.name, one]))

/** By the start of their names, what may follow it. */
const known: readonly (readonly [string, readonly string[]])[] = [
  ...Object.entries(ofKeda),
  [ownPrefix, [...ofEbb.keys()].map((name) => name.slice(ownPrefix.length))],
]
/** API servers take 256 KiB of them; so many are looked at. */
const most = 1_000

/** What is wrong with the annotations of a ScaledObject: values that mean nothing, and names that nobody looks at. */
export function scaledObjectAnnotationProblems(object: ScaledObject): readonly Problem[] {
  const { annotations = {} } = object.metadata
  const { problem } = pauseOf(annotations)
  return [
    ...annotationProblems(annotations, 'ScaledObject'),
    ...(problem === undefined
      ? []
      : [found('autoscaling.keda.sh/paused-replicas', problem, 'broken')]),
    ...modeProblems(object),
  ]
}

/** The part that holds for every kind. */
export const annotationProblems = (annotations: Annotations, kind: string): readonly Problem[] =>
  Object.entries(annotations)
    .slice(0, most)
    .flatMap(([key, value]) => [...nameProblems(key), ...valueProblems(key, value, kind)])

function nameProblems(key: string): readonly Problem[] {
  const [start, names] = known.find(([prefix]) => key.startsWith(prefix)) ?? ['', []]
  const name = key.slice(start.length)
  if (start === '' || names.includes(name)) return []
  const meant = nearest(name, names)
  const hint = meant === undefined ? '' : `; did you mean ${start}${meant}?`
  return [found(key, `nobody looks at the annotation ${shown(key)}${hint}`, 'warning')]
}

function valueProblems(key: string, value: string, kind: string): readonly Problem[] {
  const one = ofEbb.get(key)
  if (one === undefined) return []
  const { on, values } = one
  if (!on.includes(kind))
    return [
      found(
        key,
        `annotation ${key} means nothing on a ${kind}: it is for a ${on.join(' or ')}`,
        'warning',
      ),
    ]
  if (values.length === 0 || values.includes(value)) return []
  const message = `annotation ${key} must be ${values.join(' or ')}, not "${shown(value)}"`
  return [found(key, message, 'broken')]
}

const found = (key: string, message: string, weight: Weight): Problem => ({
  path: ['metadata', 'annotations', key],
  rule: 'annotation',
  weight,
  message,
})
