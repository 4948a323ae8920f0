import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Rounded to so many decimals. */
export const round = (value: number, decimals = 0): number =>
  Math.round(value * 10 ** decimals) / 10 ** decimals

/** The value below which this share (0 to 1) of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** CPU time of this process, user and system, since the mark (ms). */
export function cpuSince(mark: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(mark)
  return (user + system) / 1_000
}

export const rssMib = (): number => process.memoryUsage.rss() / 2 ** 20

/** Bytes in use on the heap after a full collection. */
export function settledHeap(): number {
  setFlagsFromString('--expose-gc')
  // a context made after the flag was set has the function
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
