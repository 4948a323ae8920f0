import { parseTime, within } from '../clock.ts'
import { find } from '../core/conditions.ts'
import { isShadow, modeOf } from '../core/mode.ts'
import { pauseOf } from '../core/pause.ts'
import { explain } from '../core/reasons.ts'
import { isFailure, reasonOf } from '../errors.ts'
import type { ScaledObject } from '../resources.ts'
import { createAlone } from './alone.ts'
import { createAsking, reconciling } from './asking.ts'
import { concerns } from './concerns.ts'
import { createDecider } from './decider.ts'
import { createDemand, unknownMetric } from './demand.ts'
import { follow, refuse, replan } from './follow.ts'
import type { MetricValue, WorkloadView } from './insight.ts'
import { hpaNow, type Loop, type LoopState } from './loop.ts'
import type { Resolved } from './resolve.ts'
import { settingsOf } from './settings.ts'
import { passing, withheldAs, type Shared } from './shared.ts'
import { situationOf } from './situation.ts'
import { createMeasuring, type Measuring } from './measuring.ts'
import { knownSpecs } from './specs.ts'
import { createStanding } from './standing.ts'
import { same } from './status.ts'
import { viewOf } from './view.ts'

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
    writes: () => all.writes() && !isShadow(state.object.metadata.annotations),
    standsBy: () => all.standsBy() && !isShadow(state.object.metadata.annotations),
  }
  const { cluster, clock, log, targets, meter } = shared
  const { namespace = '', name } = first.metadata
  const whose = { kind: 'ScaledObject', namespace, name } as const
  const id = `${namespace}/${name}`
  const stop = new AbortController()
  const { signal } = stop
  const start = clock.now()

  const state: LoopState = {
    object: first,
    pause: pauseOf(first.metadata.annotations),
    resolved: undefined,
    hpaMade: Number.NEGATIVE_INFINITY,
  }

  const standing = createStanding(
    first,
    start,
    () => state.resolved,
    () => demand.health(),
    shared,
    signal,
  )
  const asking = createAsking(
    {
      shared,
      whose,
      start,
      current: () => state.resolved,
      known: (index) => knownSpecs(index, state.object, state.resolved?.plans, hpaNow(loop)),
      plan: (from, wait) => replan(loop, from, wait),
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
    resolved: () => state.resolved,
    replicas: () => decider.replicas() ?? state.resolved?.state.replicas,
    readyPods: () => state.resolved && measuring().count(state.resolved)?.ready,
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
    measured?.tidy()
  }

  let measured: Measuring | undefined
  const measuring = (): Measuring =>
    (measured ??= createMeasuring(
      {
        ...shared,
        known: () => decider.evaluate(),
        answered: () => look(),
        warn: (note) => standing.warn(note),
      },
      signal,
    ))

  const decider = createDecider(
    {
      cluster,
      clock,
      targets,
      resolved: () => state.resolved,
      situation: (now, target) => situationOf(loop, now, target),
      writes: shared.writes,
      standsBy: shared.standsBy,
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
      lost(why, lasting) {
        if (why === undefined) reconciler.poke()
        else if (!isFailure(why, ...passing) || lasting) standing.replicasUnknown(reasonOf(why))
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

  const loop: Loop = {
    state,
    shared,
    processWrites: all.writes,
    whose,
    created: parseTime(first.metadata.creationTimestamp) ?? start,
    standing,
    asking,
    demand,
    alone,
    measuring,
    unmeasure: () => measured?.release(),
    decider,
    signal,
  }

  const reconciler = reconciling(
    shared,
    whose,
    () => follow(loop, look),
    (why) => refuse(loop, why),
    signal,
  )
  reconciler.poke()
  let looked = false
  const lookFirst = async (): Promise<void> => {
    await reconciler.idle()
    looked = true
  }
  const firstLook = lookFirst()

  return {
    object: () => state.object,
    resolved: () => state.resolved,
    update(next) {
      const before = state.object
      const annotated = !same(before.metadata.annotations, next.metadata.annotations)
      state.object = next
      if (annotated || before.metadata.generation !== next.metadata.generation) alone.changed()
      if (annotated && state.pause.forced) standing.lasted()
      if (annotated) state.pause = pauseOf(next.metadata.annotations)
      standing.observe(next)
      if (concerns(before, next)) reconciler.poke()
      if (annotated) decider.evaluate()
    },
    resolve: () => reconciler.poke(),
    evaluate: () => decider.evaluate(),
    hpaChanged() {
      const hpa = hpaNow(loop)
      standing.hpaSays(hpa?.status?.conditions)
      // made just before the pause, and seen only now
      if (hpa && state.pause.whole) reconciler.poke()
    },
    view: () => {
      const { object, resolved } = state
      const replicas = decider.replicas()
      return viewOf({
        object,
        kind: 'ScaledObject',
        target: {
          kind: resolved?.kind.kind ?? object.spec.scaleTargetRef.kind ?? 'Deployment',
          name: object.spec.scaleTargetRef.name,
        },
        mode: shared.writes() ? modeOf(object.metadata.annotations).scaling : withheldAs(shared),
        pollingInterval: settingsOf(object).period,
        hpa: standing.hpaName,
        conditions: standing.conditions(),
        replicas,
        situation:
          resolved && replicas !== undefined
            ? situationOf(loop, resolved, { replicas, resourceVersion: '' })
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
      measured?.release()
      held.close()
      await Promise.all([reconciler.idle(), decider.close(), alone.close(), standing.close()])
      meter.forget(whose)
    },
  }
}

/** How long a read waits for a spec that is being resolved for the first time (ms). */
const firstLookWait = 1_000
