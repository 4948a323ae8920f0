import { parseTime } from '../clock.ts'
import { activityAfter, everActiveAfter, lastActiveAfter, type Activity } from '../core/activity.ts'
import {
  checkFailed,
  conditionsAfter,
  find,
  hpaActive,
  pausedAfter,
  pausedWhole,
  replicasUnknown,
} from '../core/conditions.ts'
import type { Decision, Situation, TriggerFacts } from '../core/decide.ts'
import type { Health } from '../core/health.ts'
import { pauseOf } from '../core/pause.ts'
import { explain } from '../core/reasons.ts'
import { failure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Open } from '../open.ts'
import type { Condition, ScaledObject } from '../resources.ts'
import type { Happening } from './events.ts'
import { happeningOf, newTroubles, strangeKeys, turnReason } from './happenings.ts'
import type { Write } from './insight.ts'
import { wantedStatus } from './publish.ts'
import type { Resolved } from './resolve.ts'
import type { Shared } from './shared.ts'
import { conditionsOf, createTelling, type Telling } from './telling.ts'
import type { Plan } from './triggers.ts'

/**
 * How a workload stands, for those who look at the ScaledObject: conditions, activity and last activity, told by status,
 * events and log. Writes only what changed.
 */
export interface Standing {
  conditions(): readonly Condition[]
  /** Epoch ms; kept in memory, written at activation and when activity ends. */
  readonly lastActive: number | undefined
  /** Whether a trigger itself, or force, was active since the creation, as far as is known. */
  readonly everActive: boolean
  readonly hpaName: string | undefined
  /** The HPA that is made for it, or none, is this from now on. */
  named(hpa: string | undefined): void
  /** The target's replicas before Ebb; undefined until it was found for the first time. */
  readonly original: number | undefined
  /** The target was found with these replicas. Where they are to be restored, resolves only when they are stored. */
  found(replicas: number): Promise<void>
  /** The mirror, or a write, has this version of the object. */
  observe(object: ScaledObject): void
  /** The spec can be followed; `before` are the plans until now, none where it could not be or was paused. */
  prepared(now: Resolved, before: readonly Plan[]): void
  refused(problem: string): void
  /** Nothing is asked any more. */
  stopped(): void
  /** The workload is paused as a whole. */
  paused(): void
  replicasUnknown(problem: string): void
  /** What kept the workload active when it was looked at last has done so until now, as far as it did. */
  lasted(): void
  decided(situation: Situation, decision: Decision): void
  wrote(situation: Situation, decision: Decision, write: Write): void
  /** Metrics began to fail, fell back or recovered: status.health says so. */
  healthTurned(): void
  /** Something that the user should mend, though it works. */
  warn(note: string): void
  triggerTurned(type: string, metric: string, error: string | undefined): void
  /** The HPA's own conditions, or undefined where there is no HPA. */
  hpaSays(conditions: readonly Condition[] | undefined): void
  deleted(): void
  close(): Promise<void>
}

