import type { Cluster, ScalableKind } from '../cluster.ts'
import { failure } from '../errors.ts'
import { kinds, type Kind } from '../kinds.ts'
import type { Resource } from '../resources.ts'
import type { Call, Faults } from './faults.ts'
import type { Ground } from './ground.ts'
import type { Stored, Tree } from './json.ts'
import { asTree, frozen } from './json.ts'
import { listPage } from './page.ts'
import type { Policy } from './reviews.ts'
import { answerReview } from './reviews.ts'
import type { Rule } from './rule.ts'
import { kindId } from './rule.ts'
import { readScale, writeScale } from './scale.ts'
import type { Watches } from './watch.ts'
import type { By } from './writers.ts'

/** What the port has beside the ground all stand on. */
export interface Front {
  readonly watches: Watches
  readonly policy: Policy
  /** Asked anew at every call. */
  readonly faults: () => Faults
  readonly closed: () => boolean
}

/** The cluster port over the embedded server, for one field manager: kinds are looked up, faults come in, watches go out. */
export function createPort(
  { clock, store, server, rules }: Ground,
  { watches, policy, faults, closed }: Front,
  by: By,
): Omit<Cluster, 'close'> {
  const ruleOf = (kind: Kind<Resource>): Rule => {
    const rule = rules.byPlural(kind)
    if (!rule)
      throw failure('CLUSTER_NOT_FOUND', { what: `the resource ${kind.plural}.${kind.group}` })
    return rule
  }

  const admitted = async (call: Call, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    if (closed()) throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'it is closed' })
    const { before } = faults()
    if (before) await before(call, signal)
    signal.throwIfAborted()
  }

  const served = async <T>(call: Call, signal: AbortSignal, serve: () => T): Promise<T> => {
    await admitted(call, signal)
    const answer = serve()
    const { after } = faults()
    if (after) await after(call, signal)
    return answer
  }

  async function* watch<T extends Resource>(
    kind: Kind<T>,
    where: Parameters<Cluster['watch']>[1],
    signal: AbortSignal,
  ): ReturnType<Cluster['watch']> {
    await admitted(aim('watch', kind.plural, { namespace: where.namespace }), signal)
    const from = revisionOf(where.resourceVersion)
    yield* watches.open(kindId(ruleOf(kind).kind), where, from, signal)
  }

  return {
    server: 'embedded',
    list: (kind, where, signal) =>
      served(aim('list', kind.plural, { namespace: where.namespace }), signal, () => {
        const page = listPage(store, kindId(ruleOf(kind).kind), where)
        return { ...page, items: page.items.map((object) => typed(kind, object)) }
      }),
    // The store holds what was written under this kind, as a real server does.
    watch: watch as Cluster['watch'],
    get: (kind, ref, signal) =>
      served(aim('get', kind.plural, ref), signal, () => {
        const found = server.get(ruleOf(kind), ref)
        return found && typed(kind, found)
      }),
    create: (kind, object, signal) =>
      served(aim('create', kind.plural, object.metadata), signal, () => {
        const rule = ruleOf(kind)
        const answer = answerReview(rule.kind.plural, asTree(object), policy)
        return typed(kind, answer ? frozen(answer) : server.create(rule, asTree(object), by))
      }),
    replace: (kind, object, signal) =>
      served(aim('replace', kind.plural, object.metadata), signal, () =>
        typed(kind, server.replace(ruleOf(kind), asTree(object), by)),
      ),
    patch: (kind, ref, patch, { subresource }, signal) =>
      served(aim('patch', kind.plural, ref, subresource), signal, () =>
        typed(kind, server.patch(ruleOf(kind), ref, asTree(patch), subresource ?? 'main', by)),
      ),
    apply: (kind, object, signal) =>
      served(aim('apply', kind.plural, object.metadata), signal, () =>
        typed(kind, server.apply(ruleOf(kind), asTree(object), by)),
      ),
    remove: (kind, ref, options, signal) =>
      served(aim('remove', kind.plural, ref), signal, () => {
        server.remove(ruleOf(kind), ref, options)
      }),
    readScale: (target, ref, signal) =>
      served(aim('readScale', target.plural, ref, 'scale'), signal, () =>
        readScale(server, ruleOf(asKind(target)), ref),
      ),
    writeScale: (target, scale, signal) =>
      served(aim('writeScale', target.plural, scale.metadata, 'scale'), signal, () =>
        writeScale(server, ruleOf(asKind(target)), scale, by),
      ),
    issueToken: (account, { life }, signal) =>
      served(aim('issueToken', kinds.serviceAccount.plural, account, 'token'), signal, () => {
        const { namespace, name } = account
        if (!server.get(ruleOf(kinds.serviceAccount), account))
          throw failure('CLUSTER_NOT_FOUND', { what: `serviceaccounts ${namespace}/${name}` })
        const expires = clock.now() + life
        return { token: `embedded.${namespace}.${name}.${Math.round(expires)}`, expires }
      }),
    resolve: (apiVersion, kind, signal) =>
      served(aim('resolve', kind, {}), signal, () => {
        const rule = rules.byName(apiVersion, kind)
        return rule && scalable(rule)
      }),
    getAny: (target, ref, signal) =>
      served(aim('getAny', target.plural, ref), signal, () =>
        server.whole(ruleOf(asKind(target)), ref),
      ),
  }
}

const aim = (
  verb: Call['verb'],
  resource: string,
  {
    namespace = '',
    name = '',
  }: { readonly namespace?: string | undefined; readonly name?: string },
  subresource: Call['subresource'] = '',
): Call => ({ verb, resource, namespace, name, subresource })

/** The store gives back what was written under the kind; that it has the kind's shape is the writer's claim, as on the wire. */
const typed = <T extends Resource>(_: Kind<T>, object: Stored | Tree): T => object as unknown as T

const asKind = (target: ScalableKind): Kind<Resource> => ({ ...target, namespaced: true })

const scalable = ({ kind: { group, version, kind, plural } }: Rule): ScalableKind => ({
  group,
  version,
  kind,
  plural,
})

function revisionOf(text: string): number {
  const revision = text === '' ? 0 : Number(text)
  if (Number.isInteger(revision) && revision >= 0) return revision
  throw failure('CLUSTER_INVALID', {
    what: 'the watch',
    why: `"${text}" is not a resourceVersion`,
  })
}
