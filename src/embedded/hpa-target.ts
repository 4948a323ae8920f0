import type { HpaFlags, HpaInput } from '../core/replicas.ts'
import { kinds } from '../kinds.ts'
import type { Condition, HorizontalPodAutoscaler, Scale } from '../resources.ts'
import type { Ground } from './ground.ts'
import type { Stored } from './json.ts'
import { isReady, phaseOf } from './pod.ts'
import type { Rule } from './rule.ts'
import { kindId } from './rule.ts'
import { readScale } from './scale.ts'
import { labelMatcher } from './selector.ts'

/** What an HPA scales, as it is now. */
export interface HpaTarget {
  readonly rule: Rule
  readonly scale: Scale
  /** Without metrics yet. */
  readonly input: HpaInput
}

export type StoredHpa = HorizontalPodAutoscaler & Stored

/** Looks at the target of an HPA; the condition that says why where it cannot be scaled. */
export function targetOf(
  { clock, rules, server, store }: Ground,
  { metadata, spec }: StoredHpa,
  flags: HpaFlags,
): HpaTarget | Condition {
  const { apiVersion = '', kind, name } = spec.scaleTargetRef
  const ref = { namespace: metadata.namespace ?? '', name }
  const rule = rules.byName(apiVersion, kind)
  const scale = rule?.scale && readScale(server, rule, ref)
  if (!scale) return unscalable(`${apiVersion} ${kind} ${name} has no scale or does not exist`)
  const { selector = '' } = scale.status
  if (selector === '') return unselective
  const matches = labelMatcher(selector)
  const pods = store
    .values(podKind)
    .filter((pod) => pod.metadata.namespace === ref.namespace && matches(pod.metadata.labels ?? {}))
  const scaled = {
    spec: scale.spec.replicas,
    status: scale.status.replicas,
    pods: pods.length,
    ready: pods.filter((pod) => phaseOf(pod) === 'Running' && isReady(pod)).length,
  }
  const { minReplicas: min = 1, maxReplicas: max, behavior } = spec
  return {
    rule,
    scale,
    input: { now: clock.now(), min, max, behavior, flags, scaled, metrics: [] },
  }
}

const podKind = kindId(kinds.pod)

/** Outside of its range, and at 0, an HPA decides without its metrics, and the real controller does not read them. */
export const looksAtMetrics = ({ scaled, min, max }: HpaInput): boolean =>
  scaled.spec <= max && scaled.spec >= min && (scaled.spec > 0 || min === 0)

const unscalable = (message: string): Condition => ({
  type: 'AbleToScale',
  status: 'False',
  reason: 'FailedGetScale',
  message,
})

const unselective: Condition = {
  type: 'ScalingActive',
  status: 'False',
  reason: 'InvalidSelector',
  message: 'the scale of the target has no selector',
}
