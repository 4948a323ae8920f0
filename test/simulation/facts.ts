import { parseTime } from '../../src/clock.ts'
import type { ScaledJob, ScaledObject } from '../../src/resources.ts'
import type { Heard } from './knowledge.ts'
import { parametersOf } from './scenario.ts'

/** What is known when a count is judged: answers and times, no situations. */
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

/** How old an answer may be that an HPA is given, ms. */
export const acceptedAge = (object: ScaledObject): number => periodOf(object) + timeout + slack
