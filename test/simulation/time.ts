import type { Clock } from '../../src/clock.ts'

/** The time of the simulated world: moves only from one timer to the next, and never while anything can still run. */
export interface World extends Clock {
  /** Timers fired so far. */
  readonly steps: number
  /** Runs until this time; every promise that can move on has done so before the next timer fires. */
  runUntil(end: number): Promise<void>
}

interface Timer {
  readonly at: number
  readonly serial: number
  fire: (() => void) | undefined
}

/** More than this in one simulation is a loop that runs hot. */
const mostSteps = 400_000

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function createWorld(start: number): World {
  const heap: Timer[] = []
  let now = start
  let serial = 0
  let steps = 0

  const after = (ms: number, fire: () => void): (() => void) => {
    const timer: Timer = { at: now + Math.max(0, ms), serial: serial++, fire }
    push(heap, timer)
    return () => {
      timer.fire = undefined
    }
  }

  return {
    now: () => now,
    get steps() {
      return steps
    },
    after,
    sleep: (ms, signal) => sleepOn(after, ms, signal),
    async runUntil(end) {
      // one turn of the event loop runs all microtasks; nothing here waits for anything else
      await turn()
      for (let first = heap[0]; first && first.at <= end; first = heap[0]) {
        pop(heap)
        const { fire } = first
        if (!fire) continue
        now = first.at
        if (++steps > mostSteps)
          throw new Error(`more than ${mostSteps} timers: something runs hot`)
        fire()
        await turn()
      }
      now = end
    },
  }
}

/** The clock of one process of Ebb, which may be wrong, may stand still while the process is suspended, and dies with it. */
export interface ProcessClock extends Clock {
  /** No timer of it fires any more. */
  kill(): void
  /** No timer of it fires before this time of the world. */
  suspend(until: number): void
}

export function processClock(world: World, skew: number): ProcessClock {
  let dead = false
  let resumes = world.now()
  const after = (ms: number, fire: () => void): (() => void) => {
    let cancel: () => void = () => undefined
    const run = (): void => {
      if (dead) return
      if (world.now() < resumes) cancel = world.after(resumes - world.now(), run)
      else fire()
    }
    cancel = world.after(ms, run)
    return () => cancel()
  }
  return {
    now: () => world.now() + skew,
    after,
    sleep: (ms, signal) => sleepOn(after, ms, signal),
    kill() {
      dead = true
    },
    suspend(until) {
      resumes = Math.max(resumes, until)
    },
  }
}

function sleepOn(after: Clock['after'], ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const abort = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = after(ms, () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    signal.addEventListener('abort', abort, { once: true })
  })
}

const before = (a: Timer, b: Timer): boolean =>
  a.at < b.at || (a.at === b.at && a.serial < b.serial)

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length
  heap.push(timer)
  while (at > 0) {
    const up = (at - 1) >> 1
    const parent = heap[up]
    if (!parent || before(parent, timer)) break
    heap[at] = parent
    at = up
  }
  heap[at] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let at = 0
  for (;;) {
    let down = 2 * at + 1
    const left = heap[down]
    if (!left) break
    const right = heap[down + 1]
    if (right && before(right, left)) down++
    const child = heap[down]
    if (!child || before(last, child)) break
    heap[at] = child
    at = down
  }
  heap[at] = last
}
