/** Work that is asked for more often than it need run. */
export interface Coalesced {
  /** Runs the work soon: once now, or once more after the run under way. */
  readonly poke: () => void
  /** Resolves when nothing runs and nothing is wanted. */
  readonly idle: () => Promise<void>
}

/** Runs `work` one at a time; any number of pokes during a run make one more. `work` must handle its own failures. */
export function coalesce(work: () => Promise<void>): Coalesced {
  let wanted = false
  let running: Promise<void> | undefined

  const run = async (): Promise<void> => {
    while (wanted) {
      wanted = false
      await work()
    }
    running = undefined
  }

  return {
    poke() {
      wanted = true
      running ??= Promise.resolve().then(run)
    },
    async idle() {
      while (running) await running
    },
  }
}
