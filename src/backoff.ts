import type { Open } from './open.ts'

/** How long to wait after the nth failure in a row: doubling up to `cap`, of which a random half is taken off. */
export interface Backoff {
  /** How many failures there have been since the last success. */
  readonly failures: number
  /** Counts one more failure and gives the wait in ms. */
  next(): number
  /** A success: the next wait is short again. */
  reset(): void
}

/** Never gives less than half of `base`, so that a loop which waits by it can never run hot. */
export function backoff(base: number, cap: number, random: () => number): Backoff {
  const waits: Open<Backoff> = {
    failures: 0,
    next() {
      const full = Math.min(cap, base * 2 ** Math.min(waits.failures, 30))
      waits.failures++
      return full * (0.5 + random() / 2)
    },
    reset() {
      waits.failures = 0
    },
  }
  return waits
}
