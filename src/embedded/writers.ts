import { rfc3339, type Clock } from '../clock.ts'
import type { ManagedFields } from '../core/foreign.ts'
import { same, valueAt, withValue, type Stored, type Tree } from './json.ts'
import type { Rule } from './rule.ts'

/** Who makes a request. */
export interface By {
  /** The field manager. */
  readonly manager: string
  readonly subresource?: 'scale'
}

/** The controllers of the cluster itself. */
export const controllers: By = { manager: 'kube-controller-manager' }

/**
 * The part of `metadata.managedFields` that is kept: who owns the replicas of a kind with /scale. An update that changes them
 * makes its manager their only owner; an apply of the same value one more. As on a real server, writes through /scale have no
 * time, nor has an apply that changed nothing.
 */
export interface Writers {
  wrote(rule: Rule, by: By, before: Stored | undefined, after: Stored): void
  /** `named`: whether the replicas are among what is applied. */
  applied(rule: Rule, by: By, before: Stored | undefined, after: Stored, named: boolean): void
  of(uid: string): readonly ManagedFields[]
  forget(uid: string): void
}

export function createWriters(clock: Clock): Writers {
  const owners = new Map<string, readonly ManagedFields[]>()

  const entry = (
    { scale }: Rule,
    { manager, subresource }: By,
    operation: string,
    timed: boolean,
  ): ManagedFields => ({
    manager,
    operation,
    ...(subresource !== undefined && { subresource }),
    ...(timed && { time: rfc3339(clock.now()) }),
    fieldsV1: withValue(
      {},
      (scale?.replicas ?? []).map((step) => `f:${step}`),
      {},
    ),
  })

  const changed = ({ scale }: Rule, before: Stored | undefined, after: Stored): boolean =>
    scale !== undefined &&
    !same(before && valueAt(before, scale.replicas), valueAt(after, scale.replicas))

  return {
    wrote(rule, by, before, after) {
      if (!changed(rule, before, after)) return
      const timed = by.subresource === undefined
      owners.set(after.metadata.uid, [entry(rule, by, 'Update', timed)])
    },
    applied(rule, by, before, after, named) {
      if (rule.scale === undefined) return
      const { uid } = after.metadata
      const others = (owners.get(uid) ?? []).filter(
        (one) => one.operation !== 'Apply' || one.manager !== by.manager,
      )
      const stay = before === undefined || changed(rule, before, after) ? [] : others
      owners.set(uid, named ? [...stay, entry(rule, by, 'Apply', before !== after)] : stay)
    },
    of: (uid) => owners.get(uid) ?? [],
    forget: (uid) => owners.delete(uid),
  }
}

/** The object as a server gives it: with who set what. */
export function managed(writers: Writers, object: Stored): Stored {
  const managedFields = writers.of(object.metadata.uid)
  if (managedFields.length === 0) return object
  return { ...object, metadata: { ...object.metadata, managedFields } }
}

export const isNamed = ({ scale }: Rule, draft: Tree): boolean =>
  scale !== undefined && valueAt(draft, scale.replicas) !== undefined
