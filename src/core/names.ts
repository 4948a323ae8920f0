/** The label that ties an external metric, and a ScaledObject to itself; its value is the ScaledObject's name. */
export const nameLabel = 'scaledobject.keda.sh/name'

/** The finalizer of all four kinds. */
export const finalizer = 'finalizer.keda.sh'

/** The metric that scalingModifiers put in place of all external ones; it carries no index. */
export const compositeMetric = 'composite-metric'

/** The metric that `ebb.dev/demand: sum` puts in place of all external ones. */
export const sumMetric = 'ebb-demand-sum'

/** The metric's name as the HPA asks for it. `index` is the place in `spec.triggers`, cpu and memory counted. */
export const metricName = (index: number, name: string): string => `s${index}-${normalise(name)}`

/** KEDA's rule: the characters `/ . : % ( )` become `-`, nothing else is touched. */
export const normalise = (name: string): string => name.replace(/[/.:%()]/g, '-')

/** What the HPA is called unless the spec names it. */
export const hpaName = (scaledObject: string): string => `keda-hpa-${scaledObject}`

/** What the HPA is called; an empty name counts as none. */
export const hpaNameFor = (scaledObject: string, named: string | undefined): string =>
  named || hpaName(scaledObject)

/** A label value: at most 63 characters, and none at its end that a label value may not end in. */
export const labelValue = (text: string): string => text.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '')

type Labels = Readonly<Record<string, string>>

/** The label by which Ebb follows what it made. */
export const foundBy: Labels = { 'app.kubernetes.io/managed-by': 'keda-operator' }

/** The labels every object made for a workload carries, under the values by which KEDA's are found. */
export const ownLabels = (name: string, partOf: string, version: string): Labels => ({
  'app.kubernetes.io/name': labelValue(name),
  'app.kubernetes.io/version': labelValue(version),
  'app.kubernetes.io/part-of': labelValue(partOf),
  ...foundBy,
})

/** The workload's labels without those its exclusion annotation names. Like KEDA, splits at commas and trims nothing. */
export function copiedLabels(labels: Labels | undefined, excluded: string | undefined): Labels {
  const left = new Set(excluded?.split(','))
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !left.has(key)))
}

/** Whether a trigger is only handed on to the HPA, which measures it itself. */
export const isResourceTrigger = (type: string): boolean => type === 'cpu' || type === 'memory'
