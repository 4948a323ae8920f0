import type { Cluster } from '../cluster.ts'
import type { Kind } from '../kinds.ts'
import type { Resource } from '../resources.ts'

/** Every object of a kind, of one namespace or of all, read in pages. */
export async function listAll<T extends Resource>(
  cluster: Pick<Cluster, 'list'>,
  kind: Kind<T>,
  signal: AbortSignal,
  namespace?: string,
): Promise<readonly T[]> {
  const found: T[] = []
  let next: string | undefined
  do {
    const where = { ...(namespace !== undefined && { namespace }), limit: 500, next }
    const page = await cluster.list(kind, where, signal)
    found.push(...page.items)
    next = page.next
  } while (next !== undefined)
  return found
}
