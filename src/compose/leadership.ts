import { deadline, type Clock } from '../clock.ts'
import { coalesce } from '../coalesce.ts'
import type { Insight, Readings } from '../control/insight.ts'
import { failure } from '../errors.ts'
import type { Holder } from '../lease.ts'
import type { Log } from '../log.ts'
import type { Relay } from '../serve/replicas/relay.ts'
import type { Control } from './control.ts'
import { forwarding } from './forwarding.ts'

/** The loops, running while this replica leads. */
export interface Leadership {
  /** Answered here, or by the replica that leads. */
  readonly insight: Insight
  readonly readings: Readings
  /** Answered here or not at all: what other replicas are told. */
  readonly own: { readonly insight: Insight; readonly readings: Readings }
  readonly control: Control | undefined
  /** The Lease was won or lost. */
  lead(leads: boolean): void
  /** Ends the loops; nothing is written after it has resolved. */
  close(): Promise<void>
}

export interface LeadershipParts {
  readonly clock: Clock
  readonly log: Log
  readonly relay: Relay
  /** Starts the loops. Rejects once `signal` aborts, whatever it waits for: they are wanted no more. */
  readonly start: (signal: AbortSignal) => Promise<Control>
  /** Who holds the Lease, as far as known; undefined also where it is this replica. */
  readonly leader: () => Holder | undefined
  /** Looks at the Lease soon: whoever held it does not answer. */
  readonly look: () => void
}

/** How long a request waits for the loops that are being started (ms). */
const patience = 1_000
const step = 50

/** Starts the loops when the Lease is won and ends them when it is lost, one change at a time. */
export function createLeadership(parts: LeadershipParts): Leadership {
  const { clock, log, leader } = parts
  let wanted = false
  let control: Control | undefined
  let starting = new AbortController()

  const want = (leads: boolean): void => {
    if (!leads) starting.abort(failure('NOT_LEADING', { holder: 'another replica, or nobody' }))
    wanted = leads
    change.poke()
  }

  /** Undefined where they are wanted no more before they run. */
  const begin = async (): Promise<Control | undefined> => {
    starting = new AbortController()
    const { signal } = starting
    const started = await parts.start(signal).catch((error: unknown) => {
      if (signal.aborted) return undefined
      throw error
    })
    if (wanted && !signal.aborted) return started
    await started?.close()
    return undefined
  }

  const change = coalesce(async () => {
    if (wanted === (control !== undefined)) return
    if (wanted) {
      control = await begin()
      if (control) log.info({ workloads: control.size }, 'leads: polls and decides')
      // won anew while the start that was called off ended
      else if (wanted) change.poke()
    } else {
      const ended = control
      control = undefined
      await ended?.close()
      log.info({ leader: leader()?.identity }, 'stands by')
    }
  })

  /** The loops; those that are just starting are waited for. Undefined where this replica does not lead. */
  const loops = async (): Promise<Control | undefined> => {
    const limit = deadline(clock, patience, new AbortController().signal, () =>
      failure('REPLICA_UNREACHABLE', { which: 'this one', why: 'it has just taken over' }),
    )
    try {
      while (wanted && !control) await clock.sleep(step, limit.signal).catch(limited(limit.signal))
      return control
    } finally {
      limit.clear()
    }
  }

  const ownLoops = async (): Promise<Control> => {
    const found = await loops()
    if (!found)
      throw failure('NOT_LEADING', {
        holder: leader()?.identity ?? 'no replica as far as it knows',
      })
    return found
  }

  const own = {
    insight: {
      list: async () => (await ownLoops()).insight.list(),
      get: async (...which: Parameters<Insight['get']>) => (await ownLoops()).insight.get(...which),
    },
    readings: {
      read: async (namespace: string, name: string, metric: string) =>
        (await ownLoops()).readings.read(namespace, name, metric),
    },
  }

  return {
    get control() {
      return control
    },
    own,
    ...forwarding({ ...parts, loops }),
    lead: want,
    async close() {
      want(false)
      await change.idle()
    },
  }
}

/** A sleep that was cut short fails for the reason of its signal. */
const limited = (signal: AbortSignal) => (): void => signal.throwIfAborted()
