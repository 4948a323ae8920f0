import type { Tree } from './json.ts'
import { isTree, same, valueAt, withValue } from './json.ts'

/**
 * Who set which fields of one object, as paths of leaves (see `leavesOf`).
 *
 * A subset of server-side apply: there is one applier (`ebb`), always forced, and one other owner that stands for
 * everyone who creates, replaces or patches. Lists are set and owned whole, save `metadata.finalizers` (by item) and
 * `metadata.ownerReferences` (by uid); a real server merges more lists by key.
 */
export interface Ownership {
  readonly applied: ReadonlySet<string>
  readonly others: ReadonlySet<string>
}

/** The owners of an object that nobody has applied yet. */
export const unapplied = (object: Tree): Ownership => ({
  applied: new Set(),
  others: new Set(leavesOf(object).keys()),
})

/** The object with the fields of `applied` set and those dropped that only an earlier apply had set. */
export function applyFields(
  object: Tree,
  wanted: Tree,
  ownership: Ownership,
): { readonly object: Tree; readonly ownership: Ownership } {
  const leaves = leavesOf(wanted)
  const before = leavesOf(object)
  const others = new Set(ownership.others)
  let result = object
  for (const path of ownership.applied)
    if (!leaves.has(path) && !others.has(path)) result = unset(result, steps(path))
  for (const [path, value] of leaves) {
    if (before.has(path) && !same(before.get(path), value)) others.delete(path)
    result = set(result, steps(path), value)
  }
  return { object: result, ownership: { applied: new Set(leaves.keys()), others } }
}

/** The owners after someone else changed the object: what was changed is theirs, what is gone is nobody's. */
export function changedByOthers(ownership: Ownership, before: Tree, after: Tree): Ownership {
  const applied = new Set(ownership.applied)
  const others = new Set(ownership.others)
  const [was, is] = [leavesOf(before), leavesOf(after)]
  for (const [path, value] of is) {
    if (was.has(path) && same(was.get(path), value)) continue
    applied.delete(path)
    others.add(path)
  }
  for (const path of was.keys()) {
    if (is.has(path)) continue
    applied.delete(path)
    others.delete(path)
  }
  return { applied, others }
}

const server = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
])

/** Items of these lists are leaves of their own, named by this member (or by the item itself). */
const keyed: Readonly<Record<string, string>> = {
  'metadata\0finalizers': '',
  'metadata\0ownerReferences': 'uid',
}

const steps = (path: string): readonly string[] => path.split('\0')

/** Each leaf of an object with its value, except what the server sets itself. */
function leavesOf(object: Tree): Map<string, unknown> {
  const leaves = new Map<string, unknown>()
  const visit = (value: unknown, path: string): void => {
    const by = keyed[path]
    if (by !== undefined && Array.isArray(value))
      for (const item of value) leaves.set(`${path}\0${idOf(item, by)}`, item)
    else if (isTree(value) && Object.keys(value).length > 0)
      for (const [key, member] of Object.entries(value)) visit(member, `${path}\0${key}`)
    else leaves.set(path, value)
  }
  for (const [key, value] of Object.entries(object)) {
    if (key === 'apiVersion' || key === 'kind') continue
    if (key !== 'metadata' || !isTree(value)) visit(value, key)
    else
      for (const [name, member] of Object.entries(value))
        if (!server.has(name)) visit(member, `metadata\0${name}`)
  }
  return leaves
}

const idOf = (item: unknown, by: string): string =>
  by !== '' && isTree(item) ? String(item[by]) : String(item)

function set(tree: Tree, path: readonly string[], value: unknown): Tree {
  const by = keyed[path.slice(0, 2).join('\0')]
  if (by === undefined) {
    // An empty object asks only that there be one.
    const kept = isTree(value) && isTree(valueAt(tree, path))
    return kept ? tree : withValue(tree, path, value)
  }
  const list = listAt(tree, path)
  const at = list.findIndex((item) => idOf(item, by) === path[2])
  return withValue(tree, path.slice(0, 2), at < 0 ? [...list, value] : list.with(at, value))
}

function unset(tree: Tree, path: readonly string[]): Tree {
  const by = keyed[path.slice(0, 2).join('\0')]
  if (by === undefined) return without(tree, path)
  const left = listAt(tree, path).filter((item) => idOf(item, by) !== path[2])
  return withValue(tree, path.slice(0, 2), left.length === 0 ? undefined : left)
}

function listAt(tree: Tree, [first = '', second = '']: readonly string[]): readonly unknown[] {
  const outer = tree[first]
  const list = isTree(outer) ? outer[second] : undefined
  return Array.isArray(list) ? list : []
}

/** Takes a member away, and every object that this leaves empty, as removing an owned field does. */
function without(tree: Tree, [step = '', ...rest]: readonly string[]): Tree {
  const { [step]: member, ...others } = tree
  if (rest.length === 0 || !isTree(member)) return others
  const inner = without(member, rest)
  return Object.keys(inner).length === 0 ? others : { ...tree, [step]: inner }
}
