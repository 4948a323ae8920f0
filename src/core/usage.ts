import type { MissingReason, Tolerances } from './proposal.ts'

/** A pod as the HPA looks at it before it trusts its usage. Times are epoch ms. */
export interface PodBackground {
  /** It is being deleted. */
  readonly leaving: boolean
  /** status.startTime */
  readonly started: number | undefined
  /** Its Ready condition; undefined where it has none. */
  readonly readiness: { readonly status: string; readonly since: number } | undefined
  /** Those that run as long as the pod does. */
  readonly containers: readonly Named<Amounts>[]
  /** Requests of the pod as a whole, which count instead of those of its containers; undefined where it has none. */
  readonly whole: Amounts | undefined
}

export interface UsagePod extends PodBackground {
  readonly name: string
  readonly phase: string
}

/** In thousandths: of a core, or of a byte. */
export interface Amounts {
  readonly cpu: number | undefined
  readonly memory: number | undefined
}
type Named<T> = T & { readonly name: string }

export type ResourceName = keyof Amounts

/** What the metrics API says of one pod. Times are epoch ms, `window` is ms. */
export interface PodMeasure {
  readonly at: number
  readonly window: number
  readonly containers: readonly Named<Amounts>[]
}

/** A cpu or memory target as the HPA has it. */
export interface UsageTarget {
  readonly resource: ResourceName
  /** One container of each pod; undefined means all. */
  readonly container: string | undefined
  /** Percent of the requests, or thousandths per pod. */
  readonly target:
    | { readonly type: 'Utilization'; readonly percent: number }
    | { readonly type: 'AverageValue'; readonly milli: number }
}

/** All that a count follows from, however many pods there are. */
export interface Usage {
  readonly kind: 'usage'
  /** Of the target, by the pods that can be trusted. */
  readonly ratio: number
  /** How many those are. */
  readonly ready: number
  /** The same once pods that say nothing are counted in as if they spoke against the change; undefined where there are none. */
  readonly guarded: { readonly ratio: number; readonly pods: number } | undefined
  /** For people: percent of the requests, or thousandths per pod. */
  readonly current: number
}

export interface UnknownUsage {
  readonly kind: 'missing'
  readonly reason: MissingReason
  readonly message: string
  /** Waiting does not help: somebody must change the pods. */
  readonly lasting: boolean
}

/** --horizontal-pod-autoscaler-cpu-initialization-period and -initial-readiness-delay, as they are by default (ms). */
const cpuInitialization = 300_000
const readinessDelay = 30_000

/**
 * What the pods' usage says of the target: kubernetes 1.35, podautoscaler/replica_calculator.go (GetResourceReplicas,
 * GetRawResourceReplicas, groupPods) and metrics/client.go. Sums beyond 2^53 are the nearest double.
 */
export function usageOf(
  wanted: UsageTarget,
  pods: readonly UsagePod[],
  measures: ReadonlyMap<string, PodMeasure>,
  now: number,
): Usage | UnknownUsage {
  const missing = (why: string, lasting = false): UnknownUsage => unknownUsage(wanted, why, lasting)
  if (measures.size === 0) return missing('the metrics API knows none of its pods yet')
  if (pods.length === 0) return missing('the selector of the target finds no pods')
  const measured = measuredOf(wanted, measures)
  const groups = grouped(wanted.resource, pods, measures, measured, now)
  for (const name of [...groups.ignored, ...groups.unready]) measured.delete(name)
  if (measured.size === 0) return missing('no usage of a pod that is ready is known yet')
  const requests = requestsOf(wanted, pods)
  if (typeof requests === 'string') return missing(requests, true)
  const first = compare(wanted, measured, requests)
  if (first === undefined) return missing('no pod that was measured is one of the target')
  const guarded = guard(wanted, first.ratio, groups, measured, requests)
  return { kind: 'usage', ...first, ready: groups.ready, guarded }
}

/** Counts pods in that say nothing; changes `measured`. */
function guard(
  wanted: UsageTarget,
  ratio: number,
  { unready, missing }: Groups,
  measured: Map<string, number>,
  requests: ReadonlyMap<string, number>,
): Usage['guarded'] {
  const rises = unready.length > 0 && ratio > 1
  if (!rises && missing.length === 0) return undefined
  for (const name of missing) standIn(wanted, ratio, name, measured, requests)
  if (rises) for (const name of unready) measured.set(name, 0)
  return { ratio: compare(wanted, measured, requests)?.ratio ?? ratio, pods: measured.size }
}

/** How many replicas that asks for. */
export function usageCount(
  { ratio, ready, guarded }: Usage,
  current: number,
  { down, up }: Tolerances,
): number {
  const isWithin = (r: number): boolean => 1 - down <= r && r <= 1 + up
  if (guarded === undefined) return isWithin(ratio) ? current : Math.ceil(ratio * ready)
  const turned = (ratio < 1 && guarded.ratio > 1) || (ratio > 1 && guarded.ratio < 1)
  if (turned || isWithin(guarded.ratio)) return current
  const count = Math.ceil(guarded.ratio * guarded.pods)
  // what is only guessed never turns the change around
  const against = (guarded.ratio < 1 && count > current) || (guarded.ratio > 1 && count < current)
  return against ? current : count
}

