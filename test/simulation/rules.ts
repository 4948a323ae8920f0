import { parseTime } from '../../src/clock.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { fallbackMayHold, oldestOf, says, type Facts } from './facts.ts'
import type { Heard } from './knowledge.ts'
import { parametersOf } from './scenario.ts'
import { composedOf } from './ways/formulas.ts'
import { composites, holds, whyNotComposed } from './ways/rules.ts'

/*
 * When a count may be lowered or raised, from the promises of Ebb's documentation and what a process was told. Written
 * without a look at how Ebb decides.
 */

const second = 1_000

type Pause = 'no' | 'in' | 'out' | 'all' | number

export function pauseOf({ metadata }: ScaledObject): Pause {
  const given = (key: string): string | undefined =>
    metadata.annotations?.[`autoscaling.keda.sh/${key}`]
  const count = given('paused-replicas')
  if (count !== undefined) return Number(count)
  if (given('paused') !== undefined) return 'all'
  if (given('paused-scale-in') !== undefined) return 'in'
  return given('paused-scale-out') === undefined ? 'no' : 'out'
}

/** Paused as a whole: nobody scales it. */
export const isHalted = (object: ScaledObject): boolean =>
  pauseOf(object) === 'all' || typeof pauseOf(object) === 'number'

export const isForced = ({ metadata }: ScaledObject): boolean =>
  metadata.annotations?.['autoscaling.keda.sh/force-activation'] !== undefined

/** Why the count must not be lowered to `to`; undefined where it may be. */
export function whyNotLower(facts: Facts, to: number): string | undefined {
  const { object } = facts
  const pause = pauseOf(object)
  if (typeof pause === 'number' && to === pause) return undefined
  const halted = whyHalted(object)
  if (halted !== undefined) return halted
  if (pause === 'in') return 'scale-in is paused'
  const { minReplicaCount: min = 0, idleReplicaCount: idle } = object.spec
  if (idle === undefined && min > 0) return `min is ${min}: only its HPA lowers it`
  const floor = idle ?? 0
  if (to !== floor) return `it rests at ${floor}, not at ${to}`
  if (isForced(object)) return 'its activation is forced'
  return whyNotIdle(facts) ?? whyNotComposed(facts) ?? whyNotCool(facts)
}

function whyNotIdle(facts: Facts): string | undefined {
  const composed = composedOf(facts.object)
  for (const trigger of facts.object.spec.triggers) {
    const judge = composed ? { says: isKnown(trigger), mayRest } : undefined
    const why = whyNotQuiet(facts, trigger, judge)
    if (why !== undefined) return why
  }
  return undefined
}

/** Where a formula decides, of each trigger it counts only that it was read. */
const isKnown = (trigger: ScaledObject['spec']['triggers'][number]) => (heard: Heard) =>
  says(trigger, heard) === 'unknown' ? 'unknown' : 'idle'

/** Why nobody scales it at all. */
export function whyHalted(object: ScaledObject): string | undefined {
  if (isHalted(object)) return `it is paused (${pauseOf(object)})`
  return object.metadata.deletionTimestamp === undefined ? undefined : 'it is being deleted'
}

function whyNotCool({ object, now, activeAt, perhapsAt, skew }: Facts): string | undefined {
  const { initialCooldownPeriod: initial = 0, cooldownPeriod = 300 } = object.spec
  const created = parseTime(object.metadata.creationTimestamp) ?? now
  const after = (at: number): number => at + cooldownPeriod * second
  const never = Math.min(created + initial * second, after(perhapsAt ?? Infinity))
  const cool = (activeAt === undefined ? never : after(activeAt)) - skew
  return now < cool ? `its cooldown goes on for ${(cool - now) / second} s` : undefined
}

/** Why an answer, or the lack of one, keeps the count up. What an answer `says` is another matter where counts are lowered in steps. */
export function whyNotQuiet(
  { object, now, newest, wasTried, measuredAt }: Facts,
  trigger: ScaledObject['spec']['triggers'][number],
  judge: {
    readonly says: (heard: Heard) => ReturnType<typeof says>
    readonly mayRest: (object: ScaledObject) => boolean
  } = { says: (heard) => says(trigger, heard), mayRest },
): string | undefined {
  const { query, ignoreEmpty } = parametersOf(trigger)
  const known = newest(query)
  if (!wasTried(query)) return `${query} was not read`
  const oldest = oldestOf(object)
  let why = known.length === 0 ? `${query} cannot be read` : undefined
  for (const heard of known) {
    const age = now - heard.at
    const said = judge.says(heard)
    if (age > oldest) why ??= `what is known of ${query} is ${age / second} s old`
    else if (said === 'idle') return undefined
    else if (said === 'active') why ??= `${query} is active`
    else why ??= `${query} cannot be read`
  }
  const rests =
    judge.mayRest(object) && fallbackMayHold(object, measuredAt(query, ignoreEmpty), now)
  return rests ? undefined : why
}

/** Whether its fallback, once it stands in, may ask for nothing. */
const mayRest = ({ spec: { fallback } }: ScaledObject): boolean =>
  fallback?.behavior !== undefined || fallback?.replicas === 0

/** Why the count must not be raised to `to`; undefined where it may be. */
export function whyNotRaise(facts: Facts, to: number): string | undefined {
  const { object, from } = facts
  const pause = pauseOf(object)
  if (typeof pause === 'number' && to === pause) return undefined
  const halted = whyHalted(object)
  if (halted !== undefined) return halted
  const [min, max] = boundsOf(object)
  if (to > max) return `max is ${max}`
  const up = Math.min(max, Math.max(min, 1))
  if (to !== up && to !== min) return `it wakes at ${up}, not at ${to}`
  const short = from < min && object.spec.idleReplicaCount === undefined
  if (short || (from > 0 && from < up)) return undefined
  if (pause === 'out') return 'scale-out is paused'
  return isForced(object) || isAskedFor(facts) ? undefined : 'nothing asks for it'
}

export const boundsOf = ({ spec }: ScaledObject): readonly [number, number] => [
  spec.minReplicaCount ?? 0,
  spec.maxReplicaCount ?? 100,
]

export function isAskedFor({ object, now, newest, measuredAt }: Facts): boolean {
  const oldest = oldestOf(object)
  const composed = composedOf(object)
  if (composed && composites({ object, now, newest }).some((v) => v > composed.activation))
    return true
  return object.spec.triggers.some((trigger) => {
    const { query, ignoreEmpty } = parametersOf(trigger)
    if (fallbackMayHold(object, measuredAt(query, ignoreEmpty), now)) return !holds(object, trigger)
    if (composed || holds(object, trigger)) return false
    return newest(query).some((h) => says(trigger, h) === 'active' && now - h.at <= oldest)
  })
}
