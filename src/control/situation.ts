import type { Situation } from '../core/decide.ts'
import type { HpaReading } from '../core/proposal.ts'
import type { Loop } from './loop.ts'
import type { Resolved } from './resolve.ts'
import type { TargetState } from './target.ts'
import { unmeasured, type Measured } from './usage.ts'

/** Every fact a decision on a ScaledObject depends on, as of now. */
export function situationOf(loop: Loop, now: Resolved, target: TargetState): Situation {
  const { state, shared, standing, asking, alone } = loop
  const { settings } = now
  const scales = scalesAlone(loop, now)
  const measured = scales && now.resources.length > 0 ? usageOf(loop, now, target) : undefined
  const usage = measured?.map(({ facts }) => facts)
  const { triggers, composite, fallbackReplicas } = loop.demand.demand(target.replicas, usage)
  return {
    now: shared.clock.now(),
    created: loop.created,
    lastActive: standing.lastActive,
    everActive: standing.everActive,
    replicas: target.replicas,
    min: settings.min,
    max: settings.max,
    idle: settings.idle,
    cooldown: settings.cooldown,
    triggers,
    composite: composite?.facts,
    freshSince: asking.sampling.freshSince(shared.clock.now()),
    forced: state.pause.forced,
    paused: state.pause.paused,
    hold: shared.hold,
    holdOn: now.holdOn,
    direct: scales
      ? directFacts(loop, now, target, measured?.map(({ reading }) => reading) ?? [])
      : undefined,
    contested: alone.contest(),
    fallbackReplicas,
  }
}

/** Beside a whole cluster's HPAs, cpu and memory are not asked for all over again: Ebb cannot say then that it would lower. */
const usageOf = (loop: Loop, now: Resolved, { replicas }: TargetState): readonly Measured[] =>
  now.mode.scaling === 'direct' || loop.processWrites()
    ? loop.measuring().usage(now, replicas)
    : unmeasured(now.resources, 'its HPA measures it')

/** Where Ebb scales by itself; in shadow also what an HPA would do, so that both can be compared. */
const scalesAlone = ({ shared }: Loop, { plans, resources, mode }: Resolved): boolean =>
  plans.length + resources.length > 0 &&
  (mode.scaling === 'direct' || !(shared.writes() || shared.standsBy()))

function directFacts(
  { state, shared, demand, alone, measuring }: Loop,
  now: Resolved,
  { replicas, status }: TargetState,
  usage: readonly HpaReading[],
): Situation['direct'] {
  return alone.facts({
    behavior: state.object.spec.advanced?.horizontalPodAutoscalerConfig?.behavior,
    straight: now.mode.scaling === 'direct',
    offers: demand.offers(),
    status: shared.targets.status(now.kind, now.target) ?? status ?? replicas,
    usage,
    pods: () => measuring().count(now),
  })
}
