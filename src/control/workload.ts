import { parseTime, within } from '../clock.ts'
import { find } from '../core/conditions.ts'
import type { Situation } from '../core/decide.ts'
import { nameLabel } from '../core/names.ts'
import { isShadow, modeOf } from '../core/mode.ts'
import { pauseOf, type Pause } from '../core/pause.ts'
import { explain } from '../core/reasons.ts'
import { failure, isFailure, reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { HorizontalPodAutoscaler, ScaledObject } from '../resources.ts'
import { createAlone } from './alone.ts'
import { createAsking, reconciling, type AskingParts } from './asking.ts'
import { claim, release } from './claim.ts'
import { concerns } from './concerns.ts'
import { createDecider } from './decider.ts'
import { createDemand, unknownMetric } from './demand.ts'
import { halt, type Halted } from './halt.ts'
import { ensureHpa, hpaNameOf, removeHpa, wantedHpa } from './hpa.ts'
import type { MetricValue, WorkloadView } from './insight.ts'
import { findTarget, resolveSpec, restingSpec, type Resolved } from './resolve.ts'
import { restoreReplicas } from './restore.ts'
import { settingsOf } from './settings.ts'
import { passing, type Shared } from './shared.ts'
import { knownSpecs } from './specs.ts'
import { createStanding } from './standing.ts'
import { same } from './status.ts'
import type { TargetState } from './target.ts'
import { planTriggers, type PlanSource } from './triggers.ts'
import { viewOf } from './view.ts'

/** The shortest time from one making of an HPA to the next (ms). */
const hpaPause = 1_000

/** One ScaledObject with its loop: resolve -> subscribe -> decide -> act. */
export interface Workload {
  object(): ScaledObject
  /** The spec as resolved; undefined while it cannot be followed. */
  resolved(): Resolved | undefined
  /** The mirror has another version of the object. */
  update(object: ScaledObject): void
  /** Something the spec is resolved from has changed: authentication, pod template, HPA, the target's existence. */
  resolve(): void
  /** The target's replicas have changed. */
  evaluate(): void
  /** The HPA's status has changed. */
  hpaChanged(): void
  view(): WorkloadView
  /** Values of a metric for the HPA; fails with an EbbError. */
  read(metric: string): Promise<readonly MetricValue[]>
  /** Ends the loop; nothing is written after it has resolved. */
  close(): Promise<void>
}

export function createWorkload(first: ScaledObject, all: Shared): Workload {
  /** In shadow, by the process or by its annotation, nothing at all is written for it. */
  const shared: Shared = {
    ...all,
    writes: () => all.writes() && !isShadow(object.metadata.annotations),
  }
  const { cluster, clock, log, targets, meter } = shared
  const { namespace = '', name } = first.metadata
  const whose = { kind: 'ScaledObject', namespace, name } as const
  const id = `${namespace}/${name}`
  const stop = new AbortController()
  const { signal } = stop
  const start = clock.now()

  const created = parseTime(first.metadata.creationTimestamp) ?? start

  let object = first
  let pause = pauseOf(first.metadata.annotations)
  let resolved: Resolved | undefined

  const standing = createStanding(
    first,
    start,
    () => resolved,
    () => demand.health(),
    shared,
    signal,
  )
  const asking = createAsking(
    {
      shared,
      whose,
      start,
      current: () => resolved,
      known: (index) => knownSpecs(index, object, resolved?.plans, hpaNow()),
      plan: replan,
      turned: (...what) => standing.triggerTurned(...what),
      sampled: ({ plan }) => look(plan.scaler.watch !== undefined),
      changed: () => reconciler.poke(),
    },
    signal,
  )
  const { sampling, held } = asking

  const demand = createDemand({
    clock,
    sampling,
    resolved: () => resolved,
    replicas: () => decider.replicas() ?? resolved?.state.replicas,
    readyPods: () => resolved && targets.readyPods(resolved.kind, resolved.target),
    stored: {
      health: first.status?.health,
      engaged: find(first.status?.conditions ?? [], 'Fallback')?.status === 'True',
    },
    turned: () => standing.healthTurned(),
    due: () => look(),
  })

  /** `pushed`: by a source that says at once what changes, so that until now everything was as it was found last. */
  const look = (pushed = false): void => {
    if (pushed) standing.lasted()
    demand.check()
    decider.evaluate()
  }

  const decider = createDecider(
    {
      cluster,
      clock,
      targets,
      resolved: () => resolved,
      situation: situationOf,
      writes: shared.writes,
      mayDecide: (...seen) => alone.mayDecide(...seen),
      lowering: (going) => alone.lowering(going),
      decided(situation, decision, changed) {
        meter.decided(decision.because)
        if (changed && log.isLevelEnabled('debug'))
          log.debug({ object: id, because: decision.because }, explain(situation, decision))
        alone.decided(situation, decision)
        standing.decided(situation, decision)
      },
      wrote(situation, decision, write) {
        alone.wrote(situation, decision, write)
        if (write.kind !== 'none') meter.scaled(whose, write.kind)
        standing.wrote(situation, decision, write)
      },
      lost(why) {
        if (why === undefined) reconciler.poke()
        else if (!isFailure(why, ...passing)) standing.replicasUnknown(reasonOf(why))
      },
    },
    signal,
  )

  const alone = createAlone(
    {
      cluster,
      clock,
      log,
      writes: shared.writes,
      followPods: shared.followPods,
      known: () => decider.evaluate(),
      warn: (note) => standing.warn(note),
    },
    signal,
  )
  /** When an HPA was made last. */
  let hpaMade = Number.NEGATIVE_INFINITY

  function situationOf(now: Resolved, target: TargetState): Situation {
    const { settings } = now
    const { triggers, composite, fallbackReplicas } = demand.demand(target.replicas)
    return {
      now: clock.now(),
      created,
      lastActive: standing.lastActive,
      replicas: target.replicas,
      min: settings.min,
      max: settings.max,
      idle: settings.idle,
      cooldown: settings.cooldown,
      triggers,
      composite: composite?.facts,
      freshSince: sampling.freshSince(clock.now()),
      forced: pause.forced,
      paused: pause.paused,
      hold: shared.hold,
      holdOn: now.holdOn,
      direct: directFacts(now, target),
      contested: alone.contest(),
      fallbackReplicas,
    }
  }

  /** Where Ebb scales by itself; in shadow also what an HPA would do, so that both can be compared. */
  function directFacts(now: Resolved, { replicas }: TargetState): Situation['direct'] {
    if (now.plans.length === 0 || (now.mode.scaling === 'hpa' && shared.writes())) return undefined
    return alone.facts({
      behavior: object.spec.advanced?.horizontalPodAutoscalerConfig?.behavior,
      straight: now.mode.scaling === 'direct',
      offers: demand.offers(),
      status: targets.status(now.kind, now.target) ?? { replicas, ready: replicas },
    })
  }

  const hpaNow = (): HorizontalPodAutoscaler | undefined =>
    shared.findHpa(namespace, standing.hpaName ?? hpaNameOf(object))

  async function replan(from: PlanSource, wait: AbortSignal): ReturnType<AskingParts['plan']> {
    const { spec } = object
    const around = {
      ...whose,
      containers: resolved ? await targets.containers(resolved.kind, resolved.target, wait) : [],
      envSourceContainerName: spec.scaleTargetRef.envSourceContainerName,
      composed: resolved?.modifiers !== undefined,
    }
    const { period } = settingsOf(object)
    return { ...(await planTriggers(spec.triggers, around, from, wait)), period }
  }

  const bring = async (): Promise<'done' | 'again'> => {
    if (object.metadata.deletionTimestamp === undefined) await prepare()
    else await finish()
    return resolved?.plans.some((plan) => plan.announced.lacking) ? 'again' : 'done'
  }

  async function prepare(): Promise<void> {
    const claimed = shared.writes()
      ? await claim(cluster, kinds.scaledObject, object, nameLabel, signal)
      : object
    if (claimed !== object) standing.observe(claimed)
    const now = pauseOf(claimed.metadata.annotations)
    if (now.whole) return rest(claimed, now)
    const problems = shared.rivals(claimed)
    if (problems.length > 0) throw failure('TARGET_CONTESTED', { problems })
    const from = asking.source(Number.NEGATIVE_INFINITY, signal)
    const next = await resolveSpec(claimed, targets, from, signal)
    signal.throwIfAborted()
    held.settle()
    await standing.found(next.state.replicas)
    const before = resolved?.plans ?? []
    resolved = next
    sampling.use(next.plans, next.settings.period)
    if (shared.writes()) await (next.mode.scaling === 'hpa' ? makeHpa(claimed, next) : takeHpa())
    standing.prepared(next, before)
    look()
  }

  async function makeHpa(claimed: ScaledObject, next: Resolved): Promise<void> {
    const wanted = wantedHpa(claimed, next, shared.version, shared.hold)
    // an HPA without metrics would be given one of the server's own, cpu
    if ((wanted.spec.metrics ?? []).length === 0)
      throw failure('SPEC_INVALID', { problems: ['no trigger announces a metric to scale on'] })
    const found = shared.findHpa(namespace, wanted.metadata.name)
    // whoever takes it away may do so each time it is made: it comes back, a little later
    if (!found && clock.now() < hpaMade + hpaPause)
      throw failure('CLUSTER_CONFLICT', { what: `HorizontalPodAutoscaler ${wanted.metadata.name}` })
    const done = await ensureHpa(cluster, wanted, found, standing.hpaName, signal)
    if (done === 'created') hpaMade = clock.now()
    standing.named(wanted.metadata.name)
  }

  /** Ebb scales by itself: no HPA of the workload may do it too. */
  async function takeHpa(): Promise<void> {
    await letGo()
    standing.named(undefined)
  }

  /** Paused as a whole: nothing is asked and nobody scales it, until the annotation goes. */
  async function rest(claimed: ScaledObject, how: Pause): Promise<void> {
    if (stopAsking()) standing.stopped()
    const hpa = hpaNow()
    const found = (replicas: number): Promise<void> => standing.found(replicas)
    const parts = { cluster, targets, hpa, found }
    const target: Halted | undefined = shared.writes()
      ? await halt(claimed, how, parts, signal)
      : await findTarget(claimed, targets, signal).catch(() => undefined)
    signal.throwIfAborted()
    resolved = target && restingSpec(claimed, target)
    standing.paused()
    if (target?.wrote) decider.halted(target.wrote, target.state)
    else decider.evaluate()
  }

  /** Whether anything was asked until now. */
  function stopAsking(): boolean {
    const asked = sampling.triggers.length > 0
    sampling.close()
    demand.close()
    held.close()
    resolved = undefined
    return asked
  }

  /** The spec cannot be followed. What passes by itself changes nothing; anything else stops the sampling and says why. */
  async function refuse(why: unknown): Promise<void> {
    if (isFailure(why, ...passing)) {
      log.debug({ object: id, error: reasonOf(why) }, 'tried again')
      return
    }
    resolved = undefined
    alone.stopped()
    sampling.close()
    demand.close()
    held.settle()
    standing.refused(reasonOf(why))
    // two HPAs on one target stop each other
    if (isFailure(why, 'TARGET_CONTESTED')) await letGo().catch(() => undefined)
  }

  async function letGo(): Promise<void> {
    const hpa = hpaNow()
    const { name, uid = '' } = object.metadata
    if (hpa && shared.writes()) await removeHpa(cluster, { name, uid }, hpa, signal)
  }

  async function finish(): Promise<void> {
    const kind = resolved?.kind
    if (stopAsking()) standing.stopped()
    if (!all.writes()) return
    // of one in shadow nothing is touched but the finalizer, which would keep it for ever
    if (!shared.writes()) return release(cluster, kinds.scaledObject, object, signal)
    const hpa = hpaNow()
    const { original } = standing
    await restoreReplicas(object, { cluster, log, original, kind, hpa }, signal)
    await release(cluster, kinds.scaledObject, object, signal)
    standing.deleted()
  }

  const reconciler = reconciling(shared, whose, bring, refuse, signal)
  reconciler.poke()
  let looked = false
  const lookFirst = async (): Promise<void> => {
    await reconciler.idle()
    looked = true
  }
  const firstLook = lookFirst()

  return {
    object: () => object,
    resolved: () => resolved,
    update(next) {
      const before = object
      const annotated = !same(before.metadata.annotations, next.metadata.annotations)
      object = next
      if (annotated || before.metadata.generation !== next.metadata.generation) alone.changed()
      if (annotated && pause.forced) standing.lasted()
      if (annotated) pause = pauseOf(next.metadata.annotations)
      standing.observe(next)
      if (concerns(before, next)) reconciler.poke()
      if (annotated) decider.evaluate()
    },
    resolve: () => reconciler.poke(),
    evaluate: () => decider.evaluate(),
    hpaChanged() {
      const hpa = hpaNow()
      standing.hpaSays(hpa?.status?.conditions)
      // made just before the pause, and seen only now
      if (hpa && pause.whole) reconciler.poke()
    },
    view: () => {
      const replicas = decider.replicas()
      return viewOf({
        object,
        kind: 'ScaledObject',
        target: {
          kind: resolved?.kind.kind ?? object.spec.scaleTargetRef.kind ?? 'Deployment',
          name: object.spec.scaleTargetRef.name,
        },
        mode: shared.writes() ? modeOf(object.metadata.annotations).scaling : 'shadow',
        pollingInterval: settingsOf(object).period,
        hpa: standing.hpaName,
        conditions: standing.conditions(),
        replicas,
        situation:
          resolved && replicas !== undefined
            ? situationOf(resolved, { replicas, resourceVersion: '' })
            : undefined,
        ledger: decider.ledger,
      })
    },
    async read(metric) {
      // an HPA may ask a replica that has just taken over
      if (!looked) await within(firstLook, firstLookWait, clock, signal)
      const values = await demand.read(metric)
      if (values.length === 0) throw unknownMetric(metric, id, standing.conditions())
      return values
    },
    async close() {
      stop.abort()
      reconciler.close()
      sampling.close()
      demand.close()
      held.close()
      await Promise.all([reconciler.idle(), decider.close(), alone.close(), standing.close()])
      meter.forget(whose)
    },
  }
}

/** How long a read waits for a spec that is being resolved for the first time (ms). */
const firstLookWait = 1_000
