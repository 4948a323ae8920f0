import type { Clock } from '../clock.ts'
import type { Host } from '../scaler.ts'
import type { EngineMeter } from './port.ts'
import type { Schedule } from './schedule.ts'

/** What every source of one engine works with. */
export interface Parts {
  readonly clock: Clock
  readonly schedule: Schedule
  readonly host: Host
  readonly meter: EngineMeter
  /** How often an HPA reads (ms): the pace of a trigger while one does. */
  readonly hpaSyncPeriod: number
  /** How many calls to one source may be under way. */
  readonly concurrency: number
  /** 0 to 1, for the jitter of restarts. */
  readonly random: () => number
}
