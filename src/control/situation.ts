import type { Situation } from '../core/decide.ts'
import type { Loop } from './loop.ts'
import type { Resolved } from './resolve.ts'
import type { TargetState } from './target.ts'

/** Every fact a decision on a ScaledObject depends on, as of now. */
export function situationOf(loop: Loop, now: Resolved, target: TargetState): Situation {
  const { state, shared, standing, asking, alone } = loop
  const { settings } = now
  const { triggers, composite, fallbackReplicas } = loop.demand.demand(target.replicas)
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
    direct: directFacts(loop, now, target),
    contested: alone.contest(),
    fallbackReplicas,
  }
}

/** Where Ebb scales by itself; in shadow also what an HPA would do, so that both can be compared. */
function directFacts(
  { state, shared, demand, alone, pods }: Loop,
  now: Resolved,
  { replicas, status }: TargetState,
): Situation['direct'] {
  if (
    now.plans.length === 0 ||
    (now.mode.scaling === 'hpa' && (shared.writes() || shared.standsBy()))
  )
    return undefined
  return alone.facts({
    behavior: state.object.spec.advanced?.horizontalPodAutoscalerConfig?.behavior,
    straight: now.mode.scaling === 'direct',
    offers: demand.offers(),
    status: shared.targets.status(now.kind, now.target) ?? status ?? replicas,
    pods: () => pods().count(now),
  })
}
