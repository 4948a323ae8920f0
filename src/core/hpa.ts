import { annotation } from './annotations.ts'
import type {
  Hpa,
  HpaSpec,
  MetricSpec,
  MetricTarget,
  OwnerReference,
  Strings,
} from './autoscaling.ts'
import { completeBehavior, type Behavior } from './behavior.ts'
import { compositeTarget, type Modifiers } from './modifiers.ts'
import {
  compositeMetric,
  copiedLabels,
  foundBy,
  metricName,
  nameLabel,
  ownLabels,
  sumMetric,
} from './names.ts'
import { formatTarget, sameQuantity } from './quantity.ts'

/** One metric of the HPA, from the spec of a trigger's metric. */
export interface HpaMetric {
  /** Place of the trigger in `spec.triggers`. */
  readonly index: number
  readonly name: string
  readonly target: number
  readonly form: 'integer' | 'decimal'
  /** The trigger's metricType; AverageValue where it has none. */
  readonly metricType: string | undefined
}

/** All that the HPA of a ScaledObject is made of. */
export interface HpaFacts {
  readonly name: string
  /** Ebb's version, for the version label. */
  readonly version: string
  readonly scaledObject: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly labels: Strings
    readonly annotations: Strings
  }
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string }
  /** At least 1: an HPA cannot rest at 0. */
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly behavior: Behavior | undefined
  /** Pauses of one direction, by annotation or `--hold`: that direction is disabled in the HPA too. */
  readonly noScaleIn: boolean
  readonly noScaleOut: boolean
  /** In the order of the triggers. cpu and memory come as the specs they are passed on as. */
  readonly metrics: readonly (HpaMetric | MetricSpec)[]
}

const excludedLabels = 'scaledobject.keda.sh/hpa-excluded-labels'

/** The keys of labels and annotations that the HPA has from its ScaledObject, so that a later removal is seen. */
const copiedKeys = annotation('copied-keys')

/** The HPA that a ScaledObject wants, as KEDA makes it (keda-behaviour.md 1.10, 2.4, 2.5). */
export function generateHpa(facts: HpaFacts): Hpa & Required<Pick<Hpa, 'apiVersion' | 'kind'>> {
  const { scaledObject, target } = facts
  const behavior = withPauses(facts)
  const labels = {
    ...ownLabels(facts.name, scaledObject.name, facts.version),
    ...copiedLabels(scaledObject.labels, scaledObject.annotations[excludedLabels]),
    // objects of a Helm chart have a label of that name with another value
    ...foundBy,
  }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name: facts.name,
      namespace: scaledObject.namespace,
      labels,
      annotations: {
        ...scaledObject.annotations,
        [copiedKeys]: keysOf(labels, scaledObject.annotations),
      },
      ownerReferences: [
        {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledObject',
          name: scaledObject.name,
          uid: scaledObject.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      scaleTargetRef: { apiVersion: target.apiVersion, kind: target.kind, name: target.name },
      minReplicas: facts.minReplicas,
      maxReplicas: facts.maxReplicas,
      metrics: sorted(
        facts.metrics.map((m) => ('index' in m ? externalMetric(m, scaledObject.name) : m)),
      ),
      ...(behavior !== undefined && { behavior }),
    },
  }
}

/** By type, as KEDA does: ContainerResource, External, Resource; within a type in the order of the triggers. */
const sorted = (metrics: readonly MetricSpec[]): readonly MetricSpec[] =>
  metrics.toSorted((a, b) => (a.type === b.type ? 0 : a.type < b.type ? -1 : 1))

const externalMetric = (m: HpaMetric, scaledObject: string): MetricSpec => ({
  type: 'External',
  external: {
    metric: {
      name: metricName(m.index, m.name),
      selector: { matchLabels: { [nameLabel]: scaledObject } },
    },
    target: externalTarget(m),
  },
})

/** The one metric that scalingModifiers put in place of all external ones (keda-behaviour.md 2.6). */
export const compositeSpec = (modifiers: Modifiers, scaledObject: string): MetricSpec => ({
  type: 'External',
  external: {
    metric: { name: compositeMetric, selector: { matchLabels: { [nameLabel]: scaledObject } } },
    target:
      modifiers.metricType === 'Value'
        ? { type: 'Value', value: compositeTarget(modifiers) }
        : { type: 'AverageValue', averageValue: compositeTarget(modifiers) },
  },
})

