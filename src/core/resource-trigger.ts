import type { MetricSpec, MetricTarget } from './autoscaling.ts'
import type { TriggerFacts } from './decide.ts'
import { isResourceTrigger } from './names.ts'
import { parseMilli, parseQuantity } from './quantity.ts'
import type { UsageTarget } from './usage.ts'

/** A cpu or memory trigger: it is passed on to the HPA, which measures it itself, or measured by Ebb where there is none. */
export interface ResourceTrigger {
  readonly metric: MetricSpec
  readonly usage: UsageTarget
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
  const ours = triggers.filter(({ type }) => isResourceTrigger(type))
  return {
    resources: ours.map(resourceTrigger).filter((r) => 'metric' in r),
    problems: ours.flatMap((trigger) =>
      resourceProblems(trigger).map(({ problem }) => `trigger ${trigger.type}: ${problem}`),
    ),
  }
}

/** What is wrong with a trigger, by the key it is wrong at: `metricType`, or one of its metadata. */
export interface ResourceProblem {
  readonly key: 'metricType' | 'type' | 'value'
  readonly problem: string
}

/** What is wrong with one cpu or memory trigger. */
export function resourceProblems(trigger: WrittenTrigger): readonly ResourceProblem[] {
  const read = resourceTrigger(trigger)
  return 'problems' in read ? read.problems : []
}

function resourceTrigger({
  type,
  metricType = '',
  metadata = {},
}: WrittenTrigger): ResourceTrigger | { readonly problems: readonly ResourceProblem[] } {
  const { value = '', containerName = '', type: removed } = metadata
  const problems: ResourceProblem[] = []
  if (removed !== undefined)
    problems.push({ key: 'type', problem: 'metadata.type is gone; set metricType of the trigger' })
  const target = targetOf(metricType, value.trim())
  if ('key' in target) return { problems: [...problems, target] }
  if (problems.length > 0) return { problems }
  const container = containerName.trim()
  return {
    usage: {
      resource: type === 'memory' ? type : 'cpu',
      container: container === '' ? undefined : container,
      target: usageTarget(target),
    },
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

const usageTarget = ({
  averageUtilization,
  averageValue = '',
}: MetricTarget): UsageTarget['target'] =>
  averageUtilization === undefined
    ? { type: 'AverageValue', milli: parseMilli(averageValue) ?? 0 }
    : { type: 'Utilization', percent: averageUtilization }

/** The target in the HPA, or what is wrong with it. */
function targetOf(metricType: string, value: string): MetricTarget | ResourceProblem {
  if (metricType !== 'Utilization' && metricType !== 'AverageValue')
    return { key: 'metricType', problem: 'metricType must be Utilization or AverageValue' }
  const wrong = (problem: string): ResourceProblem => ({ key: 'value', problem })
  if (value === '') return wrong("value is required: set it in the trigger's metadata")
  if (metricType === 'AverageValue') {
    const quantity = parseQuantity(value)
    return quantity !== undefined && quantity > 0
      ? { type: metricType, averageValue: value }
      : wrong('value must be a quantity above 0, as 500m or 200Mi')
  }
  const percent = Number(value)
  return /^[+]?\d+$/.test(value) && percent > 0 && percent <= largest
    ? { type: metricType, averageUtilization: percent }
    : wrong('value must be a whole number of percent above 0')
}
