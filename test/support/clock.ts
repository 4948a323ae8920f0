import type { Clock } from '../../src/clock.ts'

export interface ManualClock extends Clock {
  /** Moves time on, firing what falls due in due order, and lets promises settle after each. */
  advance(ms: number): Promise<void>
  /** How many timers are set. */
  pending(): number
}

/** Time that moves only when told to. Timers fire in due order, one at a time, so runs are repeatable. */
export function manualClock(start = 1_700_000_000_000): ManualClock {
  let now = start
  let serial = 0
  const timers = new Map<number, { at: number; fire: () => void }>()

  const after = (ms: number, fire: () => void): (() => void) => {
    const id = serial++
    timers.set(id, { at: now + Math.max(0, ms), fire })
    return () => timers.delete(id)
  }

  const next = (): [number, { at: number; fire: () => void }] | undefined => {
    let best: [number, { at: number; fire: () => void }] | undefined
    for (const entry of timers) if (!best || entry[1].at < best[1].at) best = entry
    return best
  }

  return {
    now: () => now,
    pending: () => timers.size,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const abort = (): void => {
          cancel()
          reject(signal.reason)
        }
        const cancel = after(ms, () => {
          signal.removeEventListener('abort', abort)
          resolve()
        })
        signal.addEventListener('abort', abort, { once: true })
      }),
    async advance(ms) {
      const end = now + ms
      for (;;) {
        await settle()
        const due = next()
        if (!due || due[1].at > end) break
        timers.delete(due[0])
        now = Math.max(now, due[1].at)
        due[1].fire()
      }
      now = end
      await settle()
    },
  }
}

/** Lets every promise that can move on do so, without any time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
