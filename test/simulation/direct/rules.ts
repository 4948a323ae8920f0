import type { ScaledObject } from '../../../src/resources.ts'
import type { Heard } from '../knowledge.ts'
import { fallbackMayHold, oldestOf, says, type Facts } from '../facts.ts'
import {
  boundsOf,
  isAskedFor,
  isForced,
  pauseOf,
  whyHalted,
  whyNotLower,
  whyNotQuiet,
} from '../rules.ts'
import { parametersOf } from '../scenario.ts'
import type { Course } from './course.ts'

/** What is known of a workload that Ebb scales by itself. `from` is the count that the process goes by. */
export interface AloneFacts extends Facts {
  readonly course: Course
}

type Trigger = ScaledObject['spec']['triggers'][number]

export const isDirect = ({ metadata }: ScaledObject): boolean =>
  metadata.annotations?.['ebb.dev/scaling'] === 'direct'

/** What an HPA ignores of a difference. */
const tolerance = 0.1
/** The window of scaling down where none is given (s), as with an HPA. */
const defaultWindow = 300

/** Why the count must not become `to` without an HPA; undefined where it may. */
export function whyNotAlone(facts: AloneFacts, to: number): string | undefined {
  const { object, from } = facts
  const pause = pauseOf(object)
  if (typeof pause === 'number' && to === pause) return undefined
  const halted = whyHalted(object)
  if (halted !== undefined) return halted
  const [min, max] = boundsOf(object)
  if (to > max) return `max is ${max}`
  if (to < from) return whyNotFewer(facts, to)
  if (from < min && to === Math.min(min, max)) return undefined
  if (pause === 'out') return 'scale-out is paused'
  return isResting(object, from) ? whyNotWake(facts, to) : whyNotMore(facts, to)
}

/** At zero, or at the idle count. */
export const isResting = (object: ScaledObject, from: number): boolean => {
  const { idleReplicaCount: idle, minReplicaCount: min = 0 } = object.spec
  return from === 0 || (idle !== undefined && from < Math.max(min, 1))
}

function whyNotFewer(facts: AloneFacts, to: number): string | undefined {
  const { object, from } = facts
  const [min, max] = boundsOf(object)
  if (to === restOf(object)) return whyNotLower(facts, to)
  if (pauseOf(object) === 'in') return 'scale-in is paused'
  if (from > max && to === max) return undefined
  if (to < Math.max(min, 1)) return `nothing is between rest and ${Math.max(min, 1)}`
  for (const trigger of object.spec.triggers) {
    const why = whyNotSo(facts, trigger, to)
    if (why !== undefined) return why
  }
  return whyNotSoSoon(facts, to)
}

/** The count it rests at; undefined where it never does. */
function restOf({ spec }: ScaledObject): number | undefined {
  const { idleReplicaCount: idle, minReplicaCount: min = 0 } = spec
  return idle ?? (min === 0 ? 0 : undefined)
}

/** Window and policy of scaling down. */
function whyNotSoSoon(facts: AloneFacts, to: number): string | undefined {
  const { object, now, course } = facts
  const { scaleDown } = behaviorOf(object) ?? {}
  const window = windowOf(object)
  const held = Math.min(boundsOf(object)[1], course.leastWithin(now, window))
  if (to < held) return `${held} were asked for within its window of ${window / 1_000} s`
  const lowest = limitOf(scaleDown, facts, -1)
  return to < lowest ? `its policy allows ${lowest}` : undefined
}

const behaviorOf = ({ spec }: ScaledObject) =>
  spec.advanced?.horizontalPodAutoscalerConfig?.behavior

/** The window of scaling down, ms. */
const windowOf = (object: ScaledObject): number =>
  (behaviorOf(object)?.scaleDown?.stabilizationWindowSeconds ?? defaultWindow) * 1_000

/** Why this trigger does not allow so few replicas. */
function whyNotSo(facts: AloneFacts, trigger: Trigger, to: number): string | undefined {
  const enough = (heard: Heard): boolean => leastOf(trigger, heard) <= to
  const max = boundsOf(facts.object)[1]
  return whyNotQuiet(facts, trigger, {
    says: (heard) => {
      const said = says(trigger, heard)
      if (said === 'unknown') return said
      return to === max || enough(heard) ? 'idle' : 'active'
    },
    mayRest: ({ spec: { fallback } }) =>
      fallback?.behavior !== undefined ||
      Math.ceil(count((fallback?.replicas ?? 0) / (1 + tolerance))) <= to,
  })
}

