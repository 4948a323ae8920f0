import { gapPeriods } from '../core/gap.ts'
import { EbbError } from '../errors.ts'
import type { Open } from '../open.ts'
import type { Engine } from '../poll/port.ts'
import type { Sample } from '../scaler.ts'
import { openTrigger, samePlan, type Plan, type Trigger } from './triggers.ts'

/** The triggers of one workload as they are subscribed now. */
export interface Sampling {
  readonly triggers: readonly Trigger[]
  /**
   * Good samples before this do not count towards lowering at this time: the start, or the end of the last gap. Where one is
   * missing for longer than a gap, as after the process was suspended, none that is older counts.
   */
  freshSince(now: number): number
  /** Subscribes to what the plans want; triggers whose plan is the same stay as they are. */
  use(plans: readonly Plan[], period: number): void
  close(): void
}

export interface SamplingHooks {
  /** A sample arrived and was concluded from. `turned` when the trigger began to fail or recovered. */
  sampled(
    trigger: Trigger,
    sample: Sample<unknown>,
    turned: 'failing' | 'recovered' | undefined,
  ): void
  denied(plan: Plan, signal: AbortSignal): Promise<void>
}

export function createSampling(engine: Engine, start: number, hooks: SamplingHooks): Sampling {
  let freshSince = start
  let period = 0
  const failing = new Set<string>()

  const changed = (trigger: Trigger, sample: Sample<unknown>): void => {
    const failed = trigger.conclusion instanceof EbbError
    const { at, previousAt } = trigger
    if (
      !failed &&
      at !== undefined &&
      previousAt !== undefined &&
      at - previousAt > gapPeriods * period
    )
      freshSince = Math.max(freshSince, at)
    hooks.sampled(trigger, sample, turned(trigger.metric, failed))
  }

  const denied = (plan: Plan, signal: AbortSignal): Promise<void> => hooks.denied(plan, signal)

  const turned = (metric: string, failed: boolean): 'failing' | 'recovered' | undefined => {
    if (failed === failing.has(metric)) return undefined
    if (failed) failing.add(metric)
    else failing.delete(metric)
    return failed ? 'failing' : 'recovered'
  }

  const sampling: Open<Sampling> = {
    triggers: [],
    freshSince(now) {
      const oldest = now - gapPeriods * period
      const missing = sampling.triggers.some(({ at }) => at !== undefined && at < oldest)
      return missing ? Math.max(freshSince, oldest) : freshSince
    },
    use(plans, newPeriod) {
      period = newPeriod
      const before = sampling.triggers
      const kept = new Set<Trigger>()
      sampling.triggers = plans.flatMap((plan) =>
        plan.specs.map((spec) => {
          const heir = before.find((t) => t.plan.index === plan.index && t.spec.name === spec.name)
          if (heir && samePlan(heir.plan, plan)) {
            kept.add(heir)
            heir.note(plan.notes)
            heir.subscription.repeat(newPeriod)
            return heir
          }
          return openTrigger(plan, spec, newPeriod, engine, { changed, denied }, heir)
        }),
      )
      for (const trigger of before) if (!kept.has(trigger)) trigger.close()
      for (const metric of failing)
        if (!sampling.triggers.some((t) => t.metric === metric)) failing.delete(metric)
    },
    close() {
      for (const trigger of sampling.triggers) trigger.close()
      sampling.triggers = []
    },
  }
  return sampling
}
