import { parseMilli } from '../core/quantity.ts'
import type { Tree } from './json.ts'
import { textAt, treeAt, valueAt } from './json.ts'
import { labelProblems } from './meta.ts'
import { labelMatcher, selectorText } from './selector.ts'

/** What the API server finds wrong with objects of built-in kinds, as far as Ebb and its users could get it wrong. */

export function workloadProblems(object: Tree): readonly string[] {
  const found: string[] = []
  const replicas = valueAt(object, ['spec', 'replicas'])
  if (!Number.isInteger(replicas) || Number(replicas) < 0)
    found.push('spec.replicas: must be an integer of at least 0')
  const selector = selectorText(valueAt(object, ['spec', 'selector']))
  if (selector === undefined || selector === '') found.push('spec.selector: is required')
  else if (!labelMatcher(selector)(treeAt(object, 'spec', 'template', 'metadata', 'labels')))
    found.push('spec.template.metadata.labels: must match spec.selector')
  return [...found, ...templateProblems(object)]
}

/** A pod made of the template must never be refused. */
export function templateProblems(object: Tree): readonly string[] {
  return labelProblems(
    treeAt(object, 'spec', 'template', 'metadata', 'labels'),
    'spec.template.metadata.labels',
  )
}

export function hpaProblems(object: Tree): readonly string[] {
  const { minReplicas, maxReplicas, metrics } = treeAt(object, 'spec')
  const found: string[] = []
  if (!Number.isInteger(maxReplicas) || Number(maxReplicas) < 1)
    found.push('spec.maxReplicas: must be greater than 0')
  if (!Number.isInteger(minReplicas) || Number(minReplicas) < 1)
    found.push('spec.minReplicas: must be greater than or equal to 1')
  if (Number(maxReplicas) < Number(minReplicas))
    found.push('spec.maxReplicas: must be greater than or equal to spec.minReplicas')
  return [...found, ...targetProblems(metrics)]
}

/** The targets of external metrics; all other metrics are taken as they are. */
function targetProblems(metrics: unknown): readonly string[] {
  return (Array.isArray(metrics) ? metrics : []).flatMap((metric, at) => {
    const external = valueAt(metric, ['external'])
    if (external === undefined) return []
    const { value, averageValue } = treeAt(external, 'target')
    const [quantity, ...more] = [value, averageValue].filter((given) => given !== undefined)
    const good =
      more.length === 0 && typeof quantity === 'string' && (parseMilli(quantity) ?? 0) > 0
    return good ? [] : [`spec.metrics[${at}].external.target: must be one positive quantity`]
  })
}

/** Times that events.k8s.io and leases take with microseconds and no other way. */
const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/

const microProblems = (object: Tree, ...path: readonly string[]): readonly string[] => {
  const value = valueAt(object, path)
  if (value === undefined || (typeof value === 'string' && microTime.test(value))) return []
  return [`${path.join('.')}: must be a time with microseconds`]
}

export const leaseProblems = (lease: Tree): readonly string[] => [
  ...microProblems(lease, 'spec', 'acquireTime'),
  ...microProblems(lease, 'spec', 'renewTime'),
]

export function eventProblems(event: Tree): readonly string[] {
  const found: string[] = [...microProblems(event, 'eventTime')]
  const limits = { reportingController: 128, reportingInstance: 128, action: 128, reason: 128 }
  for (const field of ['eventTime', ...Object.keys(limits)])
    if (textAt(event, field) === '') found.push(`${field}: is required`)
  for (const [field, limit] of Object.entries({ ...limits, note: 1024 }))
    if (textAt(event, field).length > limit) found.push(`${field}: is longer than ${limit}`)
  if (!['Normal', 'Warning'].includes(textAt(event, 'type')))
    found.push('type: must be Normal or Warning')
  const about = textAt(event, 'regarding', 'namespace')
  if (textAt(event, 'metadata', 'namespace') !== (about === '' ? 'default' : about))
    found.push(
      'regarding.namespace: must be that of the event, which is default where there is none',
    )
  return found
}
