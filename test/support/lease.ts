import type { TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { failure } from '../../src/errors.ts'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import { elect, type Elector, type LeaseOptions } from '../../src/lease.ts'
import type { Lease } from '../../src/resources.ts'
import { manualClock, settle, type ManualClock } from './clock.ts'

export const place = { namespace: 'ebb', name: 'ebb' }
/** How long another's Lease lasts from when its last renewal was seen. */
export const takeover = 15_000

export interface Candidate {
  readonly elector: Elector
  /** What the handlers were told, in order. */
  readonly told: readonly string[]
  stop(): Promise<void>
  /** Does nothing any more, as after a crash. */
  die(): void
}

export interface World {
  readonly cluster: EmbeddedCluster
  readonly clock: ManualClock
  join(
    identity: string,
    options?: Partial<LeaseOptions> & { readonly skew?: number },
  ): Promise<Candidate>
  lease(): Promise<Lease | undefined>
}

export function world(t: TestContext): World {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  t.after(() => cluster.close())
  return {
    cluster,
    clock,
    lease: () => cluster.get(kinds.lease, place, t.signal),
    async join(identity, { skew = 0, ...options } = {}) {
      const told: string[] = []
      const own = new AbortController()
      let alive = true
      const given = {
        ...place,
        identity,
        address: `${identity}:6443`,
        random: () => 0.5,
        ...options,
      }
      const handlers = {
        onWon: () => told.push('won'),
        onLost: (why: string) => told.push(`lost: ${why}`),
        onHolder: (holder: { readonly identity: string } | undefined) =>
          told.push(`holder ${holder?.identity ?? 'none'}`),
        onTrouble: (why: string | undefined) => told.push(`trouble ${why ?? 'over'}`),
      }
      const signal = AbortSignal.any([own.signal, t.signal])
      const elector = elect(
        cluster,
        {
          ...clock,
          now: () => clock.now() + skew,
          after: (ms, fire) => clock.after(ms, () => (alive ? fire() : undefined)),
        },
        given,
        handlers,
        signal,
      )
      await settle()
      const stop = async (): Promise<void> => {
        own.abort()
        await settle()
        await elector.stopped
      }
      return { elector, told, stop, die: () => (alive = false) }
    },
  }
}

export const unreachable = (): never => {
  throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'cut off' })
}

/** Leaves a Lease of someone who does nothing any more, and joins. */
export async function vanish(w: World, skew = 0): Promise<Candidate> {
  const a = await w.join('a')
  const lease = await w.lease()
  await a.stop()
  const now = await w.lease()
  assert.ok(lease && now)
  const { resourceVersion } = now.metadata
  assert.ok(resourceVersion)
  const left = { ...lease, metadata: { ...lease.metadata, resourceVersion } }
  await w.cluster.replace(kinds.lease, left, new AbortController().signal)
  return w.join('b', { skew })
}

/** Asserts that the Lease of who has just vanished is taken when its time is over, to the millisecond. */
export async function takesOver(w: World, { elector }: Candidate): Promise<void> {
  await w.clock.advance(takeover - 1)
  assert.equal(elector.holding, false, 'its time is not over')
  await w.clock.advance(1)
  assert.equal(elector.holding, true, 'taken when its time is over')
}
