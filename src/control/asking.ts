import type { Sample, Spec } from '../scaler.ts'
import { holdContents, type HeldContents } from './held.ts'
import type { Whose } from './meter.ts'
import { retried, type Retried } from './retry.ts'
import { createSampling, type Sampling } from './sampling.ts'
import type { Shared } from './shared.ts'
import type { Plan, PlanSource, Trigger } from './triggers.ts'

export interface AskingParts {
  readonly shared: Shared
  readonly whose: Whose
  readonly start: number
  /** The spec as it is followed now, compared by identity; undefined while it is not. */
  readonly current: () => object | undefined
  /** The specs a trigger had before. */
  readonly known: (index: number) => readonly Spec[]
  /** Resolves the triggers of the current spec. */
  readonly plan: (
    source: PlanSource,
    signal: AbortSignal,
  ) => Promise<{
    readonly plans: readonly Plan[]
    readonly problems: readonly string[]
    readonly period: number
  }>
  /** A trigger began to fail, or recovered where there is no error. */
  readonly turned: (type: string, metric: string, error: string | undefined) => void
  /** A sample was concluded from. */
  readonly sampled: (trigger: Trigger, sample: Sample<unknown>) => void
  /** A credential in use has changed. */
  readonly changed: () => void
}

/** How a workload of either kind asks its triggers: with credentials that are kept fresh, and read anew where a source refuses them. */
export interface Asking {
  readonly sampling: Sampling
  readonly held: HeldContents
  /** What triggers are resolved from, with contents at most as old as `newerThan`. */
  source(newerThan: number, signal: AbortSignal): PlanSource
}

export function createAsking(parts: AskingParts, signal: AbortSignal): Asking {
  const { shared, whose, current } = parts
  let renewing: Promise<void> | undefined

  const held = holdContents(
    shared.contents,
    shared.clusterNamespace,
    shared.findAuthentication,
    parts.changed,
  )

  const source = (newerThan: number, wait: AbortSignal): PlanSource => ({
    engine: shared.engine,
    authentication: held.source(newerThan, wait),
    known: parts.known,
    load: shared.load,
  })

  /** A source refused the credentials: they are read again now, and triggers whose values changed move over. */
  const renew = async (deadline: AbortSignal): Promise<void> => {
    const at = current()
    if (!at) return
    const { plans, problems, period } = await parts.plan(
      source(shared.clock.now(), deadline),
      deadline,
    )
    if (problems.length === 0 && current() === at && !signal.aborted) sampling.use(plans, period)
  }

  const sampling = createSampling(shared.engine, parts.start, {
    sampled(trigger, sample, turned) {
      shared.meter.sampled(whose, trigger, sample.took)
      if (turned) {
        const { type, metric, error } = trigger.facts()
        parts.turned(type, metric, turned === 'failing' ? (error ?? '') : undefined)
      }
      parts.sampled(trigger, sample)
    },
    denied(_plan, deadline) {
      renewing ??= renew(deadline).finally(() => {
        renewing = undefined
      })
      return renewing
    },
  })

  return { sampling, held, source }
}

/** Brings a workload in line with its object when poked, few workloads at a time; what fails is for `refuse`, and tried again. */
export function reconciling(
  { clock, limited, meter, random }: Shared,
  whose: Whose,
  work: () => Promise<'done' | 'again'>,
  refuse: (error: unknown) => void | Promise<void>,
  signal: AbortSignal,
): Retried {
  const once = async (): Promise<'done' | 'again'> => {
    if (signal.aborted) return 'done'
    const started = clock.now()
    try {
      const outcome = await work()
      meter.reconciled(whose, 'ok', clock.now() - started)
      return outcome
    } catch (error) {
      if (signal.aborted) return 'done'
      meter.reconciled(whose, 'failed', clock.now() - started)
      await refuse(error)
      return 'again'
    }
  }
  return retried(() => limited(once), clock, random)
}
