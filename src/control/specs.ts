import { metricName } from '../core/names.ts'
import { parseQuantity } from '../core/quantity.ts'
import { EbbError, failure } from '../errors.ts'
import type { Subscription } from '../poll/port.ts'
import type { HorizontalPodAutoscaler, ScaledObject } from '../resources.ts'
import type { Spec } from '../scaler.ts'
import type { Plan } from './triggers.ts'

/** What a trigger announces: what its source says, or what is taken for it while the source does not say it. */
export interface Announced {
  readonly specs: readonly Spec[]
  /** Why the source did not say it; then it is asked for again. */
  readonly lacking: EbbError | undefined
  /** Nothing is known of them: the spec holds the trigger's place in the HPA, and nothing can be asked. */
  readonly standIn: boolean
}

/**
 * The specs of a trigger. Some scalers ask their source for them; where that fails, the trigger fails like one whose value
 * cannot be read, and the others go on (KEDA: the whole workload stands still, and its fallback with it, #5525).
 */
export async function announced(
  type: string,
  ask: () => readonly Spec[] | Promise<readonly Spec[]>,
  known: readonly Spec[],
): Promise<Announced> {
  try {
    return { specs: await ask(), lacking: undefined, standIn: false }
  } catch (error) {
    if (!(error instanceof EbbError) || !error.code.startsWith('SOURCE_')) throw error
    if (known.length > 0) return { specs: known, lacking: error, standIn: false }
    const place: Spec = { name: type, target: 1, form: 'integer' }
    return { specs: [place], lacking: error, standIn: true }
  }
}

/** What was known of a trigger's specs before: in this process, or by the HPA that was made of them. */
export function knownSpecs(
  index: number,
  object: ScaledObject,
  before: readonly Plan[] | undefined,
  hpa: HorizontalPodAutoscaler | undefined,
): readonly Spec[] {
  const { type } = object.spec.triggers[index] ?? { type: '' }
  const plan = before?.find((p) => p.index === index && p.trigger.type === type)
  if (plan && !plan.announced.standIn) return plan.specs
  const prefix = metricName(index, '')
  // a spec that changed since may have moved its triggers: the stored names are of the HPA's generation or of none
  const names = (object.status?.externalMetricNames ?? []).filter((n) => n !== prefix + type)
  return (hpa?.spec.metrics ?? []).flatMap(({ external }) => {
    if (!external?.metric.name.startsWith(prefix) || !names.includes(external.metric.name))
      return []
    const { averageValue, value = averageValue ?? '' } = external.target
    const target = parseQuantity(value)
    const name = external.metric.name.slice(prefix.length)
    return target === undefined ? [] : [{ name, target, form: 'decimal' as const }]
  })
}

/** The place of a trigger that nothing can be asked for: every read says why. */
export function unasked(period: number, why: EbbError | undefined): Subscription {
  let now = period
  return {
    latest: () => undefined,
    good: () => undefined,
    period: () => now,
    async read() {
      throw why ?? failure('SAMPLE_MISSING', { what: 'the trigger' })
    },
    repeat(next) {
      now = next
    },
    close() {},
  }
}
