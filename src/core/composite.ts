import type { TriggerFacts } from './decide.ts'
import { fallbackCount, fallbackValue, type Fallback } from './fallback.ts'
import { evaluate } from './formula/formula.ts'
import type { Modifiers } from './modifiers.ts'
import { compositeMetric } from './names.ts'
import { toMilli } from './quantity.ts'
import { list } from './words.ts'

/** One metric of a workload with modifiers. */
export interface Variable {
  /** The trigger's name; without one the formula cannot use it. */
  readonly name: string | undefined
  /** After fallback: state `fallback` while that stands in for it. */
  readonly facts: TriggerFacts
}

export interface CompositeInput {
  readonly modifiers: Modifiers
  readonly fallback: Fallback | undefined
  /** cpu and memory may be among them and do not count. */
  readonly variables: readonly Variable[]
  /** spec.replicas of the target, where known. */
  readonly replicas: number | undefined
  /** Pods of the target that run and are ready, where they can be counted; needed with metricType Value. */
  readonly readyPods: () => number | undefined
}

export interface Composite {
  /** For the situation: it alone says whether the workload is active. */
  readonly facts: TriggerFacts
  /** For the HPA: the value of `composite-metric`, in whole thousandths, negatives included; or why there is none. */
  readonly reading:
    | { readonly kind: 'value'; readonly value: number }
    | { readonly kind: 'failed'; readonly why: string }
}

/**
 * What scalingModifiers make of the triggers (keda-behaviour.md 3.5, 3.13, errata). Active means strictly above
 * activationTarget; a trigger that fails makes it fail, and so does a formula without a number (KEDA: an empty list). In
 * fallback the value is that of the fallback, or, where the behavior leaves it to the formula, its trigger is nil there.
 */
export function composite(input: CompositeInput): Composite {
  const read = input.variables.filter((v) => v.facts.state !== 'resource')
  const failing = read.filter((v) => v.facts.state === 'failing').map((v) => v.facts.metric)
  if (failing.length > 0) return failed(input, `has no value while ${list(failing)} cannot be read`)
  const unread = read.filter((v) => !isKnown(v.facts)).map((v) => v.facts.metric)
  if (unread.length > 0) {
    const why = `has no value before ${list(unread)} is read`
    return { ...failed(input, why), facts: facts(input, 'unread', undefined, undefined) }
  }
  const stands = read.some((v) => v.facts.state === 'fallback')
  if (stands && input.fallback?.behavior !== 'scalingModifiers') return byFallback(input)
  return byFormula(input, read)
}

const isKnown = ({ state, value }: TriggerFacts): boolean =>
  state === 'fallback' || (state !== 'unread' && value !== undefined)

function byFormula(input: CompositeInput, read: readonly Variable[]): Composite {
  const values = new Map<string, number | undefined>()
  for (const { name, facts: t } of read) if (name) values.set(name, variable(t))
  const outcome = evaluate(input.modifiers.formula, values)
  if (outcome.kind === 'failed') return failed(input, outcome.why)
  if (outcome.kind === 'value') return valued(input, Math.trunc(outcome.value * 1000))
  if (input.fallback === undefined)
    return failed(input, 'the formula gives nil, and there is no fallback to take its place')
  return byFallback(input)
}

/** As the HPA would see it: rounded to thousandths, and never below 0. */
const variable = ({ state, value = 0 }: TriggerFacts): number | undefined =>
  state === 'fallback' ? undefined : Number(toMilli(value)) / 1000

function byFallback(input: CompositeInput): Composite {
  const { modifiers, fallback, replicas, readyPods } = input
  const { metricType } = modifiers
  // as it stands in the HPA: a thousandth more would be a replica more
  const target = Math.trunc(modifiers.target * 1000) / 1000
  const count = fallback && fallbackCount(fallback, replicas)
  const given = fallbackValue({
    count,
    target,
    metricType,
    readyPods: metricType === 'Value' ? readyPods() : undefined,
  })
  if (given.kind === 'value') return valued(input, Math.round(given.value * 1000))
  // asleep no pod is ready, so that only waking it lets a Value target be shared
  const whole = fallbackValue({ count, target, metricType: 'AverageValue', readyPods: undefined })
  if (whole.kind === 'failed') return failed(input, whole.why)
  return { ...valued(input, Math.round(whole.value * 1000)), reading: given }
}

function valued(input: CompositeInput, milli: number): Composite {
  if (!(Math.abs(milli) < 2 ** 63)) return failed(input, `${milli / 1000} is too large a number`)
  // no -0
  const value = milli / 1000 + 0
  const state = value > input.modifiers.activationTarget ? 'active' : 'idle'
  return { facts: facts(input, state, value, undefined), reading: { kind: 'value', value } }
}

const failed = (input: CompositeInput, why: string): Composite => ({
  facts: facts(input, 'failing', undefined, why),
  reading: { kind: 'failed', why },
})

/** As old as the oldest of what it is made of. */
function facts(
  { modifiers, variables }: CompositeInput,
  state: TriggerFacts['state'],
  value: number | undefined,
  error: string | undefined,
): TriggerFacts {
  const times = variables.flatMap((v) => v.facts.at ?? [])
  return {
    metric: compositeMetric,
    type: compositeMetric,
    state,
    value,
    target: modifiers.target,
    at: times.length > 0 ? Math.min(...times) : undefined,
    error,
  }
}
