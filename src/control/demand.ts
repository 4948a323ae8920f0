import type { Clock } from '../clock.ts'
import { find } from '../core/conditions.ts'
import type { TriggerFacts } from '../core/decide.ts'
import type { Fallback } from '../core/fallback.ts'
import { demandOf, offersOf, type Demand, type DemandInput, type Offer } from '../core/demand.ts'
import {
  checkup,
  nextCheckup,
  noHealth,
  restoredHealth,
  type Health,
  type Observed,
  type StoredHealth,
  type Turn,
} from '../core/health.ts'
import { modeOf } from '../core/mode.ts'
import { compositeMetric, sumMetric } from '../core/names.ts'
import { EbbError, failure, reasonOf } from '../errors.ts'
import type { Condition } from '../resources.ts'
import type { MetricValue } from './insight.ts'
import type { Resolved } from './resolve.ts'
import type { Sampling } from './sampling.ts'
import type { Trigger } from './triggers.ts'

export interface DemandParts {
  readonly clock: Clock
  readonly sampling: Sampling
  readonly resolved: () => Resolved | undefined
  /** spec.replicas of the target, where known. */
  readonly replicas: () => number | undefined
  /** Pods of the target that run and are ready, where they can be counted. */
  readonly readyPods: () => number | undefined
  /** What was stored of the metrics' health before this process. */
  readonly stored: { readonly health: StoredHealth | undefined; readonly engaged: boolean }
  /** Metrics began to fail, fell back or recovered. */
  turned(turns: readonly Turn[]): void
  /** A failure is to be counted although no sample comes: look again. */
  due(): void
}

/**
 * What the triggers of one workload ask for, after fallback and scalingModifiers: one answer for the decision, for the HPA's
 * reads and for whoever else scales on it.
 */
export interface DemandOfWorkload {
  /** Counts what failed; for the workload's own loop alone, never for readers. Returns at once while all is well. */
  check(): void
  /** For the situation, at this count of replicas. `usage` is what is known of cpu and memory, where Ebb measures them. */
  demand(replicas: number, usage: readonly TriggerFacts[] | undefined): Demand
  /** The metrics with their values as the board has them, nobody waited for. */
  offers(): readonly Offer[]
  /** The values for an HPA, none where the metric is unknown; waits a second at most. Fails with METRIC_FAILED. */
  read(metric: string): Promise<readonly MetricValue[]>
  /** For status.health; undefined without a fallback. */
  health(): Health | undefined
  close(): void
}

export function createDemand(parts: DemandParts): DemandOfWorkload {
  const { clock, sampling } = parts
  let health: Health | undefined
  /** The triggers that were all well when they were last looked at. */
  let calm: readonly Trigger[] | undefined
  let alarm: { readonly at: number; readonly cancel: () => void } | undefined

  const input = (
    { fallback, modifiers, mode, holdOn }: Rules,
    replicas: number | undefined,
    factsOf: (trigger: Trigger) => TriggerFacts,
  ): DemandInput => ({
    metrics: sampling.triggers.map((trigger) => ({
      name: trigger.plan.trigger.name,
      metricType: trigger.plan.trigger.metricType,
      facts: factsOf(trigger),
      holds: holdOn.includes(trigger.metric),
    })),
    health: health ?? noHealth,
    fallback,
    modifiers,
    sum: mode.demand === 'sum',
    replicas,
    readyPods: parts.readyPods,
  })

  const rules = (): Rules => parts.resolved() ?? none

  const arm = (at: number | undefined): void => {
    if (alarm?.at === at) return
    alarm?.cancel()
    alarm = undefined
    if (at === undefined) return
    const cancel = clock.after(at - clock.now(), () => {
      alarm = undefined
      parts.due()
    })
    alarm = { at, cancel }
  }

  const count = (fallback: Fallback): void => {
    const { triggers } = sampling
    if (calm === triggers && triggers.every(isGood)) return
    const now = clock.now()
    health ??= restoredHealth(parts.stored.health, parts.stored.engaged, fallback, now)
    const observed = triggers.map(observe)
    const after = checkup(health, observed, fallback, now)
    health = after.health
    calm = [...health.values()].every((h) => h.failures === 0) ? triggers : undefined
    arm(nextCount(after.health, observed, now))
    if (after.turns.length > 0) parts.turned(after.turns)
  }

  /** Reads of an HPA: what its triggers say once their samples are young enough, or why they are not. */
  const readAll = async (resolved: Resolved): Promise<DemandInput> => {
    const read = new Map<Trigger, TriggerFacts>()
    await Promise.all(
      sampling.triggers.map(async (trigger) => read.set(trigger, await youngFacts(trigger))),
    )
    return input(resolved, parts.replicas(), (t) => read.get(t) ?? factsOf(t))
  }

  const readOne = async (trigger: Trigger): Promise<DemandInput> => {
    const young = await youngFacts(trigger)
    const alone = { ...rules(), modifiers: undefined }
    const { metrics, ...all } = input(alone, parts.replicas(), (t) =>
      t === trigger ? young : factsOf(t),
    )
    return { ...all, sum: false, metrics: metrics.filter(({ facts }) => facts === young) }
  }

  const valuesOf = (given: DemandInput): readonly MetricValue[] =>
    offersOf(given).map(({ metric, reading }) => {
      if (reading.kind === 'failed') throw failure('METRIC_FAILED', { metric, why: reading.why })
      return { metric, value: reading.value, at: reading.at ?? clock.now() }
    })

  return {
    health: () => (parts.resolved()?.fallback === undefined ? undefined : health),
    check() {
      const resolved = parts.resolved()
      if (resolved === undefined || sampling.triggers.length === 0) return
      const { fallback } = resolved
      if (fallback !== undefined) return count(fallback)
      health = noHealth
      arm(undefined)
    },
    demand(replicas, usage) {
      const given = rules()
      const { fallback, modifiers } = given
      const measured = usage ?? given.resources.map(({ facts }) => facts)
      // most workloads have neither, and are decided on at every poll
      if (fallback === undefined && modifiers === undefined)
        return {
          triggers: withUsage(sampling.triggers.map(factsOf), measured),
          composite: undefined,
          fallbackReplicas: undefined,
        }
      const demand = demandOf(input(given, replicas, factsOf))
      return { ...demand, triggers: withUsage(demand.triggers, measured) }
    },
    offers: () => offersOf(input(rules(), parts.replicas(), factsOf)),
    async read(metric) {
      const wanted = metric.toLowerCase()
      const resolved = parts.resolved()
      const together =
        (wanted === compositeMetric && resolved?.modifiers !== undefined) ||
        (wanted === sumMetric && resolved?.mode.demand === 'sum')
      if (resolved && together) return valuesOf(await readAll(resolved))
      const found = sampling.triggers.filter((t) => t.metric.toLowerCase() === wanted)
      return (await Promise.all(found.map(readOne))).flatMap(valuesOf)
    },
    close() {
      arm(undefined)
    },
  }
}

