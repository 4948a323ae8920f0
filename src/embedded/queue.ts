import type { Clock } from '../clock.ts'
import { isFailure } from '../errors.ts'

/** Keys that need work. A key that is added many times before its turn is worked on once. */
export interface WorkQueue {
  add(key: string): void
  /** Adds the key once `ms` have passed. */
  later(key: string, ms: number): void
  /** Forgets all work. */
  close(): void
}

const retryAfter = 10_000

/**
 * Works on keys in the order they came, each at the clock's next turn, never inside the change that asked for it. What
 * is added meanwhile has the turn after, so controllers that answer each other let time be told in between.
 */
export function createQueue(clock: Clock, work: (key: string) => void): WorkQueue {
  const waiting = new Set<string>()
  const delayed = new Map<string, () => void>()
  let cancel: (() => void) | undefined

  const turn = (): void => {
    cancel = undefined
    const keys = [...waiting]
    waiting.clear()
    for (const key of keys) attempt(key)
  }

  /** What the server refuses is tried again, as real controllers do; whatever else is thrown is a fault of the program. */
  const attempt = (key: string): void => {
    try {
      work(key)
    } catch (error) {
      if (!isFailure(error)) throw error
      later(key, retryAfter)
    }
  }

  const later = (key: string, ms: number): void => {
    delayed.get(key)?.()
    const fire = (): void => {
      delayed.delete(key)
      add(key)
    }
    delayed.set(key, clock.after(ms, fire))
  }

  const add = (key: string): void => {
    waiting.add(key)
    cancel ??= clock.after(0, turn)
  }

  return {
    add,
    later,
    close() {
      cancel?.()
      for (const stop of delayed.values()) stop()
      delayed.clear()
      waiting.clear()
    },
  }
}
