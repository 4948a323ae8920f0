import type { ScaledObject } from '../../src/resources.ts'
import { acceptedAge, fallbackMayHold } from './facts.ts'
import { parametersOf } from './scenario.ts'
import { composedOf } from './ways/formulas.ts'
import { holds, isSummed, valueOf, whyNotGiveOne, type GivenFacts } from './ways/rules.ts'

type Trigger = ScaledObject['spec']['triggers'][number]

/** Why an HPA must not be given this value of a metric, where it has so many replicas; undefined where it may be. */
export function whyNotGive(
  facts: GivenFacts,
  metric: string,
  value: number,
  replicas: number,
): string | undefined {
  const { object } = facts
  if (metric === metricOfAll(object)) return whyNotGiveOne(facts, value)
  const index = Number(/^s(\d+)-/.exec(metric)?.[1] ?? -1)
  const trigger = object.spec.triggers[index]
  if (!trigger) return `it has no trigger ${index}`
  if (isSaid(facts, trigger, value, replicas)) return undefined
  return whyNotStandIn(facts, trigger, value)
}

/** The one metric that takes the place of all. */
function metricOfAll(object: ScaledObject): string | undefined {
  if (composedOf(object)) return 'composite-metric'
  return isSummed(object) ? 'ebb-demand-sum' : undefined
}

/** Whether an answer that is young enough says so. What only holds is never given as more than the replicas there are make it. */
function isSaid(
  { object, now, all }: GivenFacts,
  trigger: Trigger,
  value: number,
  replicas: number,
): boolean {
  const { query, target } = parametersOf(trigger)
  const held = trigger.metricType === 'Value' ? target : target * replicas
  const cap = holds(object, trigger) ? held : Infinity
  return all(query).some((heard) => {
    const said = valueOf(trigger, heard)
    const young = now - heard.at <= acceptedAge(object)
    return young && said !== undefined && value === Math.min(Math.max(0, said), cap)
  })
}

/** Why it is not the fallback either. */
function whyNotStandIn(
  { object, now, measuredAt }: GivenFacts,
  trigger: Trigger,
  value: number,
): string | undefined {
  const { query, target, ignoreEmpty } = parametersOf(trigger)
  const { fallback } = object.spec
  if (!fallback || !fallbackMayHold(object, measuredAt(query, ignoreEmpty), now))
    return `no answer of ${query} that is young enough says ${value}`
  // by the replicas there are, or shared by the pods that are ready
  const counted =
    (fallback.behavior ?? 'static') !== 'static' ||
    trigger.metricType === 'Value' ||
    holds(object, trigger)
  if (counted || value === target * fallback.replicas) return undefined
  return `the fallback of ${query} is ${fallback.replicas} replicas of ${target}, not ${value}`
}
