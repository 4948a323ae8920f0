import { parseMilli } from '../core/quantity.ts'
import { kinds } from '../kinds.ts'
import {
  completeHpa,
  completeJob,
  completePod,
  completeSecret,
  completeWorkload,
} from './defaults.ts'
import type { Tree } from './json.ts'
import { treeAt, valueAt } from './json.ts'
import { labelProblems } from './meta.ts'
import type { Rule } from './rule.ts'
import { labelMatcher, selectorText } from './selector.ts'

const nothingWrong = (): readonly string[] => []
const asItIs = (object: Tree): Tree => object

const plain: Omit<Rule, 'kind'> = {
  status: false,
  generation: false,
  unconditional: true,
  scale: undefined,
  complete: asItIs,
  problems: nothingWrong,
}

const workload: Omit<Rule, 'kind'> = {
  status: true,
  generation: true,
  unconditional: true,
  scale: {
    replicas: ['spec', 'replicas'],
    status: ['status', 'replicas'],
    selector: (object) => selectorText(valueAt(object, ['spec', 'selector'])),
  },
  complete: completeWorkload,
  problems: workloadProblems,
}

/** The rules of the kinds of src/kinds.ts that every cluster has; those of keda.sh come with their definitions. */
export const builtinRules: readonly Rule[] = [
  { ...workload, kind: kinds.deployment },
  { ...workload, kind: kinds.statefulSet },
  { ...workload, kind: kinds.replicaSet },
  {
    ...plain,
    kind: kinds.hpa,
    status: true,
    complete: completeHpa,
    problems: hpaProblems,
  },
  {
    ...plain,
    kind: kinds.job,
    status: true,
    generation: true,
    complete: completeJob,
    problems: templateProblems,
  },
  { ...plain, kind: kinds.pod, status: true, generation: true, complete: completePod },
  { ...plain, kind: kinds.namespace, status: true },
  { ...plain, kind: kinds.secret, complete: completeSecret },
  { ...plain, kind: kinds.configMap },
  { ...plain, kind: kinds.event },
  { ...plain, kind: kinds.lease, unconditional: false },
  { ...plain, kind: kinds.apiService, status: true, unconditional: false },
  { ...plain, kind: kinds.tokenReview },
  { ...plain, kind: kinds.subjectAccessReview },
]

function workloadProblems(object: Tree): readonly string[] {
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
function templateProblems(object: Tree): readonly string[] {
  return labelProblems(
    treeAt(object, 'spec', 'template', 'metadata', 'labels'),
    'spec.template.metadata.labels',
  )
}

function hpaProblems(object: Tree): readonly string[] {
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
