import type { Clock } from '../../clock.ts'

/** How many bytes of bodies may come at all, and be held at once. */
export interface Allowance {
  /** Takes the bytes where there is room; the function gives back what is held, once. */
  take(bytes: number): (() => void) | undefined
}

/**
 * Anybody in the cluster may call, and reading a body is what costs: so many bytes a second over all callers, with a burst,
 * and so many held at once. A second of reviews as they usually are takes a hundredth of it.
 */
export function createAllowance(
  clock: Pick<Clock, 'now'>,
  o: { readonly perSecond: number; readonly burst: number; readonly held: number },
): Allowance {
  let left = o.burst
  let at = clock.now()
  let held = 0
  return {
    take(bytes) {
      const now = clock.now()
      left = Math.min(o.burst, left + ((now - at) / 1_000) * o.perSecond)
      at = now
      if (bytes > left || held + bytes > o.held) return undefined
      left -= bytes
      held += bytes
      let given = false
      return () => {
        if (!given) held -= bytes
        given = true
      }
    },
  }
}
