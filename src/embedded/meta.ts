import type { Stored, Tree } from './json.ts'
import { frozen, same, treeAt } from './json.ts'
import type { Rule } from './rule.ts'

/** The part of the metadata that only the server sets. */
export interface SystemMeta {
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
  readonly generation: number | undefined
  readonly deletionTimestamp: string | undefined
  readonly deletionGracePeriodSeconds: number | undefined
}

export const systemMeta = ({ metadata }: Stored): SystemMeta => ({
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
  creationTimestamp: metadata.creationTimestamp,
  generation: metadata.generation,
  deletionTimestamp: metadata.deletionTimestamp,
  deletionGracePeriodSeconds: metadata.deletionGracePeriodSeconds,
})

/** The object pruned and defaulted, with the server's own metadata whatever the caller wrote there. */
export function completed(rule: Rule, object: Tree, system: SystemMeta): Stored {
  const whole = rule.complete(frozen(object))
  const { managedFields: _, ...metadata } = treeAt(whole, 'metadata')
  // `addressed` and `complete` keep apiVersion, kind and name.
  return { ...whole, metadata: { ...tidy(metadata), ...system } } as unknown as Stored
}

/** Empty maps and lists of the metadata are not kept, as a real server leaves them out. */
function tidy(metadata: Tree): Tree {
  const empty = (value: unknown): boolean =>
    value === null ||
    (Array.isArray(value) ? value.length === 0 : typeof value === 'object' && same(value, {}))
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => !empty(value)))
}

const dnsName = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

/** What is wrong with an object's metadata, given what it was before. */
export function metaProblems(object: Tree, before: Stored | undefined): readonly string[] {
  const { name, finalizers, deletionTimestamp, labels } = treeAt(object, 'metadata')
  const found: string[] = []
  if (typeof name !== 'string' || name.length > 253 || !(dnsName.test(name) || before))
    found.push(`metadata.name: "${String(name)}" is not a DNS subdomain name`)
  found.push(...labelProblems(labels, 'metadata.labels'))
  const known: readonly unknown[] = before?.metadata.finalizers ?? []
  const added = (Array.isArray(finalizers) ? finalizers : []).filter((f) => !known.includes(f))
  if (deletionTimestamp !== undefined && added.length > 0)
    found.push('metadata.finalizers: none can be added while the object is being deleted')
  return found
}

const labelText = /^$|^(?=.{1,63}$)[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$/

/** What is wrong with labels that stand at a path. */
export const labelProblems = (labels: unknown, path: string): readonly string[] =>
  Object.entries(treeAt({ labels }, 'labels'))
    .filter(([, value]) => typeof value !== 'string' || !labelText.test(value))
    .map(([key]) => `${path}: the value of ${key} is not a label value`)