/** From rest it goes to what is asked for, in one step. */
function whyNotWake(facts: AloneFacts, to: number): string | undefined {
  const { object, newest, course } = facts
  if (!isForced(object) && !isAskedFor(facts)) return 'nothing asks for it'
  const [min, max] = boundsOf(object)
  const within = (n: number): number => Math.min(max, Math.max(n, 1, min))
  const least = object.spec.triggers.map((trigger) => {
    const known = newest(parametersOf(trigger).query)
    // what was heard before it was looked at may be unknown to it
    if (known.length === 0 || known.some((h) => h.at <= course.begun + settling)) return 0
    return Math.min(...known.map((h) => mostOf(trigger, h)))
  })
  if (to < within(Math.max(...least)))
    return `it wakes straight to ${within(Math.max(...least))}, not to ${to}`
  return to > within(mostNow(facts))
    ? `no more than ${within(mostNow(facts))} are asked for`
    : undefined
}

/** So long after a process begins with a workload, what it heard before may count for nothing (ms). */
const settling = 5_000

function whyNotMore(facts: AloneFacts, to: number): string | undefined {
  const { object, now, from, course } = facts
  const behavior = behaviorOf(object)
  const [min] = boundsOf(object)
  const before = course.mostWithin(now, windowOf(object))
  const most = Math.max(min, 1, mostNow(facts, roughlyMostOf), before)
  if (to > most) return `no more than ${most} are asked for`
  // the server completes whatever behavior there is
  const highest = behavior ? limitOf(behavior.scaleUp, facts, 1) : Math.max(2 * from, 4)
  return to > highest ? `its policy allows ${highest}` : undefined
}

/** The most that is asked for, by any answer that may count, or by a fallback that may stand in. */
function mostNow(
  { object, from, now, newest, measuredAt }: AloneFacts,
  most: typeof mostOf = mostOf,
): number {
  const counts = object.spec.triggers.map((trigger) => {
    const { query, ignoreEmpty } = parametersOf(trigger)
    const known = newest(query).filter((h) => now - h.at <= oldestOf(object))
    const stands = fallbackMayHold(object, measuredAt(query, ignoreEmpty), now)
    const fallback = stands ? Math.max(from, object.spec.fallback?.replicas ?? 0) : 0
    return Math.max(fallback, ...known.map((h) => most(trigger, h)))
  })
  return Math.max(...counts)
}

interface Rules {
  readonly selectPolicy?: string
  readonly policies?: readonly {
    readonly type: string
    readonly value: number
    readonly periodSeconds: number
  }[]
}

/** How far one policy of a direction lets the count go; there is one at most. */
function limitOf(rules: Rules | undefined, facts: AloneFacts, sign: 1 | -1): number {
  const { from, now, course } = facts
  if (rules?.selectPolicy === 'Disabled') return from
  const [policy] = rules?.policies ?? []
  if (!policy) return sign < 0 ? 0 : defaultUp(facts)
  const changed = course.changedWithin(now, policy.periodSeconds * 1_000)
  if (changed === undefined) return sign * Infinity
  const before = from - changed
  const far =
    policy.type === 'Pods'
      ? before + sign * policy.value
      : before * (1 + (sign * policy.value) / 100)
  return sign < 0 ? Math.min(from, Math.trunc(far)) : Math.max(from, Math.ceil(far))
}

/** Twice as many, or four more, within 15 s. */
function defaultUp({ from, now, course }: AloneFacts): number {
  const changed = course.changedWithin(now, 15_000)
  if (changed === undefined) return Infinity
  return Math.max(from, 2 * (from - changed), from - changed + 4)
}

/** How many replicas an answer asks for at least: what the tolerance hides is not asked for. */
export const leastOf = (trigger: Trigger, heard: Heard): number =>
  Math.ceil(count(lengthOf(heard) / parametersOf(trigger).target / (1 + tolerance)))

/** The same at most, where the tolerance may keep what there is. */
export const roughlyMostOf = (trigger: Trigger, heard: Heard): number =>
  Math.max(mostOf(trigger, heard), lengthOf(heard) / parametersOf(trigger).target / (1 - tolerance))

/** The same at most, to the letter. */
export const mostOf = (trigger: Trigger, heard: Heard): number =>
  Math.ceil(lengthOf(heard) / parametersOf(trigger).target)

const lengthOf = ({ told }: Heard): number => (told.kind === 'value' ? Math.max(0, told.value) : 0)

/** Without the noise of its last digits. */
const count = (n: number): number => n - Math.abs(n) * 1e-9