export function createStanding(
  first: ScaledObject,
  start: number,
  resolved: () => Resolved | undefined,
  health: () => Health | undefined,
  shared: Shared,
  signal: AbortSignal,
): Standing {
  const { log } = shared
  const id = `${first.metadata.namespace ?? ''}/${first.metadata.name}`
  let object = first
  let activity: Activity = first.status?.triggersActivity ?? {}
  let storedLastActive: number | undefined
  /** Whether the last activity is now, as far as was known when it was looked at last. */
  let busy = find(conditionsOf(first), 'Active')?.status === 'True'
  let looked: Looked | undefined
  // what was said of a spec that was ready already need not be said again by every start
  let advisedOn = isReady(conditionsOf(first)) ? first.metadata.generation : undefined

  const telling: Telling<ScaledObject> = createTelling(
    {
      shared,
      kind: kinds.scaledObject,
      first,
      conditions: conditionsOf(first),
      want: () =>
        wantedStatus({
          object,
          resolved: resolved(),
          conditions: telling.conditions,
          activity,
          lastActive: storedLastActive,
          hpaName: standing.hpaName,
          health: health(),
          original: standing.original,
        }),
      turned: (before, now) =>
        now.type === 'Ready' ? tellReady(before, now) : emitTurn(before, now),
    },
    signal,
  )
  const { publisher } = telling
  const emit = (what: Happening): void => telling.emit(what)

  const take = (changes: readonly Condition[]): void => telling.take(qualified(changes))

  const emitTurn = (before: Condition | undefined, now: Condition): void => {
    const reason = turnReason(before?.status, now)
    if (reason !== undefined) emit({ type: 'Normal', reason, note: now.message ?? '' })
  }

  const triggerTurned: Standing['triggerTurned'] = (type, metric, error) => {
    if (error === undefined) return log.info({ object: id, metric }, 'trigger recovered')
    log.warn({ object: id, metric, error }, 'trigger fails')
    const reason = resolved()?.modifiers ? 'KEDAMetricSourceFailed' : 'KEDAScalerFailed'
    emit({ type: 'Warning', reason, note: `${type} ${metric}: ${error}` })
  }

  const warn = (note: string): void => {
    log.warn({ object: id }, note)
    emit({ type: 'Warning', reason: 'KEDAScalerInfo', note })
  }

  /** Activity that no trigger has, forced or by a formula, must be known to a successor too once it has ended. */
  const rested = (busyNow: boolean): void => {
    if (busy && !busyNow) {
      store()
      publisher.poke()
    }
    busy = busyNow
  }

  /** What a fallback keeps awake is not stored: a successor would take it for a trigger's word. */
  const store = (): void => {
    if (standing.everActive) storedLastActive = standing.lastActive
  }

  /** Without an HPA nobody need read Ebb. */
  const metricsOwner = (): string | undefined =>
    resolved()?.mode.scaling === 'direct' ? undefined : shared.metricsOwner()

  const qualified = (changes: readonly Condition[]): readonly Condition[] =>
    withProblem(withOwner(changes, metricsOwner()), resolved()?.fallbackProblem)

  const tellReady = (before: Condition | undefined, ready: Condition): void => {
    const note = ready.message ?? ''
    if (troubles.includes(ready.reason ?? '')) {
      log.warn({ object: id, error: note }, 'not ready')
      emit({ type: 'Warning', reason: ready.reason ?? '', note })
    } else if (ready.status === 'True' && before?.status !== 'True') {
      emit({
        type: 'Normal',
        reason: 'ScaledObjectReady',
        note: 'ScaledObject is ready for scaling',
      })
    }
  }

  const standing: Open<Standing> = {
    conditions: () => telling.conditions,
    lastActive: lastActiveAtStart(first, start),
    everActive: parseTime(first.status?.lastActiveTime) !== undefined,
    hpaName: first.status?.hpaName,
    original: first.status?.originalReplicaCount,
    named(hpa) {
      if (hpa !== standing.hpaName) publisher.poke()
      standing.hpaName = hpa
    },
    async found(replicas) {
      standing.original ??= replicas
      const restores = object.spec.advanced?.restoreToOriginalReplicaCount === true
      const stored = publisher.known.status?.originalReplicaCount !== undefined
      if (!restores || stored || !shared.writes()) return
      await publisher.write({ originalReplicaCount: standing.original })
    },
    observe(next) {
      object = next
      telling.observe(next)
    },
    prepared(now, before) {
      looked = undefined
      const begun = before.length === 0
      const ready = find(telling.conditions, 'Ready')
      const paused = find(telling.conditions, 'Paused')
      if (begun && (ready?.status !== 'True' || paused?.status === 'True'))
        emit({ type: 'Normal', reason: 'KEDAScalersStarted', note: 'Started scalers watch' })
      // what triggers say is known only after the next samples
      if (begun) take([readyCondition])
      for (const { trigger, metrics, announced, index } of now.plans)
        if (announced.lacking && !before.find((p) => p.index === index)?.announced.lacking)
          triggerTurned(trigger.type, metrics.join(), announced.lacking.message)
      const advice = now.generation === advisedOn ? [] : strangeKeys(now.plans)
      advisedOn = now.generation
      for (const note of [...advice, ...newTroubles(now.plans, before)]) warn(note)
      publisher.poke()
    },
    refused(problem) {
      looked = undefined
      const { paused } = pauseOf(object.metadata.annotations)
      take([...checkFailed(problem), ...pausedAfter(paused, telling.conditions)])
    },
    stopped: () =>
      emit({ type: 'Normal', reason: 'KEDAScalersStopped', note: 'Stopped scalers watch' }),
    paused() {
      looked = undefined
      take(pausedWhole)
      publisher.poke()
    },
    replicasUnknown(problem) {
      looked = undefined
      take([replicasUnknown(problem)])
    },
    lasted() {
      if (busy) standing.lastActive = shared.clock.now()
    },
    decided(situation, decision) {
      standing.lastActive = lastActiveAfter(situation, decision, false)
      standing.everActive = everActiveAfter(situation, decision, false)
      const now: Looked = { situation, because: decision.because, owner: metricsOwner() }
      if (looked && alike(looked, now)) return
      looked = now
      const wasActive = anyActive(activity)
      // while it is paused nothing is known of it, so that what was known stays
      const known = situation.triggers.length > 0
      if (known) activity = activityAfter(situation, activity)
      if (wasActive && !anyActive(activity)) store()
      if (wasActive !== anyActive(activity)) publisher.poke()
      if (decision.because !== 'warming-up')
        rested(known ? isActiveNow(situation, decision) : standing.lastActive === situation.now)
      const atRest = situation.paused === 'both' && !known
      take(atRest ? pausedWhole : conditionsAfter(situation, decision, telling.conditions))
    },
    wrote(situation, decision, write) {
      if (write.kind !== 'scaled' && write.kind !== 'failed') return
      const why = explain(situation, decision)
      const before = standing.lastActive
      if (write.kind === 'scaled' || write.perhaps) {
        standing.lastActive = lastActiveAfter(situation, decision, true)
        standing.everActive = everActiveAfter(situation, decision, true)
      }
      if (write.kind === 'scaled') {
        log.info({ object: id, because: decision.because, from: write.from, to: write.to }, why)
        if (standing.lastActive !== before) store()
        publisher.poke()
      } else {
        log.warn({ object: id, because: decision.because, error: write.error }, 'not scaled')
      }
      emit(happeningOf(resolved(), situation, decision, write, why))
    },
    healthTurned: () => publisher.poke(),
    warn,
    triggerTurned,
    hpaSays(hpa) {
      const change = hpaActive(hpa ?? [], telling.conditions)
      if (change) take([change])
    },
    deleted: () =>
      emit({ type: 'Warning', reason: 'ScaledObjectDeleted', note: 'ScaledObject was deleted' }),
    close: () => publisher.idle(),
  }
  return standing
}

