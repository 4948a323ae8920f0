import type { Clock } from '../clock.ts'
import { rfc3339 } from '../clock.ts'
import type { Ref } from '../cluster.ts'
import { failure } from '../errors.ts'
import { addressed, named, nameOf, refOf } from './address.ts'
import { graceOf, held, marked, waitsForGrace } from './deletion.ts'
import type { Identity } from './identity.ts'
import type { Stored, Tree } from './json.ts'
import { frozen, isTree, merged, omit, same, treeAt, valueAt } from './json.ts'
import { completed, metaProblems, systemMeta } from './meta.ts'
import type { Ownership } from './ownership.ts'
import { applyFields, changedByOthers, unapplied } from './ownership.ts'
import type { Rule } from './rule.ts'
import { kindId } from './rule.ts'
import type { Store } from './store.ts'
import { keyOf } from './store.ts'
import { controllers, createWriters, isNamed, managed, type By } from './writers.ts'

/** The rules of the API over the store. All is done at once and in order: no call waits. */
export interface Server {
  get(rule: Rule, ref: Ref): Stored | undefined
  /** With managedFields. */
  whole(rule: Rule, ref: Ref): Stored | undefined
  /** Whoever writes is one of the cluster's own controllers, unless `by` says otherwise. */
  create(rule: Rule, object: Tree, by?: By): Stored
  replace(rule: Rule, object: Tree, by?: By): Stored
  patch(rule: Rule, ref: Ref, patch: Tree, part: Part, by?: By): Stored
  apply(rule: Rule, object: Tree, by?: By): Stored
  /** `now`: without the grace a running pod is given. */
  remove(rule: Rule, ref: Ref, options: { readonly uid?: string; readonly now?: boolean }): void
}

/** Which part of an object a write may touch; the rest stays as it is. */
export type Part = 'main' | 'status'

