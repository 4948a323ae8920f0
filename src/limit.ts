/** Runs at most `width` pieces of work at a time, the rest in the order they came. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>

export function limit(width: number): Limit {
  const waiting: (() => void)[] = []
  let running = 0

  const release = (): void => {
    running--
    waiting.shift()?.()
  }

  return async (work) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve))
    running++
    try {
      return await work()
    } finally {
      release()
    }
  }
}
