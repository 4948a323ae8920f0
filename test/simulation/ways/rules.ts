import type { ScaledObject } from '../../../src/resources.ts'
import type { Heard } from '../knowledge.ts'
import { acceptedAge, fallbackMayHold, oldestOf, type Facts } from '../facts.ts'
import { parametersOf } from '../scenario.ts'
import { composedOf } from './formulas.ts'

type Trigger = ScaledObject['spec']['triggers'][number]

/** Whether this trigger can keep replicas and never add any. */
export const holds = ({ metadata }: ScaledObject, trigger: Trigger): boolean =>
  trigger.name !== undefined && metadata.annotations?.['ebb.dev/hold-on'] === trigger.name

export const isSummed = ({ metadata }: ScaledObject): boolean =>
  metadata.annotations?.['ebb.dev/demand'] === 'sum'

/** What an answer counts as; undefined where it says nothing. */
export function valueOf(trigger: Trigger, { told }: Heard): number | undefined {
  if (told.kind === 'value') return told.value
  return told.kind === 'void' && parametersOf(trigger).ignoreEmpty ? 0 : undefined
}

/** Every way to take one of each: a handful of triggers with a handful of values. */
const choices = (each: readonly (readonly number[])[]): readonly (readonly number[])[] =>
  each.reduce<readonly (readonly number[])[]>(
    (all, values) => all.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  )

/** What a formula may give by the answers that may count now; none where a trigger has none. */
export function composites(facts: Pick<Facts, 'object' | 'now' | 'newest'>): readonly number[] {
  const { object, now, newest } = facts
  const composed = composedOf(object)
  if (!composed) return []
  const known = object.spec.triggers.map((trigger) =>
    newest(parametersOf(trigger).query)
      .filter(({ at }) => now - at <= oldestOf(object))
      .flatMap((heard) => valueOf(trigger, heard) ?? [])
      .map((value) => Math.max(0, value)),
  )
  return choices(known).map(composed.value)
}

/** Why the formula keeps the count up; undefined where it does not, or there is none. */
export function whyNotComposed(facts: Facts): string | undefined {
  const composed = composedOf(facts.object)
  if (!composed) return undefined
  const given = composites(facts)
  // what cannot be read has its own rule
  if (given.length === 0 || given.some((value) => value <= composed.activation)) return undefined
  return `its formula gives ${given.join(' or ')}`
}

/** What is known when a value is given. */
export interface GivenFacts extends Pick<Facts, 'object' | 'now' | 'measuredAt'> {
  readonly all: (query: string) => readonly Heard[]
}

/** Why an HPA must not be given this value of a formula or a sum; undefined where it may be. */
export function whyNotGiveOne(facts: GivenFacts, value: number): string | undefined {
  const { object, now, measuredAt } = facts
  const { fallback, triggers } = object.spec
  const composed = composedOf(object)
  const falls = triggers.map((trigger) => {
    const { query, ignoreEmpty } = parametersOf(trigger)
    return fallback !== undefined && fallbackMayHold(object, measuredAt(query, ignoreEmpty), now)
  })
  if (fallback && falls.includes(true)) {
    if ((fallback.behavior ?? 'static') !== 'static') return undefined
    if (composed && value === composed.target * fallback.replicas) return undefined
  }
  const given = composed
    ? choices(triggers.map((t) => youngOf(facts, t))).map(composed.value)
    : sums(
        triggers.map((trigger, index) => {
          const { target } = parametersOf(trigger)
          const known = youngOf(facts, trigger).map((length) => Math.ceil(length / target))
          return fallback && falls[index] ? [...known, fallback.replicas] : known
        }),
      )
  // counted in thousandths
  if (given.some((one) => Math.abs(one - value) < 0.001)) return undefined
  return `no answers that are young enough give ${value}`
}

/** What the answers to a trigger that are young enough for an HPA say, each once. */
function youngOf({ object, now, all }: GivenFacts, trigger: Trigger): readonly number[] {
  const young = all(parametersOf(trigger).query).filter(({ at }) => now - at <= acceptedAge(object))
  return [...new Set(young.flatMap((heard) => valueOf(trigger, heard) ?? []))].map((v) =>
    Math.max(0, v),
  )
}

const sums = (each: readonly (readonly number[])[]): readonly number[] =>
  choices(each).map((values) => values.reduce((sum, v) => sum + v, 0))

/** How many replicas queues of these lengths ask for, at least and at most. */
export function ratiosOf(
  object: ScaledObject,
  lengths: readonly number[],
): { readonly least: number; readonly most: number } {
  const { triggers } = object.spec
  const each = triggers.map((t, index) => (lengths[index] ?? 0) / parametersOf(t).target)
  const composed = composedOf(object)
  const one = composed
    ? composed.value(lengths) / composed.target
    : each.reduce((sum, ratio) => sum + Math.ceil(ratio), 0)
  if (composed || isSummed(object)) return { least: one, most: one }
  const most = Math.max(...each)
  // for all replicas together: too much asks for ever more of them, and what is enough keeps any number
  if (triggers.some(({ metricType }) => metricType === 'Value'))
    return { least: most > 1.1 ? Infinity : 0, most: Infinity }
  const adding = each.filter((_, index) => triggers[index] && !holds(object, triggers[index]))
  return { least: Math.max(0, ...adding), most }
}