export function createServer(store: Store, clock: Clock, identity: Identity): Server {
  const ownerships = new Map<string, Ownership>()
  const writers = createWriters(clock)
  store.onChange((change) => {
    if (change.after) return
    ownerships.delete(change.object.metadata.uid)
    writers.forget(change.object.metadata.uid)
  })

  const get = (rule: Rule, ref: Ref): Stored | undefined => store.get(kindId(rule.kind), keyOf(ref))

  const existing = (rule: Rule, ref: Ref): Stored => {
    const found = get(rule, ref)
    if (!found) throw failure('CLUSTER_NOT_FOUND', { what: nameOf(rule, ref) })
    return found
  }

  const check = (rule: Rule, object: Tree, before: Stored | undefined): void => {
    const why = [...metaProblems(object, before), ...rule.problems(object)]
    if (why.length > 0)
      throw failure('CLUSTER_INVALID', { what: nameOf(rule, refOf(object)), why: why.join('; ') })
  }

  const create = (rule: Rule, input: Tree): Stored => {
    const draft = addressed(rule, named(input, identity))
    if (valueAt(draft, ['metadata', 'resourceVersion']) !== undefined)
      throw failure('CLUSTER_FAILED', {
        what: `creating ${nameOf(rule, refOf(draft))}`,
        why: 'resourceVersion should not be set on objects to be created',
      })
    if (get(rule, refOf(draft)))
      throw failure('CLUSTER_EXISTS', { what: nameOf(rule, refOf(draft)) })
    const bare = rule.status ? omit(draft, 'status') : draft
    const whole = completed(rule, bare, {
      uid: identity.uid(),
      resourceVersion: '',
      creationTimestamp: rfc3339(clock.now()),
      generation: rule.generation ? 1 : undefined,
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
    })
    check(rule, whole, undefined)
    return store.put(kindId(rule.kind), whole)
  }

  /** Stores what `before` becomes; writes nothing where nothing changes. */
  const update = (rule: Rule, before: Stored, wanted: Tree, part: Part): Stored => {
    const mixed = partOf(rule, before, wanted, part)
    const whole = completed(rule, mixed, systemMeta(before))
    check(rule, whole, before)
    const changed = rule.generation && !same(counted(rule, before), counted(rule, whole))
    const next = changed
      ? {
          ...whole,
          metadata: { ...whole.metadata, generation: (before.metadata.generation ?? 0) + 1 },
        }
      : whole
    if (same(frozen(next), before)) return before
    const ended = next.metadata.deletionTimestamp !== undefined && !held(next)
    if (!ended || waitsForGrace(next)) return store.put(kindId(rule.kind), next)
    store.drop(kindId(rule.kind), keyOf(next.metadata))
    return frozen(next)
  }

  /** An update by someone who does not apply. */
  const updateByOthers = (rule: Rule, before: Stored, wanted: Tree, part: Part, by: By): Stored => {
    const after = update(rule, before, wanted, part)
    if (store.byUid(before.metadata.uid)) writers.wrote(rule, by, before, after)
    const known = ownerships.get(before.metadata.uid)
    if (known && store.byUid(before.metadata.uid))
      ownerships.set(before.metadata.uid, changedByOthers(known, before, after))
    return after
  }

  const guard = (rule: Rule, before: Stored, metadata: Tree): void => {
    const { resourceVersion, uid } = metadata
    const stale =
      resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion
    const other = uid !== undefined && uid !== before.metadata.uid
    if (stale || other) throw failure('CLUSTER_CONFLICT', { what: nameOf(rule, before.metadata) })
  }

  return {
    get,
    whole(rule, ref) {
      const found = get(rule, ref)
      return found && managed(writers, found)
    },
    create(rule, input, by = controllers) {
      const after = create(rule, input)
      writers.wrote(rule, by, undefined, after)
      return after
    },
    replace(rule, input, by = controllers) {
      const draft = addressed(rule, input)
      const before = existing(rule, refOf(draft))
      if (!rule.unconditional && valueAt(draft, ['metadata', 'resourceVersion']) === undefined)
        throw failure('CLUSTER_INVALID', {
          what: nameOf(rule, before.metadata),
          why: 'metadata.resourceVersion: must be specified for an update',
        })
      guard(rule, before, treeAt(draft, 'metadata'))
      return updateByOthers(rule, before, draft, 'main', by)
    },
    patch(rule, ref, patch, part, by = controllers) {
      const before = existing(rule, ref)
      if (part === 'status' && !rule.status)
        throw failure('CLUSTER_NOT_FOUND', { what: `the status of ${nameOf(rule, ref)}` })
      guard(rule, before, treeAt(patch, 'metadata'))
      const result = merged(before, patch)
      const wanted = isTree(result) ? result : before
      if (!same(refOf(wanted), refOf(before)))
        throw failure('CLUSTER_INVALID', {
          what: nameOf(rule, ref),
          why: 'metadata.name and metadata.namespace cannot be changed',
        })
      return updateByOthers(rule, before, wanted, part, by)
    },
    apply(rule, input, by = controllers) {
      const draft = addressed(rule, rule.status ? omit(input, 'status') : input)
      const before = get(rule, refOf(draft))
      if (!before) {
        const { object, ownership } = applyFields(draft, draft, none)
        const after = create(rule, object)
        ownerships.set(after.metadata.uid, ownership)
        writers.applied(rule, by, undefined, after, isNamed(rule, draft))
        return after
      }
      guard(rule, before, treeAt(draft, 'metadata'))
      const known = ownerships.get(before.metadata.uid) ?? unapplied(before)
      const { object, ownership } = applyFields(before, draft, known)
      const after = update(rule, before, object, 'main')
      if (!store.byUid(after.metadata.uid)) return after
      ownerships.set(after.metadata.uid, ownership)
      writers.applied(rule, by, before, after, isNamed(rule, draft))
      return after
    },
    remove(rule, ref, { uid, now }) {
      const before = get(rule, ref)
      if (!before) return
      guard(rule, before, { uid })
      const grace = now === true ? 0 : graceOf(rule, before)
      if (!held(before) && grace === 0) store.drop(kindId(rule.kind), keyOf(ref))
      else if (before.metadata.deletionTimestamp === undefined || (now && waitsForGrace(before)))
        store.put(kindId(rule.kind), marked(before, clock.now(), grace))
    },
  }
}

const none: Ownership = { applied: new Set(), others: new Set() }

/** The wanted part on top of all that this write may not touch. */
function partOf(rule: Rule, before: Stored, wanted: Tree, part: Part): Tree {
  if (!rule.status) return wanted
  return part === 'status'
    ? { ...before, status: wanted['status'] }
    : { ...wanted, status: before['status'] }
}

/** The part of an object whose changes the generation counts. */
function counted(rule: Rule, object: Tree): Tree {
  return omit(frozen(object), 'metadata', ...(rule.status ? ['status'] : []))
}