/** Why a workload is not ready that its user or an admin must look after. */
const troubles: readonly string[] = [
  'ScaledObjectCheckFailed',
  'ReplicasContested',
  'ErrorGettingCurrentReplicas',
]

const isReady = (conditions: readonly Condition[]): boolean =>
  find(conditions, 'Ready')?.status === 'True'

const readyCondition: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'ScaledObjectReady',
  message: 'defined correctly and ready to scale',
}

/** What conditions and activity were last made of. */
interface Looked {
  readonly situation: Situation
  readonly because: Decision['because']
  readonly owner: string | undefined
}

/** Whether conditions and activity come out the same: they depend on no value and no time. */
const alike = (a: Looked, b: Looked): boolean =>
  a.because === b.because &&
  a.owner === b.owner &&
  a.situation.paused === b.situation.paused &&
  a.situation.forced === b.situation.forced &&
  a.situation.contested?.manager === b.situation.contested?.manager &&
  a.situation.fallbackReplicas === b.situation.fallbackReplicas &&
  a.situation.triggers.length === b.situation.triggers.length &&
  a.situation.triggers.every((trigger, index) => sameFacts(trigger, b.situation.triggers[index])) &&
  sameFacts(a.situation.composite, b.situation.composite)

const sameFacts = (a: TriggerFacts | undefined, b: TriggerFacts | undefined): boolean =>
  a?.state === b?.state && a?.error === b?.error

/** Whether this decision found it active, rather than that it was until now. */
const isActiveNow = (situation: Situation, decision: Decision): boolean =>
  lastActiveAfter({ ...situation, lastActive: undefined }, decision, false) === situation.now

const anyActive = (activity: Activity): boolean => Object.values(activity).some((a) => a.isActive)

/**
 * A workload that was active when Ebb last wrote counts as active until now: a crash may lengthen a cooldown, never
 * shorten it. One that was never looked at has no last activity.
 */
function lastActiveAtStart({ status }: ScaledObject, start: number): number | undefined {
  const second = parseTime(status?.lastActiveTime)
  // stored without its fraction
  const stored = second === undefined ? undefined : second + 999
  const active = find(status?.conditions ?? [], 'Active')
  return active === undefined || active.status === 'False' ? stored : Math.max(stored ?? 0, start)
}

/** An HPA that reads somebody else's metrics makes a workload not ready, whatever its triggers say. */
function withOwner(changes: readonly Condition[], owner: string | undefined): readonly Condition[] {
  if (owner === undefined) return changes
  const { message } = failure('METRICS_NOT_SERVED', { owner })
  const blocked: Condition = {
    type: 'Ready',
    status: 'False',
    reason: 'ExternalMetricsNotServed',
    message,
  }
  return changes.map((c) => (c.type === 'Ready' && c.status === 'True' ? blocked : c))
}

/** A fallback that cannot be followed is none; the condition says why. */
const withProblem = (
  changes: readonly Condition[],
  problem: string | undefined,
): readonly Condition[] =>
  problem === undefined
    ? changes
    : changes.map((c) => (c.type === 'Fallback' ? { ...c, message: problem } : c))
