import type { MissingReason, HpaReading } from '../core/proposal.ts'
import { formatMilli, parseMilli } from '../core/quantity.ts'
import { reasonOf } from '../errors.ts'
import type { MetricSpec } from '../resources.ts'
import type { Tree } from './json.ts'
import { selectorText } from './selector.ts'

/**
 * The external metrics API as the HPA controller asks it: the values of all series of a metric that match a label
 * selector, as quantities (`12`, `1500m`). A rejection counts as a metric that cannot be read.
 */
export type ReadExternalMetric = (
  namespace: string,
  metric: string,
  selector: string,
  signal: AbortSignal,
) => Promise<readonly string[]>

/** Reads the metrics of an HPA one after the other, as the real controller does. Cpu and memory are never there. */
export async function readMetrics(
  namespace: string,
  specs: readonly MetricSpec[],
  read: ReadExternalMetric,
  signal: AbortSignal,
): Promise<readonly HpaReading[]> {
  const readings: HpaReading[] = []
  for (const spec of specs) readings.push(await readMetric(namespace, spec, read, signal))
  return readings
}

async function readMetric(
  namespace: string,
  spec: MetricSpec,
  read: ReadExternalMetric,
  signal: AbortSignal,
): Promise<HpaReading> {
  if (!spec.external) return unsupported(spec)
  const { metric } = spec.external
  const target = targetOf(spec.external.target)
  try {
    const selector = selectorText(metric.selector) ?? ''
    const values = await read(namespace, metric.name, selector, signal)
    return { name: metric.name, target, read: summed(metric.name, values) }
  } catch (error) {
    const message = `unable to get external metric ${namespace}/${metric.name}: ${reasonOf(error)}`
    return { name: metric.name, target, read: missing('FailedGetExternalMetric', message) }
  }
}

function summed(name: string, values: readonly string[]): HpaReading['read'] {
  const millis = values.map(parseMilli)
  const bad = millis.indexOf(undefined)
  if (millis.length === 0)
    return missing('FailedGetExternalMetric', `no values of external metric ${name}`)
  if (bad >= 0)
    return missing('FailedGetExternalMetric', `${name}: "${values[bad]}" is not a quantity`)
  return { kind: 'value', milli: millis.reduce<number>((sum, milli) => sum + (milli ?? 0), 0) }
}

function unsupported(spec: MetricSpec): HpaReading {
  const [name, reason]: readonly [string, MissingReason] = spec.containerResource
    ? [spec.containerResource.name, 'FailedGetContainerResourceMetric']
    : [spec.resource?.name ?? spec.type, 'FailedGetResourceMetric']
  const message = `the embedded cluster measures no ${name} of pods`
  return { name, target: { type: 'Usage' }, read: missing(reason, message) }
}

const missing = (reason: MissingReason, message: string): HpaReading['read'] => ({
  kind: 'missing',
  reason,
  message,
})

const targetOf = ({
  type,
  value,
  averageValue,
}: NonNullable<MetricSpec['external']>['target']): HpaReading['target'] =>
  type === 'Value'
    ? { type, milli: parseMilli(value ?? '') ?? 0 }
    : { type: 'AverageValue', milli: parseMilli(averageValue ?? '') ?? 0 }

/** `status.currentMetrics`: what was read of the external metrics; `replicas` is the target's status.replicas. */
export const currentMetrics = (
  specs: readonly MetricSpec[],
  readings: readonly HpaReading[],
  replicas: number,
): readonly Tree[] =>
  readings.flatMap(({ target, read }, at) => {
    const external = specs[at]?.external
    if (!external || read.kind !== 'value') return []
    const perPod = replicas === 0 ? 0 : Math.ceil(read.milli / replicas)
    const current =
      target.type === 'Value'
        ? { value: formatMilli(BigInt(Math.round(read.milli))) }
        : { averageValue: formatMilli(BigInt(perPod)) }
    return [{ type: 'External', external: { metric: external.metric, current } }]
  })
