import { failing, isWanted, type Decision, type Situation } from './decide.ts'
import { nameOf, type Contest } from './foreign.ts'
import { list } from './words.ts'

/** One entry of `status.conditions`, in KEDA's words. */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
}

/** The order in which the list is stored; types not named here follow in the order they came. */
const order = ['Ready', 'Active', 'Fallback', 'Paused', 'HPAActive']

/** What a workload starts with. KEDA's list: nothing is known yet, except that it is not paused. */
export const initialConditions: readonly Condition[] = [
  { type: 'Ready', status: 'Unknown' },
  { type: 'Active', status: 'Unknown' },
  { type: 'Fallback', status: 'Unknown' },
  { type: 'Paused', status: 'False' },
]

/** The list with the changes laid over it: the same array where they change nothing, so that nothing is written then. */
export function merge(
  conditions: readonly Condition[],
  changes: readonly Condition[],
): readonly Condition[] {
  const fresh = changes.filter((c) => !same(c, find(conditions, c.type)))
  if (fresh.length === 0) return conditions
  const kept = conditions.filter((c) => find(changes, c.type) === undefined)
  return [...kept, ...changes].sort((a, b) => rank(a.type) - rank(b.type))
}

/** The condition of that type, where the list has one. */
export const find = (conditions: readonly Condition[], type: string): Condition | undefined =>
  conditions.find((c) => c.type === type)

const rank = (type: string): number => {
  const place = order.indexOf(type)
  return place === -1 ? order.length : place
}

/** Absent and empty text are one: the API server drops what is empty. */
const same = (a: Condition, b: Condition | undefined): boolean =>
  b !== undefined &&
  a.status === b.status &&
  (a.reason ?? '') === (b.reason ?? '') &&
  (a.message ?? '') === (b.message ?? '')

/**
 * Ready, Active, Fallback and Paused of a ScaledObject after a decision, by KEDA's executor rules; a type that is left
 * out keeps what it has. Messages hold no value and no age, so a situation that stays the same writes nothing; an error
 * whose text differs from the one already in `before` only by its numbers (request ids, times) is taken for the same.
 */
export const conditionsAfter = (
  s: Situation,
  d: Decision,
  before: readonly Condition[],
): readonly Condition[] => [
  ...(s.paused === 'both' ? [readyWhilePaused] : [steady(ready(s), before), ...active(s, d)]),
  ...fallback(s),
  ...pausedAfter(s.paused, before),
]

const condition = (
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
): Condition => ({ type, status, reason, message })

const readyWhilePaused = condition('Ready', 'True', 'ScaledObjectReady', 'paused by annotation')

function ready(s: Situation): Condition {
  if (s.contested !== undefined) return contested(s.contested)
  const blind = failing(s)
  const causes = list(blind.map((t) => `${t.metric}: ${t.error ?? 'no reason given'}`))
  if (blind.length > 0 && isWanted(s)) {
    const message = `some triggers cannot be read, the others decide; ${causes}`
    return condition('Ready', 'Unknown', 'PartialTriggerError', message)
  }
  if (blind.length > 0 && s.fallbackReplicas === undefined) {
    const message = `no replica is taken away until the triggers can be read; ${causes}`
    return condition('Ready', 'False', 'TriggerError', message)
  }
  return condition('Ready', 'True', 'ScaledObjectReady', 'defined correctly and ready to scale')
}

/** Why Ebb keeps off, and how it goes on: no time of day is in it, so that it is written once. */
const contested = (who: Contest): Condition =>
  condition(
    'Ready',
    'False',
    'ReplicasContested',
    `${nameOf(who)} writes spec.replicas too, so Ebb has stopped scaling. Take away that writer, spec.replicas from what it applies, or the annotation ebb.dev/scaling: direct. Ebb goes on by itself once nobody else has written for 5 minutes (up to 1 hour when it happens again), and at once when spec or annotations of the ScaledObject change`,
  )

function active(s: Situation, d: Decision): readonly Condition[] {
  if (d.because === 'warming-up') return []
  if (isWanted(s)) return [condition('Active', 'True', 'ScalerActive', 'triggers are active')]
  if (d.because === 'cooling-down')
    return [condition('Active', 'False', 'ScalerCooldown', 'no trigger is active; cooling down')]
  return [condition('Active', 'False', 'ScalerNotActive', 'no trigger is active')]
}

function fallback(s: Situation): readonly Condition[] {
  const engaged = s.triggers.filter((t) => t.state === 'fallback').map((t) => t.metric)
  if (engaged.length > 0)
    return [condition('Fallback', 'True', 'FallbackExists', `in fallback: ${list(engaged)}`)]
  if (s.paused === 'both' && s.fallbackReplicas !== undefined) return []
  return [condition('Fallback', 'False', 'NoFallbackFound', 'no trigger is in fallback')]
}

const pauses = {
  in: 'scale-in is paused by annotation',
  out: 'scale-out is paused by annotation',
  both: 'scaling is paused by annotation',
} as const

/** Paused as the annotations have it; none where it never was. */
export function pausedAfter(
  how: Situation['paused'],
  before: readonly Condition[],
): readonly Condition[] {
  if (how !== 'no') return [condition('Paused', 'True', 'ScaledObjectPaused', pauses[how])]
  if (find(before, 'Paused')?.status !== 'True') return []
  return [condition('Paused', 'False', 'ScaledObjectUnpaused', 'no longer paused')]
}

/** Ready and Paused of a workload that is paused as a whole. Active and Fallback keep what they have. */
export const pausedWhole: readonly Condition[] = [
  readyWhilePaused,
  condition('Paused', 'True', 'ScaledObjectPaused', pauses.both),
]

/** Ready and Active after a spec that cannot be followed; `problem` says what to correct. */
export const checkFailed = (problem: string): readonly Condition[] => [
  condition('Ready', 'False', 'ScaledObjectCheckFailed', problem),
  condition('Active', 'Unknown', 'UnknownState', 'unknown while the ScaledObject is not ready'),
]

/** Ready where the target's replica count cannot be read. */
export const replicasUnknown = (problem: string): Condition =>
  condition('Ready', 'False', 'ErrorGettingCurrentReplicas', problem)

/**
 * HPAActive from the conditions of the workload's HPA; undefined where those say nothing yet, and then it stays as it is.
 * An HPA that rests because its target is at zero counts as active.
 */
export function hpaActive(
  hpa: readonly Condition[],
  before: readonly Condition[],
): Condition | undefined {
  const scaling = find(hpa, 'ScalingActive')
  if (scaling === undefined) return undefined
  const message = scaling.message ?? ''
  if (scaling.status === 'True')
    return condition('HPAActive', 'True', 'HPAActive', 'the HPA can compute a replica count')
  if (scaling.reason === 'ScalingDisabled')
    return steady(condition('HPAActive', 'True', 'ScalingDisabled', message), before)
  const reason = scaling.reason === undefined || scaling.reason === '' ? undefined : scaling.reason
  return steady(condition('HPAActive', 'False', reason ?? 'HPAMetricsUnavailable', message), before)
}

/** Keeps the stored text where the new one says the same with other numbers. */
export function steady(now: Condition, before: readonly Condition[]): Condition {
  const then = find(before, now.type)
  const alike =
    then?.status === now.status &&
    then.reason === now.reason &&
    withoutNumbers(then.message ?? '') === withoutNumbers(now.message ?? '')
  return alike ? then : now
}

/** Every run of characters of a number or an id that holds a digit becomes one mark. */
const withoutNumbers = (text: string): string =>
  text.replace(/[\da-fA-F.:TZ-]+/g, (run) => (/\d/.test(run) ? '#' : run))
