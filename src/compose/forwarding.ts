import { deadline, type Clock } from '../clock.ts'
import type { Insight, Readings } from '../control/insight.ts'
import { failure, isFailure } from '../errors.ts'
import type { Holder } from '../lease.ts'
import type { Relay } from '../serve/replicas/relay.ts'
import type { Control } from './control.ts'

/** What answers in the place of loops that run elsewhere. */
export interface ForwardingParts {
  readonly clock: Clock
  readonly relay: Relay
  /** The loops of this replica, once they run; undefined where it does not lead. */
  readonly loops: () => Promise<Control | undefined>
  readonly leader: () => Holder | undefined
  readonly look: () => void
}

/** How long a request may take in all (ms), and how often it is looked for a new leader meanwhile. */
const within = 1_000
const step = 50
/** Requests under way at once: more than an HPA controller has workers. Those above it fail at once. */
const most = 256

/**
 * Answers from this replica's loops, or asks the replica that leads. Where that one does not answer, who leads is looked up
 * anew, and a new leader is asked once, all within a second. One that has not answered for a while holds up nobody.
 */
export function forwarding(parts: ForwardingParts): {
  readonly insight: Insight
  readonly readings: Readings
} {
  const { clock, relay } = parts
  let waiting = 0

  const remote = async <T>(
    ask: (address: string, signal: AbortSignal) => Promise<T>,
    here: (control: Control) => Promise<T>,
  ): Promise<T> => {
    if (waiting >= most)
      throw unreachable(parts.leader()?.identity, `${most} requests wait already`)
    waiting++
    try {
      return await search(ask, here)
    } finally {
      waiting--
    }
  }

  const search = async <T>(
    ask: (address: string, signal: AbortSignal) => Promise<T>,
    here: (control: Control) => Promise<T>,
  ): Promise<T> => {
    const limit = deadline(clock, within, new AbortController().signal, () =>
      unreachable(undefined, `no answer within ${within / 1_000} s`),
    )
    const { signal } = limit
    let asked: Holder | undefined
    let problem: Error = unreachable(undefined, 'no replica leads now')
    try {
      for (;;) {
        const control = await parts.loops()
        if (control) return await here(control)
        const leader = parts.leader()
        if (leader && leader.identity !== asked?.identity) {
          const again = asked !== undefined
          asked = leader
          const held = leader.address === undefined ? undefined : relay.held(leader.address)
          if (held) {
            parts.look()
            throw held
          }
          try {
            return await ask(addressOf(leader), signal)
          } catch (error) {
            if (!isFailure(error, 'REPLICA_UNREACHABLE', 'NOT_LEADING') || again) throw error
            problem = error
          }
        }
        if (signal.aborted) throw problem
        parts.look()
        await clock.sleep(step, signal).catch(() => undefined)
      }
    } finally {
      limit.clear()
    }
  }

  const answered = async <T>(
    here: (control: Control) => Promise<T>,
    ask: (address: string, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const control = await parts.loops()
    return control ? here(control) : remote(ask, here)
  }

  return {
    insight: {
      list: () =>
        answered(
          ({ insight }) => insight.list(),
          (address, signal) => relay.list(address, signal),
        ),
      get: (...which) =>
        answered(
          ({ insight }) => insight.get(...which),
          (address, signal) => relay.get(address, which, signal),
        ),
    },
    readings: {
      read: (namespace, name, metric) =>
        answered(
          ({ readings }) => readings.read(namespace, name, metric),
          (address, signal) => relay.read(address, namespace, name, metric, signal),
        ),
    },
  }
}

const unreachable = (which: string | undefined, why: string) =>
  failure('REPLICA_UNREACHABLE', { which: which ?? 'not known', why })

function addressOf({ identity, address }: Holder): string {
  if (address !== undefined) return address
  const why = 'it says no address; start it with --advertise-address, or with POD_IP set'
  throw unreachable(identity, why)
}
