import { usageCount, type Usage } from './usage.ts'

/**
 * One metric of an HPA with what was read of it. Quantities are thousandths, as the HPA computes
 * (kubernetes 1.35 pkg/controller/podautoscaler/replica_calculator.go).
 */
export interface HpaReading {
  readonly name: string
  readonly target:
    | { readonly type: 'AverageValue'; readonly milli: number }
    | { readonly type: 'Value'; readonly milli: number }
    /** cpu or memory of the pods themselves: the target is in what was read. */
    | { readonly type: 'Usage' }
  readonly read:
    /** The sum over all series of an external metric. */
    | { readonly kind: 'value'; readonly milli: number }
    | Usage
    | { readonly kind: 'missing'; readonly reason: MissingReason; readonly message: string }
}

export type MissingReason =
  | 'FailedGetExternalMetric'
  | 'FailedGetResourceMetric'
  | 'FailedGetContainerResourceMetric'

/** The target as the scale subresource and its pods show it. */
export interface Scaled {
  /** spec.replicas */
  readonly spec: number
  /** status.replicas */
  readonly status: number
  /** Pods the target's selector finds. */
  readonly pods: number
  /** Those of them that run and are ready. */
  readonly ready: number
}

/** The part of the target that may be missed without scaling, in each direction: 0.1 is a tenth. */
export interface Tolerances {
  readonly down: number
  readonly up: number
}

export type Proposal =
  | { readonly kind: 'replicas'; readonly replicas: number }
  | { readonly kind: 'missing'; readonly reason: MissingReason; readonly message: string }

const int32 = 2 ** 31 - 1

/** How many replicas one metric asks for. */
export function propose(m: HpaReading, scaled: Scaled, tolerances: Tolerances): Proposal {
  if (m.read.kind === 'missing') return m.read
  if (m.read.kind === 'usage') return replicas(usageCount(m.read, scaled.spec, tolerances))
  const { milli } = m.read
  if (m.target.type === 'Usage') return replicas(0)
  if (m.target.type === 'AverageValue')
    return replicas(perPod(milli, m.target.milli, scaled, tolerances))
  return whole(milli / m.target.milli, scaled, tolerances)
}

/** AverageValue: measured against the pods that status counts, whatever state they are in. */
function perPod(usage: number, target: number, scaled: Scaled, tolerances: Tolerances): number {
  const ratio = usage / (target * scaled.status)
  return isWithin(ratio, tolerances) ? scaled.status : Math.ceil(usage / target)
}

/** Value: the ratio is applied to the ready pods; from zero it is the count itself. */
function whole(ratio: number, scaled: Scaled, tolerances: Tolerances): Proposal {
  if (scaled.spec === 0) return replicas(Math.ceil(ratio))
  if (isWithin(ratio, tolerances)) return replicas(scaled.spec)
  if (scaled.pods === 0) {
    const message = 'the selector of the target finds no pods'
    return { kind: 'missing', reason: 'FailedGetExternalMetric', message }
  }
  return replicas(Math.ceil(ratio * scaled.ready))
}

const isWithin = (ratio: number, { down, up }: Tolerances): boolean =>
  1 - down <= ratio && ratio <= 1 + up

/** 0/0 asks for nothing; what no count can hold is the largest count. */
const replicas = (count: number): Proposal => ({
  kind: 'replicas',
  replicas: Number.isNaN(count) ? 0 : Math.min(count, int32),
})
