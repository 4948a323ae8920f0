import { failure, reasonOf } from '../../src/errors.ts'
import { error, value, type Answer, type Host, type Push, type Service } from '../../src/scaler.ts'
import { windowOf, type Schedule, type Window } from './window.ts'

/** Windows of time by their schedules. */
export interface Windows extends Service {
  /** Whether the window is open now. */
  look(schedule: Schedule): Answer<boolean>
  /** Tells when it opens and closes, at once and not a poll later, until the signal aborts. */
  follow(schedule: Schedule, push: Push, signal: AbortSignal): Promise<void>
}

/** How many schedules are remembered with when they change next; beyond that the oldest is worked out again. */
const remembered = 1_000
/** Node's timers hold no longer than this (ms). */
const longest = 2 ** 31 - 1

export function openWindows(clock: Host['clock']): Windows {
  const known = new Map<string, { readonly at: (now: number) => Window; window: Window }>()

  /** Worked out anew only when it has changed. */
  const windowAt = (schedule: Schedule, now: number): Window => {
    const key = `${schedule.timezone}\n${schedule.start}\n${schedule.end}`
    const found = known.get(key)
    if (found && (found.window.until === undefined || now < found.window.until)) return found.window
    const at = found?.at ?? windowOf(schedule)
    const window = at(now)
    known.delete(key)
    known.set(key, { at, window })
    const [oldest] = known.keys()
    if (known.size > remembered && oldest !== undefined) known.delete(oldest)
    return window
  }

  const look = (schedule: Schedule): Answer<boolean> => {
    try {
      return value(windowAt(schedule, clock.now()).open)
    } catch (thrown) {
      const why = reasonOf(thrown)
      return error(failure('METADATA_INVALID', { trigger: 'cron', problems: [why] }, thrown))
    }
  }

  return {
    address: 'the clock',
    look,
    async follow(schedule, push, signal) {
      for (;;) {
        const { until } = windowAt(schedule, clock.now())
        const wait = until === undefined ? longest : Math.max(0, until - clock.now())
        // ends by rejecting when the signal aborts
        await clock.sleep(Math.min(wait, longest), signal)
        push.answer(look(schedule))
      }
    },
    close() {
      known.clear()
    },
  }
}
