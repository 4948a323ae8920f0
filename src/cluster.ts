import type { Kind } from './kinds.ts'
import type { Resource, Scale } from './resources.ts'

/** Names one object; `namespace` is '' for kinds that have none. */
export interface Ref {
  readonly namespace: string
  readonly name: string
}

/** Which objects of a kind: '' and undefined mean all. */
export interface Where {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** One page of a list. `next` continues it; `resourceVersion` is where a watch goes on from. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly resourceVersion: string
  readonly next: string | undefined
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Nothing changed, but the history is seen up to this version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

/** Any kind with a /scale subresource, as discovery found it. */
export interface ScalableKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
}

/**
 * All that Ebb asks of a cluster. Implemented on a real API server (`kube/`) and in memory (`embedded/`);
 * test/contract/cluster.ts is what both must do.
 *
 * Failures are EbbErrors: CLUSTER_NOT_FOUND, CLUSTER_CONFLICT (409 on a stale resourceVersion or uid), CLUSTER_EXISTS,
 * CLUSTER_GONE (410), CLUSTER_FORBIDDEN (401, 403), CLUSTER_INVALID (400, 422), CLUSTER_THROTTLED (429),
 * CLUSTER_UNREACHABLE (no answer), CLUSTER_FAILED (all other). No call retries by itself or throttles itself.
 */
export interface Cluster {
  /** Where this is, for messages: a URL without credentials, or `embedded`. */
  readonly server: string
  /** One page of at most `limit` objects, in a stable order. A `next` that is too old fails with CLUSTER_GONE. */
  list<T extends Resource>(
    kind: Kind<T>,
    where: Where & { readonly limit?: number; readonly next?: string | undefined },
    signal: AbortSignal,
  ): Promise<Page<T>>
  /**
   * Changes after `resourceVersion`, with bookmarks. The first event is a bookmark of `resourceVersion` itself, given as soon
   * as the server has accepted the watch. Ends when the server ends it; fails with CLUSTER_GONE when the version is too old.
   */
  watch<T extends Resource>(
    kind: Kind<T>,
    where: Where & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>
  /** The object, or undefined where there is none. A kind that the cluster does not know is CLUSTER_NOT_FOUND. */
  get<T extends Resource>(kind: Kind<T>, ref: Ref, signal: AbortSignal): Promise<T | undefined>
  create<T extends Resource>(kind: Kind<T>, object: T, signal: AbortSignal): Promise<T>
  /** Replaces the object; guarded by the resourceVersion where the object carries one. Never touches status. */
  replace<T extends Resource>(kind: Kind<T>, object: T, signal: AbortSignal): Promise<T>
  /** JSON merge patch: null deletes, arrays are replaced whole. Guarded where the patch names a resourceVersion. */
  patch<T extends Resource>(
    kind: Kind<T>,
    ref: Ref,
    patch: object,
    options: { readonly subresource?: 'status' },
    signal: AbortSignal,
  ): Promise<T>
  /** Server-side apply as field manager `ebb`, forced: sets exactly the fields given and owns them. */
  apply<T extends Resource>(kind: Kind<T>, object: T, signal: AbortSignal): Promise<T>
  /**
   * Deletes; absent is fine. What the object owns goes after it, with `foreground` before it. With `uid`, only that very
   * object (else CLUSTER_CONFLICT).
   */
  remove<T extends Resource>(
    kind: Kind<T>,
    ref: Ref,
    options: { readonly uid?: string; readonly foreground?: boolean },
    signal: AbortSignal,
  ): Promise<void>
  /** The scale of a target, or undefined where the target itself does not exist. CLUSTER_INVALID where it has no /scale. */
  readScale(target: ScalableKind, ref: Ref, signal: AbortSignal): Promise<Scale | undefined>
  /** Writes spec.replicas as field manager `ebb`; the scale must carry the resourceVersion that was read. */
  writeScale(target: ScalableKind, scale: Scale, signal: AbortSignal): Promise<Scale>
  /**
   * A token of a service account by the TokenRequest API, good for about `life` ms; no audience is the server's own. The
   * account is CLUSTER_NOT_FOUND where there is none. `expires` is in epoch ms.
   */
  issueToken(
    account: Ref,
    wanted: { readonly audiences: readonly string[]; readonly life: number },
    signal: AbortSignal,
  ): Promise<{ readonly token: string; readonly expires: number }>
  /** Finds a kind by discovery (cached, asked anew when unknown); undefined where the cluster has no such kind. */
  resolve(apiVersion: string, kind: string, signal: AbortSignal): Promise<ScalableKind | undefined>
  /** The object of any kind found by `resolve`, whole, with managedFields; undefined where there is none. */
  getAny(target: ScalableKind, ref: Ref, signal: AbortSignal): Promise<Resource | undefined>
  close(): Promise<void>
}
