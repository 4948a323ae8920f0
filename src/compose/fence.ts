import { deadline, type Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { failure } from '../errors.ts'
import { kinds } from '../kinds.ts'

/** Lets writes to the cluster pass only while the Lease is ours. */
export interface Fence {
  /** The same cluster. A write fails with NOT_LEADING unless it is answered while the Lease is ours. */
  readonly cluster: Cluster
  readonly open: boolean
  /** Lets no write pass any more, and resolves when none is under way; those that take too long are cut off. */
  shut(): Promise<void>
}

/** How long writes under way may take once the fence is to be shut (ms). */
const grace = 2_000

/**
 * The Lease is looked at when a write begins, and the write is cut off when the Lease is over: a process that was paused, or
 * whose clock jumped, finds it so before it does anything else. Others may take the Lease only some seconds after that.
 * Events are let through: they tell what was done and change nothing.
 */
export function fence(
  cluster: Cluster,
  clock: Clock,
  lease: () => { readonly until: number; readonly holder: string | undefined },
): Fence {
  const shutting = new AbortController()
  const passing = new Set<Promise<unknown>>()
  let shut = false

  const left = (): number => (shut ? 0 : lease().until - clock.now())
  const refused = () => failure('NOT_LEADING', { holder: lease().holder ?? 'another replica' })

  const pass = async <T>(
    signal: AbortSignal,
    write: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const ms = left()
    if (!(ms > 0)) throw refused()
    const within = AbortSignal.any([signal, shutting.signal])
    const limit = deadline(clock, ms, within, refused)
    const work = write(limit.signal)
    const ended = work.then(
      () => undefined,
      () => undefined,
    )
    passing.add(ended)
    try {
      return await work
    } finally {
      passing.delete(ended)
      limit.clear()
    }
  }

  return {
    get open() {
      return left() > 0
    },
    async shut() {
      shut = true
      const cancel = clock.after(grace, () => shutting.abort(refused()))
      await Promise.all(passing)
      cancel()
    },
    cluster: {
      ...cluster,
      create: (kind, object, signal) =>
        kind.plural === kinds.event.plural
          ? cluster.create(kind, object, signal)
          : pass(signal, (s) => cluster.create(kind, object, s)),
      replace: (kind, object, signal) => pass(signal, (s) => cluster.replace(kind, object, s)),
      patch: (kind, ref, patch, options, signal) =>
        pass(signal, (s) => cluster.patch(kind, ref, patch, options, s)),
      apply: (kind, object, signal) => pass(signal, (s) => cluster.apply(kind, object, s)),
      remove: (kind, ref, options, signal) =>
        pass(signal, (s) => cluster.remove(kind, ref, options, s)),
      writeScale: (target, scale, signal) =>
        pass(signal, (s) => cluster.writeScale(target, scale, s)),
    },
  }
}
