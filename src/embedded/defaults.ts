import type { HpaSpec } from '../core/autoscaling.ts'
import { defaultHpa } from '../core/hpa.ts'
import type { Tree } from './json.ts'
import { omit, treeAt } from './json.ts'

/** A Deployment, StatefulSet or ReplicaSet as the API server completes it, as far as scaling can see it. */
export const completeWorkload = (object: Tree): Tree => withSpec(object, { replicas: 1 })

export const completeJob = (object: Tree): Tree => {
  const { completions, parallelism } = treeAt(object, 'spec')
  // Without either the job is one pod; with parallelism alone it is a work queue and has no completions.
  const one = completions === undefined && parallelism === undefined
  return withSpec(object, {
    parallelism: 1,
    ...(one ? { completions: 1 } : {}),
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
  })
}

export const completePod = (object: Tree): Tree =>
  withSpec(object, { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 })

export const completeHpa = (object: Tree): Tree => ({
  ...object,
  // Whether it is the spec of an HPA is judged after completion.
  spec: defaultHpa(treeAt(object, 'spec') as unknown as HpaSpec),
})

/** `stringData` becomes base64 `data`, as it is stored and read. */
export function completeSecret(object: Tree): Tree {
  const given = Object.entries(treeAt(object, 'stringData')).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ])
  const data = { ...treeAt(object, 'data'), ...Object.fromEntries(given) }
  const filled = Object.keys(data).length > 0 ? { data } : {}
  return { type: 'Opaque', ...omit(object, 'stringData', 'data'), ...filled }
}

const withSpec = (object: Tree, defaults: Tree): Tree => ({
  ...object,
  spec: { ...defaults, ...treeAt(object, 'spec') },
})
