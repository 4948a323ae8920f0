import { annotation, type OwnName } from '../core/annotations.ts'
import { modeOf } from '../core/mode.ts'
import { usesModifiers } from '../core/modifiers.ts'
import { isResourceTrigger } from '../core/names.ts'
import type { ScaledObject } from '../resources.ts'
import { inSpec, type Problem, shown, type Weight } from './problem.ts'

/** Ebb's own annotations of a ScaledObject that contradict each other or the spec, and what has no effect beside them. */
export const modeProblems = (object: ScaledObject): readonly Problem[] => [
  ...formulaProblems(object),
  ...holdProblems(object),
  ...idleProblems(object),
  ...directProblems(object),
]

/** A formula makes one value of all triggers: none of them has a demand of its own that could be added or held back. */
function formulaProblems({ metadata: { annotations }, spec }: ScaledObject): readonly Problem[] {
  if (!usesModifiers(spec.advanced?.scalingModifiers)) return []
  const { demand, holdOn } = modeOf(annotations)
  const clash = (name: OwnName, what: string): Problem =>
    found(
      name,
      `annotation ${what} does not go together with scalingModifiers, which make one value of all triggers themselves`,
      'refused',
    )
  return [
    ...(demand === 'sum' ? [clash('demand', `${annotation('demand')}: sum`)] : []),
    ...(holdOn.length > 0 ? [clash('hold-on', annotation('hold-on'))] : []),
  ]
}

function holdProblems({ metadata: { annotations }, spec }: ScaledObject): readonly Problem[] {
  const written = annotations?.[annotation('hold-on')]
  if (written === undefined) return []
  const { triggers } = spec
  const names = new Set(written.split(',').map((name) => name.trim()))
  const known = new Set(triggers.flatMap(({ name }) => (name ? [name] : [])))
  const wrong = (what: string): readonly Problem[] => [
    found('hold-on', `annotation ${annotation('hold-on')} names ${what}`, 'broken'),
  ]
  const unknown = [...names].find((name) => !known.has(name))
  if (unknown !== undefined) return wrong(`the trigger "${shown(unknown)}", which there is none of`)
  const held = triggers.filter(({ name = '' }) => names.has(name))
  const measured = held.find(({ type }) => isResourceTrigger(type))
  if (measured !== undefined)
    return wrong(
      `the ${measured.type} trigger "${shown(measured.name ?? '')}", which an HPA measures and nobody can hold back`,
    )
  return held.length === triggers.length
    ? wrong('all triggers, so that none is left that could ever add a replica')
    : []
}

function idleProblems({ metadata: { annotations }, spec }: ScaledObject): readonly Problem[] {
  const written = annotations?.[annotation('idle-label')]
  if (written === undefined) return []
  const { scaling, idle } = modeOf(annotations)
  const what = `annotation ${annotation('idle-label')}`
  if (idle === undefined)
    return [
      found(
        'idle-label',
        `${what} must be a label as KEY or KEY=VALUE, not "${shown(written)}"`,
        'broken',
      ),
    ]
  const none = (why: string): readonly Problem[] => [
    found('idle-label', `${what} has no effect ${why}`, 'warning'),
  ]
  if (scaling !== 'direct') return none(`without ${annotation('scaling')}: direct`)
  return spec.scaleTargetRef.kind === 'StatefulSet'
    ? none('on a StatefulSet, which gives up its last pods first')
    : []
}

/** What speaks of an HPA where there is none. */
function directProblems({ metadata: { annotations }, spec }: ScaledObject): readonly Problem[] {
  if (modeOf(annotations).scaling !== 'direct') return []
  const why = `has no effect with ${annotation('scaling')}: direct, which makes no HPA`
  const idle = ['transfer-hpa-ownership', 'hpa-excluded-labels']
    .map((name) => `scaledobject.keda.sh/${name}`)
    .filter((key) => annotations?.[key] !== undefined)
    .map((key): Problem => ({
      path: ['metadata', 'annotations', key],
      rule: 'annotation',
      weight: 'warning',
      message: `annotation ${key} ${why}`,
    }))
  const path = ['advanced', 'horizontalPodAutoscalerConfig', 'name']
  return spec.advanced?.horizontalPodAutoscalerConfig?.name
    ? [...idle, inSpec(path, 'no-effect', `${path.join('.')} ${why}`, 'warning')]
    : idle
}

const found = (name: OwnName, message: string, weight: Weight): Problem => ({
  path: ['metadata', 'annotations', annotation(name)],
  rule: 'annotation',
  weight,
  message,
})
