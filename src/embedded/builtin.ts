import { kinds } from '../kinds.ts'
import {
  completeHpa,
  completeJob,
  completePod,
  completeSecret,
  completeWorkload,
} from './defaults.ts'
import type { Tree } from './json.ts'
import { valueAt } from './json.ts'
import type { Rule } from './rule.ts'
import { selectorText } from './selector.ts'
import {
  eventProblems,
  hpaProblems,
  leaseProblems,
  templateProblems,
  workloadProblems,
} from './validation.ts'

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
  { ...plain, kind: kinds.limitRange },
  { ...plain, kind: kinds.serviceAccount },
  { ...plain, kind: kinds.event, problems: eventProblems },
  { ...plain, kind: kinds.lease, unconditional: false, problems: leaseProblems },
  { ...plain, kind: kinds.apiService, status: true, unconditional: false },
  { ...plain, kind: kinds.webhooks },
  { ...plain, kind: kinds.tokenReview },
  { ...plain, kind: kinds.subjectAccessReview },
]
