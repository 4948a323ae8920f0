import type { Control } from '../../src/compose/control.ts'
import { handOver, holdElection } from '../../src/compose/election.ts'
import { fence } from '../../src/compose/fence.ts'
import { createLeadership } from '../../src/compose/leadership.ts'
import type { Cluster } from '../../src/cluster.ts'
import type { MetricValue } from '../../src/control/insight.ts'
import { failure, reasonOf } from '../../src/errors.ts'
import type { Elector, Holder } from '../../src/lease.ts'
import type { Log } from '../../src/log.ts'
import type { Relay } from '../../src/serve/replicas/relay.ts'
import type { ProcessClock } from './time.ts'

/** The Lease's times, as they are without a word of the user. */
export const leaseTimes = { duration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 }
/** The place of the Lease. */
export const place = { namespace: 'ebb', name: 'ebb' }
/** How long a replica goes on answering after it was asked to end, as in a pod (ms). */
const shutdownDelay = 5_000

/** What one replica asks of another, over the network. */
export interface Peer {
  readonly leaving: boolean
  read(namespace: string, name: string, metric: string): Promise<readonly MetricValue[]>
}

/** One replica among several: fence, loops and election, put together as in `compose/ebb.ts`. */
export interface Member {
  readonly leads: boolean
  readonly control: Control | undefined
  /** Answered here, or by the replica that leads. */
  read(namespace: string, name: string, metric: string): Promise<readonly MetricValue[]>
  /** For other replicas. */
  readonly peer: Peer
  /** Ends in order: writes, Lease, loops. */
  close(): Promise<void>
}

export interface MemberParts {
  readonly id: string
  readonly clock: ProcessClock
  readonly cluster: Cluster
  readonly log: Log
  readonly random: () => number
  readonly signal: AbortSignal
  /** Every object was read. */
  readonly synced: Promise<unknown>
  readonly reach: (address: string) => Peer | undefined
  /** Starts the loops on a cluster that lets writes pass only while the Lease is held. */
  readonly startLoops: (cluster: Cluster, writes: () => boolean) => Promise<Control>
}

export function joinTeam(parts: MemberParts): Member {
  const { id, clock, cluster, log, signal } = parts
  let leaving = false
  const stop = new AbortController()
  const leader = (): Holder | undefined =>
    elector.holder?.identity === id ? undefined : elector.holder
  const fenced = fence(cluster, clock, () => ({
    until: elector.until,
    holder: leader()?.identity,
  }))
  const look = (): void => elector.poke()
  const leadership = createLeadership({
    clock,
    log,
    relay: relayTo(parts.reach, look),
    start: () => parts.startLoops(fenced.cluster, () => fenced.open),
    leader,
    look,
  })
  // nobody asks for it before it is there
  const elector: Elector = holdElection({
    ...place,
    ...leaseTimes,
    cluster,
    clock,
    log,
    random: parts.random,
    ready: parts.synced,
    identity: id,
    address: id,
    leadership,
    onWon() {},
    signal: AbortSignal.any([signal, stop.signal]),
  })
  return {
    get leads() {
      return fenced.open
    },
    get control() {
      return leadership.control
    },
    read: (...asked) => leadership.readings.read(...asked),
    peer: {
      get leaving() {
        return leaving
      },
      read: (...asked) => leadership.own.readings.read(...asked),
    },
    async close() {
      leaving = true
      await handOver(shutdownDelay, clock, fenced, elector)
      await leadership.close()
      stop.abort()
      await elector.stopped
    },
  }
}

/** Who does not answer in time, or is not there, cannot be reached; only reads pass in a simulation. */
function relayTo(reach: MemberParts['reach'], onLeaving: () => void): Relay {
  const notAsked = (): never => {
    throw new Error('not asked in a simulation')
  }
  return {
    held: () => undefined,
    read(address, namespace, name, metric, signal) {
      const lost = (why: string): Error => failure('REPLICA_UNREACHABLE', { which: address, why })
      return new Promise((resolve, reject) => {
        const peer = reach(address)
        if (!peer) return reject(lost('nobody is there'))
        if (peer.leaving) onLeaving()
        signal.addEventListener('abort', () => reject(lost(reasonOf(signal.reason))), {
          once: true,
        })
        peer.read(namespace, name, metric).then(resolve, reject)
      })
    },
    get: notAsked,
    list: notAsked,
    close: async () => undefined,
  }
}