export const unknownUsage = (
  { container }: Pick<UsageTarget, 'container'>,
  why: string,
  lasting: boolean,
): UnknownUsage => ({
  kind: 'missing',
  reason: container === undefined ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric',
  message: why,
  lasting,
})

/** By pod, what is used of what is wanted; without those of which it is not known of every container. */
function measuredOf(
  { resource, container }: UsageTarget,
  measures: ReadonlyMap<string, PodMeasure>,
): Map<string, number> {
  const found = new Map<string, number>()
  for (const [name, { containers }] of measures) {
    const looked = containers.filter((c) => container === undefined || c.name === container)
    const used = total(looked, resource)
    if (used !== undefined) found.set(name, used)
  }
  return found
}

/** Undefined where there is nothing to add up, or a part is not known. */
function total(parts: readonly Amounts[], resource: ResourceName): number | undefined {
  let sum = 0
  for (const { [resource]: amount } of parts) {
    if (amount === undefined) return undefined
    sum += amount
  }
  return parts.length > 0 ? sum : undefined
}

interface Groups {
  ready: number
  readonly unready: string[]
  readonly missing: string[]
  readonly ignored: string[]
}

function grouped(
  resource: ResourceName,
  pods: readonly UsagePod[],
  measures: ReadonlyMap<string, PodMeasure>,
  measured: ReadonlyMap<string, number>,
  now: number,
): Groups {
  const groups: Groups = { ready: 0, unready: [], missing: [], ignored: [] }
  for (const pod of pods) {
    const measure = measured.has(pod.name) ? measures.get(pod.name) : undefined
    if (pod.leaving || pod.phase === 'Failed') groups.ignored.push(pod.name)
    else if (pod.phase === 'Pending') groups.unready.push(pod.name)
    else if (measure === undefined) groups.missing.push(pod.name)
    else if (resource === 'cpu' && isStarting(pod, measure, now)) groups.unready.push(pod.name)
    else groups.ready++
  }
  return groups
}

/** A pod that starts burns cpu that says nothing of its load. */
function isStarting({ started, readiness }: UsagePod, measure: PodMeasure, now: number): boolean {
  if (readiness === undefined || started === undefined) return true
  const unready = readiness.status === 'False'
  return started + cpuInitialization > now
    ? unready || measure.at < readiness.since + measure.window
    : unready && started + readinessDelay > readiness.since
}

/**
 * What each pod requests, or why a share of it cannot be told: without the name of the pod, or its condition would be written
 * with each pod that comes. Not looked at for an average value.
 */
function requestsOf(
  { resource, container, target }: UsageTarget,
  pods: readonly UsagePod[],
): ReadonlyMap<string, number> | string {
  const requests = new Map<string, number>()
  if (target.type === 'AverageValue') return requests
  for (const { name, containers, whole } of pods) {
    const request =
      container === undefined && whole !== undefined
        ? (whole[resource] ?? `a pod requests no ${resource}`)
        : requestOf(containers, resource, container)
    if (typeof request === 'string') return request
    requests.set(name, request)
  }
  return requests
}

function requestOf(
  containers: UsagePod['containers'],
  resource: ResourceName,
  container: string | undefined,
): number | string {
  const looked = containers.filter((c) => container === undefined || c.name === container)
  if (container !== undefined && looked.length === 0) return `a pod has no container ${container}`
  const silent = looked.find((c) => c[resource] === undefined)
  if (silent) return `container ${silent.name} requests no ${resource}`
  return total(looked, resource) ?? 0
}

/** Undefined where no measured pod is known. In whole percent and whole thousandths, as the HPA counts. */
function compare(
  { target }: UsageTarget,
  measured: ReadonlyMap<string, number>,
  requests: ReadonlyMap<string, number>,
): { readonly ratio: number; readonly current: number } | undefined {
  let used = 0
  let requested = 0
  for (const [name, milli] of measured) {
    const request = target.type === 'AverageValue' ? 0 : requests.get(name)
    // one that is measured and not of the target
    if (request === undefined) continue
    used += milli
    requested += request
  }
  if (target.type === 'AverageValue') {
    const current = Math.trunc(used / measured.size)
    return { ratio: current / target.milli, current }
  }
  if (requested === 0) return undefined
  const current = Math.trunc((used * 100) / requested)
  return { ratio: current / target.percent, current }
}

/** A pod without a measurement is taken to use all it may on the way down, and nothing on the way up. */
function standIn(
  { target }: UsageTarget,
  ratio: number,
  name: string,
  measured: Map<string, number>,
  requests: ReadonlyMap<string, number>,
): void {
  if (ratio === 1) return
  const most =
    target.type === 'AverageValue'
      ? target.milli
      : Math.trunc(((requests.get(name) ?? 0) * Math.max(100, target.percent)) / 100)
  measured.set(name, ratio < 1 ? most : 0)
}
