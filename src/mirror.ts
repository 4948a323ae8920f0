import { backoff } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { Cluster, Where } from './cluster.ts'
import { failure, type EbbError } from './errors.ts'
import type { Kind } from './kinds.ts'
import { joined } from './mirror/joined.ts'
import { reflect, type Sink, type Source } from './mirror/reflect.ts'
import { shelf, type Change } from './mirror/shelf.ts'
import type { Meta, Resource } from './resources.ts'

export type { Change } from './mirror/shelf.ts'

/** A live, trimmed copy of the objects of one kind, kept by list and watch. Reads cost no request. */
export interface Mirror<K extends Resource> {
  readonly size: number
  /** Resolves once the first full list is in; rejects when the mirror's signal aborts before. */
  readonly synced: Promise<void>
  /** Set while the API server cannot be followed: the objects are those of `since` (epoch ms). */
  readonly stale: { readonly since: number; readonly why: string } | undefined
  /** Resolves when the mirror has ended, which it does only when its signal aborts. */
  readonly stopped: Promise<void>
  get(namespace: string, name: string): K | undefined
  values(): IterableIterator<K>
  /** Called for every change after the object is in place; also for the objects of the first list. Must not throw. */
  onChange(listener: (change: Change<K>) => void): () => void
}

/** What happens to a mirror, for the log: one for each change of state, none for each retry. */
export type MirrorNews =
  | {
      readonly type: 'synced'
      readonly kind: string
      readonly size: number
      readonly again: boolean
    }
  | { readonly type: 'stale'; readonly kind: string; readonly why: string }
  /** `after` is how long it was stale, in ms. */
  | { readonly type: 'recovered'; readonly kind: string; readonly after: number }

export interface MirrorOptions {
  /** Uniform in [0, 1): spreads retries. */
  readonly random: () => number
  /** Objects per page of a list; 500 unless given. */
  readonly pageSize?: number
  /** ms without an event or a bookmark after which a watch is taken for dead; 4 minutes unless given. Servers send a bookmark a minute. */
  readonly silence?: number
  readonly report?: (news: MirrorNews) => void
}

/** The part of a cluster that a mirror needs. */
export type Followed = Pick<Cluster, 'server' | 'list' | 'watch'>

const firstWait = 1_000
const longestWait = 30_000

/**
 * Mirrors the objects of one kind that `where` chooses, as `keep` trims them; what `keep` answers undefined for is left out
 * (`managedFields` never reaches it). Lists in pages, follows by watch with bookmarks, goes on from the last version when a watch
 * ends, and lists anew only when that version is forgotten; what is held meanwhile stays. It never gives up and never runs hot.
 */
export function mirror<T extends Resource, K extends Resource>(
  cluster: Followed,
  clock: Clock,
  kind: Kind<T>,
  where: Where,
  keep: (object: T) => K | undefined,
  options: MirrorOptions,
  signal: AbortSignal,
): Mirror<K> {
  const held = shelf<K>()
  const synced = Promise.withResolvers<void>()
  // Who does not wait for it must not be ended by its rejection.
  synced.promise.catch(() => undefined)
  const health = watchHealth(clock, kind, options)
  let lists = 0
  const sink: Sink<T> = {
    put(object) {
      const key = keyOf(object.metadata)
      held.put(key, keep(slim(object)))
      return key
    },
    drop: (object) => held.put(keyOf(object.metadata), undefined),
    complete(keys) {
      held.keepOnly(keys)
      options.report?.({ type: 'synced', kind: kind.kind, size: held.size, again: lists++ > 0 })
      synced.resolve()
    },
    good: () => health.good(),
    bad: (error, since) => health.bad(error, since),
  }
  const source = sourceOf(cluster, kind, where, options.pageSize ?? 500, signal)
  const waits = backoff(firstWait, longestWait, options.random)
  const pace = { clock, waits, silence: options.silence ?? 240_000 }
  const stopped = reflect(source, sink, pace, signal).finally(() => synced.reject(signal.reason))
  return {
    get size() {
      return held.size
    },
    get stale() {
      return health.stale()
    },
    synced: synced.promise,
    stopped,
    get: (namespace, name) => held.get(keyOf({ namespace, name })),
    values: () => held.values(),
    onChange: (listener) => held.onChange(listener),
  }
}

/**
 * The same over several namespaces, each with its own list and watch, as one. No namespaces means all of them, by one list and
 * watch; so it does for kinds that have none.
 */
export function mirrorAll<T extends Resource, K extends Resource>(
  cluster: Followed,
  clock: Clock,
  kind: Kind<T>,
  where: { readonly namespaces: readonly string[]; readonly labelSelector?: string },
  keep: (object: T) => K | undefined,
  options: MirrorOptions,
  signal: AbortSignal,
): Mirror<K> {
  const { namespaces, ...rest } = where
  const open = (where: Where): Mirror<K> =>
    mirror(cluster, clock, kind, where, keep, options, signal)
  if (namespaces.length === 0 || !kind.namespaced) return open(rest)
  return joined(new Map(namespaces.map((namespace) => [namespace, open({ ...rest, namespace })])))
}

function sourceOf<T extends Resource>(
  cluster: Followed,
  kind: Kind<T>,
  where: Where,
  limit: number,
  signal: AbortSignal,
): Source<T> {
  return {
    list: (next) => cluster.list(kind, { ...where, limit, next }, signal),
    watch: (resourceVersion, signal) => cluster.watch(kind, { ...where, resourceVersion }, signal),
    silent: () =>
      failure('CLUSTER_UNREACHABLE', {
        server: cluster.server,
        why: `the watch of ${kind.plural} fell silent`,
      }),
  }
}

interface Health {
  good(): void
  bad(error: EbbError, since: number): void
  stale(): { readonly since: number; readonly why: string } | undefined
}

function watchHealth(
  clock: Clock,
  { kind }: { readonly kind: string },
  { report }: MirrorOptions,
): Health {
  let stale: { readonly since: number; readonly why: string } | undefined
  return {
    stale: () => stale,
    good() {
      if (stale === undefined) return
      const after = clock.now() - stale.since
      stale = undefined
      report?.({ type: 'recovered', kind, after })
    },
    bad(error, since) {
      const known = stale
      stale = { since: known?.since ?? since, why: error.message }
      if (known?.why !== stale.why) report?.({ type: 'stale', kind, why: stale.why })
    },
  }
}

/** Of an object's metadata what a mirror goes by, for those who keep little else: its name, which one it is, and its version. */
export const trimMeta = ({ name, namespace, uid, resourceVersion }: Meta): Meta => ({
  name,
  ...(namespace !== undefined && { namespace }),
  ...(uid !== undefined && { uid }),
  ...(resourceVersion !== undefined && { resourceVersion }),
})

const keyOf = (meta: { readonly namespace?: string; readonly name: string }): string =>
  `${meta.namespace ?? ''}/${meta.name}`

/** Without the bookkeeping of who owns which field, which is often half of an object. */
function slim<T extends Resource>(object: T): T {
  if (!('managedFields' in object.metadata)) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