/** When the next failure counts that may matter; none where everything is well or in fallback. */
function nextCount(health: Health, observed: readonly Observed[], now: number): number | undefined {
  const times = observed.flatMap(({ metric, period }) => {
    const h = health.get(metric)
    return h?.engaged === true ? [] : (nextCheckup(h, period) ?? [])
  })
  return times.length > 0 ? Math.max(now + 1, Math.min(...times)) : undefined
}

/** The part of a resolved spec that says what is made of the samples. */
type Rules = Pick<Resolved, 'resources' | 'fallback' | 'modifiers' | 'mode' | 'holdOn'>

const none: Rules = {
  resources: [],
  fallback: undefined,
  modifiers: undefined,
  mode: modeOf(undefined),
  holdOn: [],
}

const isGood = ({ conclusion }: Trigger): boolean =>
  conclusion !== undefined && !(conclusion instanceof EbbError)

const observe = (trigger: Trigger): Observed => ({
  metric: trigger.metric,
  period: trigger.subscription.period(),
  newest: isGood(trigger) ? 'good' : trigger.conclusion === undefined ? 'unread' : 'error',
})

/** cpu and memory are in the situation too, also where only the HPA knows their values. */
const withUsage = (
  sampled: readonly TriggerFacts[],
  measured: readonly TriggerFacts[],
): readonly TriggerFacts[] => (measured.length === 0 ? sampled : [...sampled, ...measured])

const factsOf = (trigger: Trigger): TriggerFacts => trigger.facts()

async function youngFacts(trigger: Trigger): Promise<TriggerFacts> {
  try {
    const { value, at } = await trigger.read()
    const facts = factsOf(trigger)
    // whether it is active is no matter to a reader
    return { ...facts, state: 'active', value, at, error: undefined }
  } catch (error) {
    const facts = factsOf(trigger)
    // what the loop knows stays the same from probe to probe: else the HPA's condition, and with it the status, would be
    // written each time between "did not answer" and "not asked"
    const why = facts.state === 'failing' ? facts.error : undefined
    return { ...facts, state: 'failing', error: why ?? reasonOf(error) }
  }
}

/** Why a metric has no values: the workload has none of that name, or its spec cannot be followed. */
export function unknownMetric(
  metric: string,
  workload: string,
  conditions: readonly Condition[],
): EbbError {
  const ready = find(conditions, 'Ready')
  if (ready?.reason === 'ScaledObjectCheckFailed')
    return failure('SPEC_INVALID', { problems: [ready.message ?? ''] })
  return failure('METRIC_UNKNOWN', { metric, workload })
}
