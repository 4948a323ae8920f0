import type { ScaledObject } from '../../../src/resources.ts'
import { withObjects } from '../direct/generate.ts'
import type { Random } from '../random.ts'
import type { Scenario } from '../scenario.ts'
import { formulas } from './formulas.ts'

/** Other ways to ask for replicas than each trigger for itself: formulas, sums, triggers that only hold, in a tenth of the seeds. */
export function withWays(plain: Scenario, random: Random): Scenario {
  if (!random.chance(0.12)) return plain
  const made = new Map(
    plain.objects.map((object) => {
      const way = random.pick([composed, composed, added, holding, shared])
      return [object.metadata.name, way(object, random)] as const
    }),
  )
  return withObjects(plain, (object) => made.get(object.metadata.name) ?? object)
}

function composed(object: ScaledObject, random: Random): ScaledObject {
  const names = object.spec.triggers.map(({ name = '' }) => name)
  const scalingModifiers = {
    formula: random.pick(formulas).text(names),
    target: String(random.pick([1, 5, 20])),
    ...(random.chance(0.4) && { activationTarget: String(random.pick([1, 5, 30])) }),
  }
  return { ...object, spec: { ...object.spec, advanced: { scalingModifiers } } }
}

const added = (object: ScaledObject): ScaledObject => annotated(object, 'demand', 'sum')

/** The first trigger only holds what the others ask for. */
function holding(object: ScaledObject): ScaledObject {
  const [first, ...others] = object.spec.triggers
  return first?.name === undefined || others.length === 0
    ? object
    : annotated(object, 'hold-on', first.name)
}

/** Targets are for all replicas together. */
const shared = (object: ScaledObject): ScaledObject => ({
  ...object,
  spec: {
    ...object.spec,
    triggers: object.spec.triggers.map((trigger) => ({ ...trigger, metricType: 'Value' })),
  },
})

const annotated = (object: ScaledObject, key: string, value: string): ScaledObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [`ebb.dev/${key}`]: value },
  },
})
