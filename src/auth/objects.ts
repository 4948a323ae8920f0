import type { Cluster, Ref } from '../cluster.ts'
import { EbbError, isFailure, reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import { clusterLane, type Item, type Read } from './store.ts'

export type ContentKind = 'Secret' | 'ConfigMap'

/** A Secret or ConfigMap: `get` by name; Ebb never lists or watches them. */
export const objectItem = (cluster: Cluster, kind: ContentKind, ref: Ref): Item => ({
  key: `${kind}/${ref.namespace}/${ref.name}`,
  lane: clusterLane,
  read: (signal) => readObject(cluster, kind, ref, signal),
})

async function readObject(
  cluster: Cluster,
  kind: ContentKind,
  ref: Ref,
  signal: AbortSignal,
): Promise<Read> {
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
    return { problem: `${what} cannot be read: ${refused(error)}`, ...passingOf(error) }
  }
}

/** A refusal by the API server, with the way out where an admin has to grant something. */
export const refused = (error: unknown): string =>
  isFailure(error, 'CLUSTER_FORBIDDEN')
    ? `${reasonOf(error)}; \`ebb rbac\` prints the Role an admin can apply for it`
    : reasonOf(error)

/** Whether a failure says nothing of what was asked for, only that nobody can answer now. */
export const passingOf = (
  error: unknown,
): { readonly missing: false; readonly passing?: true; readonly down?: true } => {
  if (!(error instanceof EbbError) || !error.retry) return { missing: false }
  const down = isFailure(error, 'SOURCE_UNREACHABLE', 'SOURCE_TIMEOUT')
  return { missing: false, passing: true, ...(down && { down }) }
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
