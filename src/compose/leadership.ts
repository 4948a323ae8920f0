import type { Insight, Readings } from '../control/insight.ts'
import { coalesce } from '../coalesce.ts'
import { failure } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Control } from './control.ts'

/** The loops, running while this replica leads. */
export interface Leadership {
  readonly insight: Insight
  readonly readings: Readings
  readonly control: Control | undefined
  /** The Lease was won or lost. */
  lead(leads: boolean): void
  /** Ends the loops; nothing is written after it has resolved. */
  close(): Promise<void>
}

/**
 * Starts the loops when the Lease is won and ends them when it is lost, one change at a time. Until then a standby answers
 * that it is one, and names the leader.
 */
export function createLeadership(
  start: () => Promise<Control>,
  holder: () => string | undefined,
  log: Log,
): Leadership {
  let wanted = false
  let control: Control | undefined

  const change = coalesce(async () => {
    if (wanted === (control !== undefined)) return
    if (wanted) {
      const started = await start()
      if (wanted) control = started
      else await started.close()
      log.info({ workloads: started.size }, 'leads: polls and decides')
    } else {
      const ended = control
      control = undefined
      await ended?.close()
      log.info({ leader: holder() }, 'stands by')
    }
  })

  const standby = () => failure('NOT_LEADING', { holder: holder() ?? 'another replica' })

  return {
    get control() {
      return control
    },
    insight: {
      list: async () => (control ? control.insight.list() : []),
      get: async (namespace, name) => control?.insight.get(namespace, name),
    },
    readings: {
      read(namespace, name, metric) {
        return control ? control.readings.read(namespace, name, metric) : Promise.reject(standby())
      },
    },
    lead(leads) {
      wanted = leads
      change.poke()
    },
    async close() {
      wanted = false
      change.poke()
      await change.idle()
    },
  }
}
