import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { isFailure } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Lease } from '../resources.ts'
import { held, holderOf, released, type Holder, type Place } from './record.ts'

/** What came of one attempt to have the Lease. `until` is how long it is ours, by our own clock. */
export type Outcome =
  | { readonly mine: true; readonly until: number }
  | { readonly mine: false; readonly by: Holder | undefined }

export interface Candidate {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly place: Place
  readonly me: Holder
  /** ms for which the Lease counts after a renewal. */
  readonly duration: number
}

/** One candidate's view of a Lease, and its writes to it. */
export interface Claim {
  /** The holder seen last; undefined where there was none. */
  readonly holder: Holder | undefined
  /** Until when (epoch ms) the Lease counts as another's; in the past where nobody else has it. */
  readonly takenUntil: number
  /** Takes or renews the Lease if nobody else has it. Throws where the cluster fails. */
  attempt(signal: AbortSignal): Promise<Outcome>
  /** Only looks who has the Lease. Throws where the cluster fails. */
  look(signal: AbortSignal): Promise<Outcome>
  /**
   * Takes in what is written to the Lease from the last look on: `onOpen` once the server has accepted the watch, `onChange`
   * after each change. Resolves when the server ends it, throws where the cluster fails. Allowed by the Lease's name alone.
   */
  follow(onOpen: () => void, onChange: () => void, signal: AbortSignal): Promise<void>
  /** Gives the Lease back, if it is still ours, also by a write whose answer did not come. */
  release(signal: AbortSignal): Promise<void>
}

/**
 * Clocks of machines differ, so the times in a Lease are never compared with ours: another's Lease is over when we have seen no change
 * of it for as long as it says that it lasts. (client-go's leader election does the same.)
 */
export function claim({ cluster, clock, place, me, duration }: Candidate): Claim {
  /** `there`: it was not deleted since. */
  let seen: { readonly lease: Lease; readonly at: number; readonly there: boolean } | undefined
  /** What became of the last write is not known: its answer did not come. */
  let unsure = false

  const see = (lease: Lease): void => {
    if (seen?.there && seen.lease.metadata.resourceVersion === lease.metadata.resourceVersion)
      return
    const at = seen && sameTerm(seen.lease, lease) ? seen.at : clock.now()
    seen = { lease, at, there: true }
  }

  /** Whoever held it does not know it yet, and may act until its time is over. */
  const miss = (): void => {
    if (seen) seen = { ...seen, there: false }
  }

  const takenUntil = (): number => {
    const holder = holderOf(seen?.lease)
    if (seen === undefined || holder === undefined || holder.identity === me.identity)
      return Number.NEGATIVE_INFINITY
    return seen.at + (seen.lease.spec?.leaseDurationSeconds ?? 0) * 1000
  }
  const taken = (): boolean => clock.now() < takenUntil()

  const isMine = (): boolean => holderOf(seen?.lease)?.identity === me.identity

  const write = async (signal: AbortSignal): Promise<Outcome> => {
    const started = clock.now()
    const before = seen?.there ? seen.lease : undefined
    const lease = held(before, place, me, duration, started)
    unsure = true
    see(
      await (before
        ? cluster.replace(kinds.lease, lease, signal)
        : cluster.create(kinds.lease, lease, signal)),
    )
    unsure = false
    return { mine: true, until: started + duration }
  }

  /** As its holder we know the Lease and write at once; as anyone else we look first. */
  const look = async (signal: AbortSignal): Promise<void> => {
    const lease = await cluster.get(kinds.lease, place, signal)
    if (lease === undefined) miss()
    else see(lease)
    unsure = false
  }

  return {
    get holder() {
      return holderOf(seen?.lease)
    },
    get takenUntil() {
      return takenUntil()
    },
    async attempt(signal) {
      if (!isMine()) await look(signal)
      for (let again = true; ; again = false) {
        if (taken()) return { mine: false, by: holderOf(seen?.lease) }
        try {
          return await write(signal)
        } catch (error) {
          // Someone else wrote to the Lease, or removed or made it: what they wrote decides.
          const raced = isFailure(error, 'CLUSTER_CONFLICT', 'CLUSTER_EXISTS', 'CLUSTER_NOT_FOUND')
          if (!raced || !again) throw error
          await look(signal)
        }
      }
    },
    async look(signal) {
      await look(signal)
      return { mine: false, by: holderOf(seen?.lease) }
    },
    async follow(onOpen, onChange, signal) {
      const resourceVersion = seen?.there ? seen.lease.metadata.resourceVersion : undefined
      if (resourceVersion === undefined) return
      const { namespace, name } = place
      const where = { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion }
      for await (const event of cluster.watch(kinds.lease, where, signal)) {
        if (event.type === 'BOOKMARK') {
          onOpen()
          continue
        }
        if (event.type === 'DELETED') miss()
        else see(event.object)
        onChange()
      }
    },
    async release(signal) {
      if (unsure) await look(signal)
      // a renewal that was given up may still arrive: once it is seen, or this was first, it takes nothing back
      for (let tries = 3; seen?.there && isMine(); tries--) {
        try {
          return see(await cluster.replace(kinds.lease, released(seen.lease, clock.now()), signal))
        } catch (error) {
          if (tries <= 0 || !isFailure(error, 'CLUSTER_CONFLICT', 'CLUSTER_NOT_FOUND')) throw error
          await look(signal)
        }
      }
    },
  }
}

function sameTerm(a: Lease, b: Lease): boolean {
  return (
    a.spec?.holderIdentity === b.spec?.holderIdentity && a.spec?.renewTime === b.spec?.renewTime
  )
}
