import type { MetricSpec, MetricTarget } from './autoscaling.ts'
import type { TriggerFacts } from './decide.ts'
import { isResourceTrigger } from './names.ts'
import { parseQuantity } from './quantity.ts'

/** A cpu or memory trigger: it is passed on to the HPA, which measures it itself. */
export interface ResourceTrigger {
  readonly metric: MetricSpec
  /** For the situation; says nothing of activity. */
  readonly facts: TriggerFacts
}

/** A trigger as it is written. */
export interface WrittenTrigger {
  readonly type: string
  readonly metricType?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

const largest = 2 ** 31 - 1

/** The cpu and memory triggers of a spec, and all that is wrong with them (KEDA pkg/scalers/cpu_memory_scaler.go). */
export function resourceTriggers(triggers: readonly WrittenTrigger[]): {
  readonly resources: readonly ResourceTrigger[]
  readonly problems: readonly string[]
} {
  const read = triggers.filter(({ type }) => isResourceTrigger(type)).map(resourceTrigger)
  return {
    resources: read.filter((r) => 'metric' in r),
    problems: read.flatMap((r) => ('problems' in r ? r.problems : [])),
  }
}

function resourceTrigger({
  type,
  metricType = '',
  metadata = {},
}: WrittenTrigger): ResourceTrigger | { readonly problems: readonly string[] } {
  const { value = '', containerName = '', type: removed } = metadata
  const problems: string[] = []
  if (removed !== undefined)
    problems.push(`trigger ${type}: metadata.type is gone; set metricType of the trigger`)
  const target = targetOf(metricType, value.trim())
  if (typeof target === 'string') return { problems: [...problems, `trigger ${type}: ${target}`] }
  if (problems.length > 0) return { problems }
  const container = containerName.trim()
  return {
    metric:
      container === ''
        ? { type: 'Resource', resource: { name: type, target } }
        : { type: 'ContainerResource', containerResource: { name: type, container, target } },
    facts: {
      metric: container === '' ? type : `${type} of ${container}`,
      type,
      state: 'resource',
      value: undefined,
      target: target.averageUtilization ?? parseQuantity(value.trim()) ?? 0,
      at: undefined,
      error: undefined,
    },
  }
}

/** The target in the HPA, or what is wrong with it. */
function targetOf(metricType: string, value: string): MetricTarget | string {
  if (metricType !== 'Utilization' && metricType !== 'AverageValue')
    return 'metricType must be Utilization or AverageValue'
  if (value === '') return "value is required: set it in the trigger's metadata"
  if (metricType === 'AverageValue') {
    const quantity = parseQuantity(value)
    return quantity !== undefined && quantity > 0
      ? { type: metricType, averageValue: value }
      : 'value must be a quantity above 0, as 500m or 200Mi'
  }
  const percent = Number(value)
  return /^[+]?\d+$/.test(value) && percent > 0 && percent <= largest
    ? { type: metricType, averageUtilization: percent }
    : 'value must be a whole number of percent above 0'
}
