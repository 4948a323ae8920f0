import type { Clock } from '../clock.ts'
import { coalesce, type Coalesced } from '../coalesce.ts'

/** Delays between tries that fail (ms): short at first, because most causes pass, then rarely enough to burden nobody. */
const firstDelay = 500
const longestDelay = 30_000

export interface Retried extends Coalesced {
  /** Takes a waiting retry back; a run under way ends by its own signal. */
  close(): void
}

/**
 * Runs `work` when poked, and again after a growing delay while it says it failed. A poke runs it at once, because something
 * it depends on has changed. `spread` in 0..1 moves the delays, so that what failed together does not come back together.
 */
export function retried(
  work: () => Promise<'done' | 'again'>,
  clock: Clock,
  spread: number,
): Retried {
  let failures = 0
  let cancel: (() => void) | undefined
  let closed = false

  const once = coalesce(async () => {
    cancel?.()
    cancel = undefined
    if (closed || (await work()) === 'done' || closed) {
      failures = 0
      return
    }
    const delay = Math.min(longestDelay, firstDelay * 2 ** Math.min(failures++, 10))
    cancel = clock.after(delay * (0.75 + spread / 2), () => once.poke())
  })

  return {
    poke: () => once.poke(),
    idle: () => once.idle(),
    close() {
      closed = true
      cancel?.()
    },
  }
}
