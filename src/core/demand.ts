import { composite, type Composite } from './composite.ts'
import type { TriggerFacts } from './decide.ts'
import { fallbackCount, fallbackValue, type Fallback } from './fallback.ts'
import { withFallback, type Health } from './health.ts'
import type { Modifiers } from './modifiers.ts'
import { compositeMetric, sumMetric } from './names.ts'
import { toMilli } from './quantity.ts'

/** One metric of a workload as its newest sample left it, before fallback. */
export interface Measured {
  /** The trigger's name; without one a formula cannot use it. */
  readonly name: string | undefined
  readonly metricType: string | undefined
  readonly facts: TriggerFacts
  /** It can keep replicas and never add any. */
  readonly holds: boolean
}

/** What the demand of a workload follows from. */
export interface DemandInput {
  readonly metrics: readonly Measured[]
  readonly health: Health
  readonly fallback: Fallback | undefined
  readonly modifiers: Modifiers | undefined
  /** The replicas that the triggers ask for are added up; else the most counts. */
  readonly sum: boolean
  /** spec.replicas of the target, where known. */
  readonly replicas: number | undefined
  /** Pods of the target that run and are ready, where they can be counted; looked for only where a Value target needs them. */
  readonly readyPods: () => number | undefined
}

/** What the triggers of a workload ask for, after fallback and scalingModifiers. */
export interface Demand {
  /** For the situation. */
  readonly triggers: readonly TriggerFacts[]
  /** Where modifiers are used. */
  readonly composite: Composite | undefined
  /** The count that the fallback asks for; undefined without one, or where it cannot be told yet. */
  readonly fallbackReplicas: number | undefined
}

/** Lays fallback and modifiers over what was measured; the facts themselves where the spec has neither. */
export function demandOf(input: DemandInput): Demand {
  const { metrics, health, fallback, modifiers, replicas } = input
  const triggers = metrics.map(({ facts }) => withFallback(facts, health.get(facts.metric)))
  return {
    triggers,
    composite: modifiers && compositeOf(input, modifiers, triggers),
    fallbackReplicas: fallback && fallbackCount(fallback, replicas),
  }
}

const compositeOf = (
  { metrics, fallback, replicas, readyPods }: DemandInput,
  modifiers: Modifiers,
  triggers: readonly TriggerFacts[],
): Composite =>
  composite({
    modifiers,
    fallback,
    variables: triggers.map((facts, index) => ({ name: metrics[index]?.name, facts })),
    replicas,
    readyPods,
  })

/** One metric as whoever scales on it is to see it. */
export interface Offer {
  readonly metric: string
  /** As it stands in the HPA. */
  readonly target: number
  readonly metricType: string
  readonly reading:
    /** `at` is when it was measured; undefined for what stands in for a measurement. */
    | { readonly kind: 'value'; readonly value: number; readonly at: number | undefined }
    | { readonly kind: 'failed'; readonly why: string }
}

/**
 * The metrics that say how many replicas are wanted: the composite one alone where modifiers are used, the sum alone where
 * demands are added up, else one per trigger, cpu and memory left out. What is in fallback has the value that makes the HPA compute the fallback's count.
 */
export function offersOf(input: DemandInput, demand: Demand = demandOf(input)): readonly Offer[] {
  const { modifiers } = input
  if (modifiers && demand.composite) {
    const { reading, facts } = demand.composite
    const { target, metricType } = modifiers
    const offered = reading.kind === 'value' ? { ...reading, at: facts.at } : reading
    return [{ metric: compositeMetric, target, metricType, reading: offered }]
  }
  const offers = demand.triggers.flatMap((facts, index) => {
    if (facts.state === 'resource') return []
    const metricType = input.metrics[index]?.metricType || 'AverageValue'
    const { metric, target } = facts
    const reading = readingOf(input, facts, metricType)
    const holds = input.metrics[index]?.holds === true
    return [
      {
        metric,
        target,
        metricType,
        reading: holds ? capped(input, target, metricType, reading) : reading,
      },
    ]
  })
  return input.sum && offers.length > 0 ? [summed(input, offers)] : offers
}

/** At most what keeps the replicas there are: an HPA that is told so scales no further out, and not in either. */
function capped(
  { replicas }: DemandInput,
  target: number,
  metricType: string,
  reading: Offer['reading'],
): Offer['reading'] {
  if (reading.kind === 'failed') return reading
  // what is not known adds nothing
  return {
    ...reading,
    value: Math.min(reading.value, metricType === 'Value' ? target : target * (replicas ?? 0)),
  }
}

/** Each trigger's replicas, rounded up, added: as Azure's own scale controller does. One that cannot be read hides the sum. */
function summed({ metrics, replicas = 0 }: DemandInput, offers: readonly Offer[]): Offer {
  const holding = new Set(metrics.flatMap(({ holds, facts }) => (holds ? [facts.metric] : [])))
  let adding = 0
  let all = 0
  let oldest: number | undefined
  for (const { metric, target, reading } of offers) {
    if (reading.kind === 'failed')
      return sumOffer({ kind: 'failed', why: `${metric}: ${reading.why}` })
    const wanted = Math.ceil(reading.value / target)
    all += wanted
    if (!holding.has(metric)) adding += wanted
    oldest = Math.min(reading.at ?? Number.POSITIVE_INFINITY, oldest ?? Number.POSITIVE_INFINITY)
  }
  // together too, those that only hold keep the replicas there are, and add none
  const value = Math.max(adding, Math.min(all, replicas))
  const at = Number.isFinite(oldest) ? oldest : undefined
  return sumOffer(
    Number.isFinite(value)
      ? { kind: 'value', value, at }
      : { kind: 'failed', why: 'the sum is too large a number' },
  )
}

const sumOffer = (reading: Offer['reading']): Offer => ({
  metric: sumMetric,
  target: 1,
  metricType: 'AverageValue',
  reading,
})

function readingOf(input: DemandInput, t: TriggerFacts, metricType: string): Offer['reading'] {
  if (t.state === 'fallback') return standIn(input, t.target, metricType)
  if (t.state === 'failing') return { kind: 'failed', why: t.error ?? 'it cannot be read' }
  if (t.value === undefined) return { kind: 'failed', why: 'it was not sampled yet' }
  // an HPA is never given a negative value, except by a formula
  return { kind: 'value', value: Math.max(0, t.value), at: t.at }
}

function standIn(
  { fallback, replicas, readyPods }: DemandInput,
  target: number,
  metricType: string,
): Offer['reading'] {
  const given = fallbackValue({
    count: fallback && fallbackCount(fallback, replicas),
    // as it stands in the HPA: a thousandth more would be a replica more
    target: Number(toMilli(target)) / 1000,
    metricType,
    readyPods: metricType === 'Value' ? readyPods() : undefined,
  })
  return given.kind === 'value' ? { ...given, at: undefined } : given
}
