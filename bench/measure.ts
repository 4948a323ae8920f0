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

export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export const percentiles = (values: readonly number[]): Percentiles => ({
  p50: round(percentile(values, 0.5), 2),
  p95: round(percentile(values, 0.95), 2),
  p99: round(percentile(values, 0.99), 2),
  max: round(percentile(values, 1), 2),
})

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
