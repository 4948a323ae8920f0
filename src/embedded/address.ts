import type { Ref } from '../cluster.ts'
import { failure } from '../errors.ts'
import { apiVersionOf } from '../kinds.ts'
import type { Identity } from './identity.ts'
import type { Tree } from './json.ts'
import { textAt, treeAt } from './json.ts'
import type { Rule } from './rule.ts'

/** What the messages call an object. */
export const nameOf = (
  rule: Rule,
  ref: { readonly namespace?: string; readonly name: string },
): string => {
  const place = ref.namespace === undefined || ref.namespace === '' ? '' : `${ref.namespace}/`
  return `${rule.kind.kind} ${place}${ref.name}`
}

/** The place of an object; '' for what it does not say. */
export const refOf = (object: Tree): Ref => ({
  namespace: textAt(object, 'metadata', 'namespace'),
  name: textAt(object, 'metadata', 'name'),
})

/** With `generateName` instead of a name, one is made up. */
export function named(object: Tree, identity: Identity): Tree {
  const { name, generateName } = treeAt(object, 'metadata')
  if (typeof generateName !== 'string' || (name !== undefined && name !== '')) return object
  return {
    ...object,
    metadata: { ...treeAt(object, 'metadata'), name: `${generateName}${identity.suffix()}` },
  }
}

/** The object as one of this kind, or a refusal where it says that it is another or is not fully named. */
export function addressed(rule: Rule, object: Tree): Tree {
  const whole = { apiVersion: apiVersionOf(rule.kind), kind: rule.kind.kind, ...object }
  const why = addressProblem(rule, whole)
  if (why !== undefined) throw failure('CLUSTER_INVALID', { what: nameOf(rule, refOf(whole)), why })
  return whole
}

function addressProblem({ kind }: Rule, object: Tree): string | undefined {
  const { namespace, name } = refOf(object)
  if (object['kind'] !== kind.kind || object['apiVersion'] !== apiVersionOf(kind))
    return `it is not a ${kind.kind} of ${apiVersionOf(kind)}`
  if (name === '') return 'metadata.name: is required'
  if (kind.namespaced === (namespace !== '')) return undefined
  return `metadata.namespace: ${kind.namespaced ? 'is required' : 'this kind has none'}`
}
