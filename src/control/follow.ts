import { nameLabel } from '../core/names.ts'
import { pauseOf, type Pause } from '../core/pause.ts'
import { failure, isFailure, reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { ScaledObject } from '../resources.ts'
import type { AskingParts } from './asking.ts'
import { claim, release } from './claim.ts'
import { halt, type Halted } from './halt.ts'
import { hpaNow, type Loop } from './loop.ts'
import { letGo, makeHpa, takeHpa } from './own-hpa.ts'
import { findTarget, resolveSpec, restingSpec } from './resolve.ts'
import { restoreReplicas } from './restore.ts'
import { settingsOf } from './settings.ts'
import { passing } from './shared.ts'
import { planTriggers, type PlanSource } from './triggers.ts'

/** Brings the workload in line with its object: followed, at rest, or ended. `look` follows where something may be decided on. */
export async function follow(loop: Loop, look: () => void): Promise<'done' | 'again'> {
  const { state } = loop
  if (state.object.metadata.deletionTimestamp !== undefined) await finish(loop)
  else if (await prepare(loop)) look()
  return state.resolved?.plans.some((plan) => plan.announced.lacking) ? 'again' : 'done'
}

/** Whether the spec is followed now; not while it is paused as a whole. */
async function prepare(loop: Loop): Promise<boolean> {
  const { state, shared, standing, asking, signal } = loop
  const { cluster, targets } = shared
  const claimed = shared.writes()
    ? await claim(cluster, kinds.scaledObject, state.object, nameLabel, signal)
    : state.object
  if (claimed !== state.object) standing.observe(claimed)
  const pause = pauseOf(claimed.metadata.annotations)
  if (pause.whole) {
    await rest(loop, claimed, pause)
    return false
  }
  const problems = shared.rivals(claimed)
  if (problems.length > 0) throw failure('TARGET_CONTESTED', { problems })
  const from = asking.source(Number.NEGATIVE_INFINITY, signal)
  const next = await resolveSpec(claimed, targets, from, signal)
  signal.throwIfAborted()
  asking.held.settle()
  await standing.found(next.state.replicas)
  const before = state.resolved?.plans ?? []
  state.resolved = next
  asking.sampling.use(next.plans, next.settings.period)
  if (shared.writes())
    await (next.mode.scaling === 'hpa' ? makeHpa(loop, claimed, next) : takeHpa(loop))
  standing.prepared(next, before)
  return true
}

/** Paused as a whole: nothing is asked and nobody scales it, until the annotation goes. */
async function rest(loop: Loop, claimed: ScaledObject, how: Pause): Promise<void> {
  const { state, shared, standing, decider, signal } = loop
  const { cluster, targets } = shared
  if (stopAsking(loop)) standing.stopped()
  const found = (replicas: number): Promise<void> => standing.found(replicas)
  const parts = { cluster, targets, hpa: hpaNow(loop), found }
  const target: Halted | undefined = shared.writes()
    ? await halt(claimed, how, parts, signal)
    : await findTarget(claimed, targets, signal).catch(() => undefined)
  signal.throwIfAborted()
  state.resolved = target && restingSpec(claimed, target)
  standing.paused()
  if (target?.wrote) decider.halted(target.wrote, target.state)
  else decider.evaluate()
}

/** Whether anything was asked until now. */
function stopAsking(loop: Loop): boolean {
  const { state, asking, demand } = loop
  const asked = asking.sampling.triggers.length > 0
  asking.sampling.close()
  demand.close()
  loop.unmeasure()
  asking.held.close()
  state.resolved = undefined
  return asked
}

async function finish(loop: Loop): Promise<void> {
  const { state, shared, standing, signal } = loop
  const { cluster, log } = shared
  const kind = state.resolved?.kind
  if (stopAsking(loop)) standing.stopped()
  if (!loop.processWrites()) return
  // of one in shadow nothing is touched but the finalizer, which would keep it for ever
  if (!shared.writes()) return release(cluster, kinds.scaledObject, state.object, signal)
  const { original } = standing
  const parts = { cluster, log, original, kind, hpa: hpaNow(loop) }
  await restoreReplicas(state.object, parts, signal)
  await release(cluster, kinds.scaledObject, state.object, signal)
  standing.deleted()
}

/** The spec cannot be followed. What passes by itself changes nothing; anything else stops the sampling and says why. */
export async function refuse(loop: Loop, why: unknown): Promise<void> {
  const { state, shared, standing, asking, demand, alone, whose } = loop
  if (isFailure(why, ...passing)) {
    const object = `${whose.namespace}/${whose.name}`
    shared.log.debug({ object, error: reasonOf(why) }, 'tried again')
    return
  }
  state.resolved = undefined
  alone.stopped()
  asking.sampling.close()
  demand.close()
  loop.unmeasure()
  asking.held.settle()
  standing.refused(reasonOf(why))
  // two HPAs on one target stop each other
  if (isFailure(why, 'TARGET_CONTESTED')) await letGo(loop).catch(() => undefined)
}

/** The triggers of the current spec anew, with credentials of `from`. */
export async function replan(
  loop: Loop,
  from: PlanSource,
  wait: AbortSignal,
): ReturnType<AskingParts['plan']> {
  const { state, shared, whose } = loop
  const { object, resolved } = state
  const { targets } = shared
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
