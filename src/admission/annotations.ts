import { usesModifiers } from '../core/modifiers.ts'
import { nearest } from '../core/nearest.ts'
import { pauseOf } from '../core/pause.ts'
import type { ScaledObject, TriggerSpec } from '../resources.ts'
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

/** Ebb's own that users write, with the values that mean something; any value where there are none. */
const ofEbb: Readonly<Record<string, readonly string[]>> = {
  scaling: ['direct', 'hpa'],
  mode: ['shadow', 'active'],
  demand: ['sum', 'max'],
  'hold-on': [],
  'copied-keys': [],
  'allowed-namespaces': [],
  'allowed-endpoints': [],
}
const own = 'ebb.dev/'
/** API servers take 256 KiB of them; so many are looked at. */
const most = 1_000

/** What is wrong with the annotations of a ScaledObject: values that mean nothing, and names that nobody looks at. */
export function scaledObjectAnnotationProblems({
  metadata,
  spec,
}: ScaledObject): readonly Problem[] {
  const annotations = metadata.annotations ?? {}
  const { problem } = pauseOf(annotations)
  const sums = annotations[`${own}demand`] === 'sum'
  return [
    ...annotationProblems(annotations),
    ...(problem === undefined
      ? []
      : [found('autoscaling.keda.sh/paused-replicas', problem, 'broken')]),
    ...(sums && usesModifiers(spec.advanced?.scalingModifiers)
      ? [
          found(
            `${own}demand`,
            `annotation ${own}demand: sum does not go together with scalingModifiers, which make one value of all triggers themselves`,
            'refused',
          ),
        ]
      : []),
    ...holdProblems(annotations[`${own}hold-on`], spec.triggers),
  ]
}

/** The part that holds for every kind. */
export const annotationProblems = (annotations: Annotations): readonly Problem[] =>
  Object.entries(annotations)
    .slice(0, most)
    .flatMap(([key, value]) => [...nameProblems(key), ...valueProblems(key, value)])

function nameProblems(key: string): readonly Problem[] {
  const [start, known] = [...Object.entries(ofKeda), [own, Object.keys(ofEbb)] as const].find(
    ([prefix]) => key.startsWith(prefix),
  ) ?? ['', []]
  const name = key.slice(start.length)
  if (start === '' || known.includes(name)) return []
  const meant = nearest(name, known)
  const hint = meant === undefined ? '' : `; did you mean ${start}${meant}?`
  return [found(key, `nobody looks at the annotation ${shown(key)}${hint}`, 'warning')]
}

function valueProblems(key: string, value: string): readonly Problem[] {
  const name = key.startsWith(own) ? key.slice(own.length) : ''
  const values = Object.hasOwn(ofEbb, name) ? (ofEbb[name] ?? []) : []
  if (values.length === 0 || values.includes(value)) return []
  const message = `annotation ${key} must be ${values.join(' or ')}, not "${shown(value)}"`
  return [found(key, message, 'broken')]
}

function holdProblems(
  names: string | undefined,
  triggers: readonly TriggerSpec[],
): readonly Problem[] {
  const key = `${own}hold-on`
  if (names === undefined) return []
  const known = triggers.flatMap(({ name }) => (name ? [name] : []))
  const unknown = names
    .split(',')
    .map((name) => name.trim())
    .find((name) => !known.includes(name))
  return unknown === undefined
    ? []
    : [
        found(
          key,
          `annotation ${key} names the trigger "${shown(unknown)}", which there is none of`,
          'broken',
        ),
      ]
}

const found = (key: string, message: string, weight: Weight): Problem => ({
  path: ['metadata', 'annotations', key],
  rule: 'annotation',
  weight,
  message,
})
