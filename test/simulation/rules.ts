import { parseTime } from '../../src/clock.ts'
import type { ScaledJob, ScaledObject } from '../../src/resources.ts'
import type { Heard } from './knowledge.ts'
import { parametersOf } from './scenario.ts'

/**
 * When a count may be lowered or raised, from the promises of Ebb's documentation and what a process was told. Written
 * without a look at how Ebb decides: it knows answers and times, no situations.
 */
export interface Facts {
  readonly object: ScaledObject
  readonly now: number
  readonly from: number
  /** The newest answers of a queue that reached the process. */
  readonly newest: (query: string) => readonly Heard[]
  readonly wasTried: (query: string) => boolean
  /** When any process was last told a measurement of the queue. */
  readonly measuredAt: (query: string, ignoreEmpty: boolean) => number | undefined
  /** When the workload was last known to be active, by any process. */
  readonly activeAt: number | undefined
  /** Activity that the process may know of or not; it counts where there is no other. */
  readonly perhapsAt: number | undefined
  /** How far clocks of processes may differ, ms. */
  readonly skew: number
}

const second = 1_000
/** How long an answer may take; then the call failed. */
const timeout = 3 * second
/** Polls share wake-ups and answers take a while. */
const slack = second
/** HPAs look every 15 s, and then Ebb asks as often. */
const hpaPeriod = 15 * second

export const periodOf = ({ spec }: ScaledObject | ScaledJob): number =>
  (spec.pollingInterval ?? 30) * second

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

/** How old an answer may be that still counts, ms. */
export const oldestOf = (object: ScaledObject): number => 2 * periodOf(object) + timeout + slack

/** What one trigger says by an answer. */
export function says(
  trigger: ScaledObject['spec']['triggers'][number],
  { told }: Heard,
): 'active' | 'idle' | 'unknown' {
  const { activation, ignoreEmpty } = parametersOf(trigger)
  if (told.kind === 'error') return 'unknown'
  if (told.kind === 'void') return ignoreEmpty ? 'idle' : 'unknown'
  return told.value > activation ? 'active' : 'idle'
}

/** Whether the spec's fallback may stand in for a queue that has not been measured for so long. */
export function fallbackMayHold(
  object: ScaledObject,
  measuredAt: number | undefined,
  now: number,
): boolean {
  const { fallback } = object.spec
  if (!fallback) return false
  const since = measuredAt ?? parseTime(object.metadata.creationTimestamp) ?? now
  const period = Math.min(hpaPeriod, periodOf(object))
  return now - since >= fallback.failureThreshold * period - slack
}

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
  for (const trigger of object.spec.triggers) {
    const why = whyNotQuiet(facts, trigger)
    if (why !== undefined) return why
  }
  return whyNotCool(facts)
}

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
  return object.spec.triggers.some((trigger) => {
    const { query, ignoreEmpty } = parametersOf(trigger)
    if (fallbackMayHold(object, measuredAt(query, ignoreEmpty), now)) return true
    return newest(query).some((h) => says(trigger, h) === 'active' && now - h.at <= oldest)
  })
}

/** How old an answer may be that an HPA is given, ms. */
export const acceptedAge = (object: ScaledObject): number => periodOf(object) + timeout + slack

/** Why an HPA must not be given this value of a trigger; undefined where it may be. */
export function whyNotGive(
  facts: Pick<Facts, 'object' | 'now' | 'measuredAt'> & {
    readonly all: (query: string) => readonly Heard[]
  },
  index: number,
  value: number,
): string | undefined {
  const { object, now, measuredAt, all } = facts
  const trigger = object.spec.triggers[index]
  if (!trigger) return `it has no trigger ${index}`
  const { query, target, ignoreEmpty } = parametersOf(trigger)
  const known = all(query).some(({ at, told }) => {
    if (now - at > acceptedAge(object)) return false
    if (told.kind === 'value') return Math.max(0, told.value) === value
    return told.kind === 'void' && ignoreEmpty && value === 0
  })
  if (known) return undefined
  const { fallback } = object.spec
  if (fallback && fallbackMayHold(object, measuredAt(query, ignoreEmpty), now)) {
    const counted = (fallback.behavior ?? 'static') !== 'static'
    if (counted || value === target * fallback.replicas) return undefined
    return `the fallback of ${query} is ${fallback.replicas} replicas of ${target}, not ${value}`
  }
  return `no answer of ${query} that is young enough says ${value}`
}
