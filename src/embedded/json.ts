import { isDeepStrictEqual } from 'node:util'
import type { Meta, Resource } from '../resources.ts'

/** A JSON object whose members are not known further. */
export interface Tree {
  readonly [key: string]: unknown
}

/** An object as the embedded cluster keeps it: complete metadata, deeply frozen, shared by all who read it. */
export type Stored = Tree & {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: StoredMeta
}

export interface StoredMeta extends Meta {
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
  readonly deletionGracePeriodSeconds?: number
}

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The member as an object; an empty one where it is absent or something else. */
export const treeAt = (value: unknown, ...path: readonly string[]): Tree => {
  const found = valueAt(value, path)
  return isTree(found) ? found : {}
}

/** What stands at a path of member names; undefined where the path leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let here = value
  for (const step of path) here = isTree(here) && Object.hasOwn(here, step) ? here[step] : undefined
  return here
}

/** A copy of `tree` with `value` at the path; members on the way are made where they are missing. */
export function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [step, ...rest] = path
  if (step === undefined) return isTree(value) ? value : {}
  const inner = rest.length === 0 ? value : withValue(treeAt(tree, step), rest, value)
  return { ...tree, [step]: inner }
}

/** A copy without some members. */
export const omit = (tree: Tree, ...keys: readonly string[]): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([key]) => !keys.includes(key)))

/** The member as text; '' where it is absent or something else. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, path)
  return typeof found === 'string' ? found : ''
}

/** Any object as a tree: types of resources have no index signature, their values do. */
export const asTree = (value: Resource | object): Tree => value as unknown as Tree

/**
 * A deeply frozen copy, as JSON would carry it: members that are undefined are left out. What is frozen already was made here,
 * since nothing else freezes, and is not copied again.
 */
export function frozen<T>(value: T): T {
  // The copy has the shape of what was copied.
  return freeze(value) as T
}

function freeze(value: unknown): unknown {
  if (Object.isFrozen(value)) return value
  if (Array.isArray(value)) return Object.freeze(value.map((item) => freeze(item)))
  if (!isTree(value)) return value
  const copy: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value))
    if (member !== undefined) copy[key] = freeze(member)
  return Object.freeze(copy)
}

/** Whether two values are the same JSON. */
export const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b)

/** JSON merge patch (RFC 7386): null deletes, objects are merged, all else replaces. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isTree(patch)) return patch
  const result: Record<string, unknown> = isTree(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}
