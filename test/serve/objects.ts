import type { Cluster } from '../../src/cluster.ts'
import { failure } from '../../src/errors.ts'
import type { Kind } from '../../src/kinds.ts'
import type { Resource } from '../../src/resources.ts'

export interface Objects extends Pick<Cluster, 'get' | 'create' | 'replace' | 'apply'> {
  put(kind: Kind<Resource>, object: Resource): void
  /** Every write, as verb and name, in order. */
  readonly writes: string[]
  /** Set to fail every call, as an API server that is down. */
  down: boolean
  /** A call that is refused, as by a missing role. */
  refuses: 'apply' | undefined
}

/** The few calls certificates make of a cluster, with resourceVersions that guard. */
export function objects(): Objects & Cluster {
  const held = new Map<string, Resource>()
  let version = 0
  const writes: string[] = []
  const keyOf = (kind: Kind<Resource>, meta: { name: string; namespace?: string }): string =>
    `${kind.kind}/${meta.namespace ?? ''}/${meta.name}`
  const write = <T extends Resource>(verb: string, kind: Kind<T>, object: T): T => {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: `${++version}` } }
    held.set(keyOf(kind, object.metadata), stored)
    writes.push(`${verb} ${object.metadata.name}`)
    return stored
  }
  const up = (): void => {
    if (cluster.down) throw failure('CLUSTER_UNREACHABLE', { server: 'test', why: 'down' })
  }
  const cluster: Objects = {
    writes,
    down: false,
    refuses: undefined,
    put(kind, object) {
      write('put', kind, object)
      writes.pop()
    },
    async get<T extends Resource>(kind: Kind<T>, ref: { namespace: string; name: string }) {
      up()
      // What is kept under a kind's key was put there as that kind.
      return held.get(keyOf(kind, ref)) as T | undefined
    },
    async create(kind, object) {
      up()
      if (held.has(keyOf(kind, object.metadata)))
        throw failure('CLUSTER_EXISTS', { what: object.metadata.name })
      return write('create', kind, object)
    },
    async replace(kind, object) {
      up()
      const now = held.get(keyOf(kind, object.metadata))
      if (now?.metadata.resourceVersion !== object.metadata.resourceVersion)
        throw failure('CLUSTER_CONFLICT', { what: object.metadata.name })
      return write('replace', kind, object)
    },
    async apply(kind, object) {
      up()
      if (cluster.refuses === 'apply')
        throw failure('CLUSTER_FORBIDDEN', { what: 'apply', why: 'refused' })
      const now = held.get(keyOf(kind, object.metadata))
      return write('apply', kind, merge(now ?? {}, object) as typeof object)
    },
  }
  return cluster as Objects & Cluster
}

function merge(below: object, above: object): object {
  const result: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const old = result[key]
    result[key] =
      typeof value === 'object' && value !== null && typeof old === 'object' && old !== null
        ? merge(old, value)
        : value
  }
  return result
}
