import { backoff, type Backoff } from '../backoff.ts'
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
 * it depends on has changed.
 */
export function retried(
  work: () => Promise<'done' | 'again'>,
  clock: Clock,
  random: () => number,
): Retried {
  /** Made for the few that fail. */
  let waits: Backoff | undefined
  let cancel: (() => void) | undefined
  let closed = false

  const once = coalesce(async () => {
    cancel?.()
    cancel = undefined
    if (closed) return
    const outcome = await work()
    if (outcome === 'done') waits = undefined
    else if (!closed) {
      waits ??= backoff(firstDelay, longestDelay, random)
      cancel = clock.after(waits.next(), once.poke)
    }
  })

  return {
    poke: once.poke,
    idle: once.idle,
    close() {
      closed = true
      cancel?.()
    },
  }
}
