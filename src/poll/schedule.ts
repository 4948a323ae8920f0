import type { Clock } from '../clock.ts'
import { createHeap, type Placed } from './heap.ts'

/**
 * Something that is to happen at a time, made once and set as often as wanted. An alarm that is not set costs nothing
 * but itself: no timer, no promise, no closure.
 */
export interface Alarm<T = unknown> extends Placed {
  /** When it was last set for (epoch ms). */
  due: number
  /** How much sooner than `due` it may ring (ms), to share a wake-up with a neighbour. */
  slack: number
  readonly owner: T
  /** A method, so that alarms of all owners fit one heap. */
  ring(owner: T): void
}

/** One heap of alarms and one timer on the clock, however many alarms there are. */
export interface Schedule {
  /** How many alarms are set. */
  readonly size: number
  /** Sets the alarm, or moves it. It rings once, never before `due - slack`, and is then unset. */
  set(alarm: Alarm, due: number, slack?: number): void
  /** Takes the alarm back; one that is not set is left alone. */
  cancel(alarm: Alarm): void
  /** For work that is rare: calls `fire` once, `ms` from now; the function returned takes it back. */
  after(ms: number, fire: () => void): () => void
  /** Forgets every alarm and the timer. */
  close(): void
}

/** Makes an alarm, not yet set. `ring` is one function shared by all alarms of a kind; it gets the owner. */
export const alarm = <T>(owner: T, ring: (owner: T) => void): Alarm<T> => ({
  due: 0,
  slack: 0,
  place: -1,
  owner,
  ring,
})

const fireOwner = (fire: () => void): void => fire()

/**
 * A schedule on this clock. The timer is set for the earliest alarm; when it fires, neighbours whose slack allows it ring
 * along. Alarms ring in due order; one that throws leaves the rest set.
 */
export function createSchedule(clock: Clock): Schedule {
  const heap = createHeap<Alarm>()
  let armedFor = Number.POSITIVE_INFINITY
  let disarm: (() => void) | undefined
  let ringing = false

  const arm = (): void => {
    const first = heap.peek()
    if (first === undefined) return unarm()
    if (ringing || first.due >= armedFor) return
    disarm?.()
    armedFor = first.due
    disarm = clock.after(Math.max(0, Math.ceil(first.due - clock.now())), wake)
  }

  const unarm = (): void => {
    disarm?.()
    disarm = undefined
    armedFor = Number.POSITIVE_INFINITY
  }

  const wake = (): void => {
    disarm = undefined
    armedFor = Number.POSITIVE_INFINITY
    ringing = true
    try {
      ringDue(clock.now())
    } finally {
      ringing = false
      arm()
    }
  }

  // Bounded by what was set before: an alarm that sets itself anew for now waits for the next turn of the event loop.
  const ringDue = (now: number): void => {
    for (let left = heap.size; left > 0; left--) {
      const first = heap.peek()
      if (first === undefined || first.due - first.slack > now) return
      heap.remove(first)
      first.ring(first.owner)
    }
  }

  const set = (given: Alarm, due: number, slack = 0): void => {
    heap.remove(given)
    given.due = due
    given.slack = slack
    heap.push(given)
    arm()
  }

  const cancel = (given: Alarm): void => {
    heap.remove(given)
    if (heap.size === 0) unarm()
  }

  return {
    get size() {
      return heap.size
    },
    set,
    cancel,
    after(ms, fire) {
      const once = alarm(fire, fireOwner)
      set(once, clock.now() + ms)
      return () => cancel(once)
    },
    close() {
      for (let first = heap.peek(); first !== undefined; first = heap.peek()) heap.remove(first)
      unarm()
    },
  }
}