/** The metric of `ebb.dev/demand: sum`: its value is a count of replicas. */
export const sumSpec = (scaledObject: string): MetricSpec => ({
  type: 'External',
  external: {
    metric: { name: sumMetric, selector: { matchLabels: { [nameLabel]: scaledObject } } },
    target: { type: 'AverageValue', averageValue: '1' },
  },
})

function externalTarget({ metricType = '', target, form }: HpaMetric): MetricTarget {
  const quantity = formatTarget(target, form)
  return metricType === '' || metricType === 'AverageValue'
    ? { type: 'AverageValue', averageValue: quantity }
    : { type: metricType, value: quantity }
}

function withPauses({ behavior, noScaleIn, noScaleOut }: HpaFacts): Behavior | undefined {
  const disabled = { selectPolicy: 'Disabled' }
  if (!noScaleIn && !noScaleOut) return behavior
  return {
    ...behavior,
    ...(noScaleIn && { scaleDown: { ...behavior?.scaleDown, ...disabled } }),
    ...(noScaleOut && { scaleUp: { ...behavior?.scaleUp, ...disabled } }),
  }
}

const keysOf = (labels: Strings, annotations: Strings): string =>
  [labels, annotations].map((set) => Object.keys(set).toSorted().join(',')).join(';')

/**
 * The spec as the API server stores it (autoscaling/v2 defaulting): minReplicas 1, cpu at 80 % where there is no metric,
 * a behavior completed where there is one. Only the fields that this API version knows; null and absent are one.
 */
export function defaultHpa(spec: HpaSpec): HpaSpec {
  const { scaleTargetRef, maxReplicas, behavior } = spec
  const metrics = spec.metrics ?? []
  return {
    scaleTargetRef: { ...scaleTargetRef },
    minReplicas: spec.minReplicas ?? 1,
    maxReplicas,
    metrics: metrics.length > 0 ? metrics : [defaultMetric],
    ...(behavior !== undefined && behavior !== null && { behavior: completeBehavior(behavior) }),
  }
}

const defaultMetric: MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}

/**
 * Whether the cluster's HPA must be written to become the desired one. Compared after defaulting, quantities by value.
 * Labels and annotations are the desired ones where desired has them; those it no longer has count only if Ebb put them
 * there (the desired annotations record which), so what others add to the HPA stays and is not fought over.
 */
export function hpaDiffers(desired: Hpa, found: Hpa): boolean {
  const wanted = desired.metadata
  const has = found.metadata
  return !(
    contains(has.labels, wanted.labels) &&
    contains(has.annotations, wanted.annotations) &&
    (wanted.ownerReferences ?? []).every((owner) => owns(has.ownerReferences, owner)) &&
    alike(defaultHpa(desired.spec), defaultHpa(found.spec))
  )
}

/** The object to replace `found` with: desired, with the version that was read and what others added to it. */
export function renewHpa(desired: Hpa, found: Hpa): Hpa {
  const { metadata: has } = found
  const [labels = '', annotations = ''] = (has.annotations?.[copiedKeys] ?? '').split(';')
  return {
    ...desired,
    metadata: {
      ...has,
      ...desired.metadata,
      labels: { ...without(has.labels, labels), ...desired.metadata.labels },
      annotations: { ...without(has.annotations, annotations), ...desired.metadata.annotations },
    },
  }
}

const without = (set: Strings | undefined, keys: string): Strings => {
  const gone = new Set(keys.split(','))
  return Object.fromEntries(Object.entries(set ?? {}).filter(([key]) => !gone.has(key)))
}

const contains = (has: Strings | undefined, wanted: Strings | undefined): boolean =>
  Object.entries(wanted ?? {}).every(([key, value]) => has?.[key] === value)

const owns = (has: readonly OwnerReference[] | undefined, wanted: OwnerReference): boolean =>
  has?.some((o) => o.uid === wanted.uid && o.controller === wanted.controller) ?? false

/** The keys under which autoscaling/v2 holds quantities. */
const quantities = new Set(['value', 'averageValue', 'tolerance'])

/** Deep equality of plain data: null and absent are one, quantities are compared by value. */
function alike(a: unknown, b: unknown, key = ''): boolean {
  if (a === b || (isAbsent(a) && isAbsent(b))) return true
  if (quantities.has(key)) return sameQuantity(String(a), String(b))
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((k) => alike(a[k], b[k], k))
}

const isAbsent = (x: unknown): boolean => x === undefined || x === null

/** Arrays count as objects whose keys are their places. */
const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === 'object' && x !== null
