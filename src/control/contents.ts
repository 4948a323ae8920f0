import type { Clock } from '../clock.ts'
import type { Cluster, Ref } from '../cluster.ts'
import { EbbError, isFailure, reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import { limit } from '../limit.ts'

/** The data of a Secret or ConfigMap as text, or why it cannot be had. */
export type Content =
  | { readonly data: Readonly<Record<string, string>> }
  | { readonly problem: string; readonly missing: boolean }

export type ContentKind = 'Secret' | 'ConfigMap'

/**
 * Secrets and ConfigMaps that workloads refer to, each read once for everyone. Ebb may `get` them by name but never list
 * or watch, so each that is in use is read again every 45 s, and at once when a source refuses its credentials.
 */
export interface Contents {
  /** What is known; reads it when nothing is, when it was read before `newerThan` (epoch ms), or could not be a second ago. */
  read(kind: ContentKind, ref: Ref, newerThan: number, signal: AbortSignal): Promise<Content>
  /** Keeps the content fresh while held; `changed` is called when a new read differs. */
  hold(kind: ContentKind, ref: Ref, changed: () => void): () => void
  /** How many are held, for metrics and tests. */
  readonly size: number
  close(): void
}

/** How long a content may be old before it is read again (ms). Credentials that rotate reach a source within 60 s. */
export const rereadAfter = 45_000
/** What could not be had may come with the next apply: who wants it so much later (ms) has it read again. */
const problemsLast = 1_000
/** GETs under way at once: a thousand Secrets are read again without a burst. */
const concurrency = 8
/** How often due contents are looked for (ms). */
const tick = 1_000

interface Entry {
  readonly kind: ContentKind
  readonly ref: Ref
  readonly holders: Set<() => void>
  content: Content | undefined
  readAt: number
  reading: Promise<Content> | undefined
}

export function createContents(cluster: Cluster, clock: Clock): Contents {
  const entries = new Map<string, Entry>()
  const limited = limit(concurrency)
  const stop = new AbortController()
  let cancel: (() => void) | undefined

  const entryOf = (kind: ContentKind, ref: Ref): Entry => {
    const key = `${kind}/${ref.namespace}/${ref.name}`
    const found = entries.get(key)
    if (found) return found
    const entry: Entry = {
      kind,
      ref,
      holders: new Set(),
      content: undefined,
      readAt: Number.NEGATIVE_INFINITY,
      reading: undefined,
    }
    entries.set(key, entry)
    return entry
  }

  const refresh = (entry: Entry): Promise<Content> =>
    (entry.reading ??= limited(() => readContent(cluster, entry.kind, entry.ref, stop.signal)).then(
      (read) => {
        // while the API server cannot answer, what was last read still holds
        const content = 'passing' in read ? (entry.content ?? read) : read
        const changed = entry.content !== undefined && !sameContent(entry.content, content)
        entry.content = content
        entry.readAt = clock.now()
        entry.reading = undefined
        if (changed) for (const notify of entry.holders) notify()
        return content
      },
    ))

  const sweep = (): void => {
    const now = clock.now()
    for (const [key, entry] of entries) {
      if (entry.holders.size === 0) entries.delete(key)
      else if (now - entry.readAt >= rereadAfter) void refresh(entry)
    }
    cancel = entries.size > 0 ? clock.after(tick, sweep) : undefined
  }

  return {
    get size() {
      return entries.size
    },
    async read(kind, ref, newerThan, signal) {
      signal.throwIfAborted()
      const entry = entryOf(kind, ref)
      const { content, readAt } = entry
      if (content === undefined || readAt < newerThan) return refresh(entry)
      const lasts = 'data' in content || clock.now() - readAt < problemsLast
      return lasts ? content : refresh(entry)
    },
    hold(kind, ref, changed) {
      const entry = entryOf(kind, ref)
      entry.holders.add(changed)
      cancel ??= clock.after(tick, sweep)
      return () => entry.holders.delete(changed)
    },
    close() {
      stop.abort()
      cancel?.()
      entries.clear()
    },
  }
}

/** A refusal that says nothing of the content, only that the API server cannot answer now. */
type Passing = Content & { readonly passing: true }

async function readContent(
  cluster: Cluster,
  kind: ContentKind,
  ref: Ref,
  signal: AbortSignal,
): Promise<Content | Passing> {
  const what = `${kind} ${ref.namespace}/${ref.name}`
  try {
    const data =
      kind === 'Secret'
        ? decoded((await cluster.get(kinds.secret, ref, signal)) ?? undefined)
        : await cluster
            .get(kinds.configMap, ref, signal)
            .then((found) => found && (found.data ?? {}))
    return data ? { data } : { problem: `${what} does not exist`, missing: true }
  } catch (error) {
    const hint = isFailure(error, 'CLUSTER_FORBIDDEN')
      ? `; \`ebb rbac\` prints the Role an admin can apply for it`
      : ''
    const problem = `${what} cannot be read: ${reasonOf(error)}${hint}`
    const passing = error instanceof EbbError && error.retry
    return passing ? { problem, missing: false, passing } : { problem, missing: false }
  }
}

const decoded = (
  secret: { readonly data?: Readonly<Record<string, string>> } | undefined,
): Record<string, string> | undefined =>
  secret &&
  Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, text]) => [
      key,
      Buffer.from(text, 'base64').toString('utf8'),
    ]),
  )

function sameContent(a: Content, b: Content): boolean {
  if (!('data' in a) || !('data' in b)) return !('data' in a) && !('data' in b)
  const keys = Object.keys(a.data)
  return (
    keys.length === Object.keys(b.data).length && keys.every((key) => a.data[key] === b.data[key])
  )
}
