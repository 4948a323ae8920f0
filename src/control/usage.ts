import type { Clock } from '../clock.ts'
import type { TriggerFacts } from '../core/decide.ts'
import { gapPeriods } from '../core/gap.ts'
import type { HpaReading } from '../core/proposal.ts'
import type { ResourceTrigger } from '../core/resource-trigger.ts'
import {
  unknownUsage,
  usageOf,
  type UnknownUsage,
  type Usage,
  type UsagePod,
} from '../core/usage.ts'
import { EbbError, isFailure } from '../errors.ts'
import type { Engine, Subscription } from '../poll/port.ts'
import type { AnyScaler, PodView, Sample } from '../scaler.ts'
import type { Measures, PodMetricsQuery } from './pod-metrics.ts'
import type { Resolved } from './resolve.ts'
import type { TargetPods } from './target-pods.ts'

export interface UsageParts {
  readonly clock: Clock
  readonly engine: Engine
  /** The metrics API. */
  readonly scaler: AnyScaler
  readonly pods: TargetPods
  /** The metrics API has answered. */
  answered(): void
}

/** One cpu or memory trigger as it is now: for the situation, and for the algorithm. */
export interface Measured {
  readonly facts: TriggerFacts
  readonly reading: HpaReading
}

/** cpu and memory of one workload's pods, where no HPA measures them. */
export interface UsageOfWorkload {
  /** One for each trigger, in their order. From the first look on the metrics API is asked once per period. */
  look(resolved: Resolved): readonly Measured[]
  /** Ends the asking where nobody has looked for long; called at every look at the workload. */
  tidy(): void
  release(): void
}

export function createUsage(parts: UsageParts): UsageOfWorkload {
  const { clock, engine, scaler, pods } = parts
  let asking: { readonly of: PodMetricsQuery; readonly subscription: Subscription } | undefined
  let period = 0
  let askedAt = 0

  const release = (): void => {
    asking?.subscription.close()
    asking = undefined
  }

  const subscribe = (of: PodMetricsQuery): void => {
    if (asking?.of.namespace === of.namespace && asking.of.selector === of.selector) return
    release()
    const subscription = engine.subscribe({
      scaler,
      m: {},
      query: of,
      period,
      // nobody but the workload itself reads it
      cached: true,
      onSample: () => {},
      onAnswered: () => parts.answered(),
      onDenied: () => Promise.resolve(),
    })
    asking = { of, subscription }
  }

  return {
    look(resolved) {
      const { resources, settings, target } = resolved
      askedAt = clock.now()
      const view = pods.view(resolved)
      if (period !== settings.period) asking?.subscription.repeat(settings.period)
      period = settings.period
      const { selector } = pods
      if (selector !== undefined) subscribe({ namespace: target.namespace, selector })
      const state = stateOf(
        pods.problem,
        asking?.subscription.latest(),
        view,
        askedAt - gapPeriods * period,
      )
      return resources.map((resource) => measured(resource, state, askedAt))
    },
    tidy() {
      if (asking && clock.now() > askedAt + gapPeriods * period) release()
    },
    release,
  }
}

/** cpu and memory where nobody is asked, and why. */
export const unmeasured = (
  resources: readonly ResourceTrigger[],
  why: string,
): readonly Measured[] => resources.map((resource) => measured(resource, { waits: why }, 0))

/** What there is to measure by, or why there is nothing: what `fails` is an error, what `waits` comes by itself. */
type State =
  | { readonly pods: readonly UsagePod[]; readonly measures: Measures; readonly at: number }
  | { readonly fails: string }
  | { readonly waits: string }

function stateOf(
  problem: string | undefined,
  sample: Sample<unknown> | undefined,
  view: PodView | undefined,
  oldest: number,
): State {
  if (problem !== undefined) return { fails: problem }
  if (sample?.answer.kind === 'error') return { fails: said(sample.answer.error) }
  if (sample?.answer.kind !== 'value') return { waits: 'the metrics API has not answered yet' }
  if (sample.at < oldest) return { waits: 'it was measured too long ago' }
  if (view === undefined) return { waits: 'its pods cannot be followed yet' }
  const pods = [...view.list()].flatMap(({ name, phase, background }) =>
    background ? [{ name, phase, ...background }] : [],
  )
  // podMetrics gives these
  return { pods, measures: sample.answer.value as Measures, at: sample.at }
}

/** Why it was not asked says less than what went wrong when it was. */
const said = (error: EbbError): string =>
  isFailure(error, 'SOURCE_PAUSED') && error.cause instanceof EbbError
    ? error.cause.message
    : error.message

function measured(resource: ResourceTrigger, state: State, now: number): Measured {
  const read = readingOf(resource, state, now)
  const fails = read.kind === 'missing' && read.lasting
  return {
    facts: {
      ...resource.facts,
      state: fails ? 'failing' : 'resource',
      value: read.kind === 'usage' ? shown(resource, read) : undefined,
      at: 'at' in state ? state.at : undefined,
      error: fails ? read.message : undefined,
    },
    reading: { name: resource.facts.metric, target: { type: 'Usage' }, read },
  }
}

function readingOf({ usage }: ResourceTrigger, state: State, now: number): Usage | UnknownUsage {
  if ('fails' in state) return unknownUsage(usage, state.fails, true)
  if ('waits' in state) return unknownUsage(usage, state.waits, false)
  return usageOf(usage, state.pods, state.measures, now)
}

/** In the unit of the trigger's target. */
const shown = ({ usage }: ResourceTrigger, { current }: Usage): number =>
  usage.target.type === 'Utilization' ? current : current / 1000
