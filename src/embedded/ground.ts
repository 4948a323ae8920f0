import type { Clock } from '../clock.ts'
import type { Kind } from '../kinds.ts'
import type { Resource } from '../resources.ts'
import { refOf } from './address.ts'
import type { Identity } from './identity.ts'
import { merged, same, treeAt, type Tree } from './json.ts'
import type { Owners } from './owners.ts'
import type { Rule } from './rule.ts'
import type { Rules } from './rules.ts'
import type { Server } from './server.ts'
import type { Store } from './store.ts'

/** What the port and the controllers stand on. */
export interface Ground {
  readonly clock: Clock
  readonly store: Store
  readonly server: Server
  readonly rules: Rules
  readonly owners: Owners
  readonly identity: Identity
}

/** The rule of a kind of src/kinds.ts, which every embedded cluster knows. */
export function builtin(rules: Rules, kind: Kind<Resource>): Rule {
  const rule = rules.byPlural(kind)
  if (!rule) throw new TypeError(`no rule for ${kind.kind}`)
  return rule
}

/** Writes the status of this very object, where it still exists. */
export function patchStatus(ground: Ground, rule: Rule, uid: string, status: Tree): void {
  const object = ground.store.byUid(uid)
  if (!object) return
  const before = treeAt(object, 'status')
  // controllers report what they find time and again
  if (same(merged(before, status), before)) return
  ground.server.patch(rule, refOf(object), { metadata: { uid }, status }, 'status')
}

/** Removes this very object, where it still exists. */
export function removeObject(ground: Ground, rule: Rule, uid: string, now = false): void {
  const object = ground.store.byUid(uid)
  if (object) ground.server.remove(rule, refOf(object), { uid, now })
}

/** A name that no object of the kind has in the namespace; the prefix is cut where the name would be too long. */
export function freshName(ground: Ground, rule: Rule, namespace: string, prefix: string): string {
  for (;;) {
    const name = `${prefix.slice(0, 247)}${ground.identity.suffix()}`
    if (!ground.server.get(rule, { namespace, name })) return name
  }
}
