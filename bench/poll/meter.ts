import { systemClock } from '../../src/clock.ts'
import type { EngineMeter } from '../../src/poll/port.ts'
import { createMetrics } from '../../src/serve/metrics.ts'

/** The controller's own meter, which also keeps every lateness for percentiles. */
export interface BenchMeter extends EngineMeter {
  /** How late each query was asked (ms), since the last reset. */
  readonly lateness: readonly number[]
  readonly asks: number
  readonly queries: number
  readonly errors: number
  /** What a scrape of /metrics makes. */
  readonly text: () => Promise<string>
  reset(): void
}

export function createMeter(): BenchMeter {
  const metrics = createMetrics({
    clock: systemClock,
    build: { version: 'bench', commit: '' },
  })
  let lateness: number[] = []
  let asks = 0
  let queries = 0
  let errors = 0
  return {
    get lateness() {
      return lateness
    },
    get asks() {
      return asks
    },
    get queries() {
      return queries
    },
    get errors() {
      return errors
    },
    text: () => metrics.text(),
    reset() {
      lateness = []
      asks = 0
      queries = 0
      errors = 0
    },
    late(scaler, ms) {
      lateness.push(ms)
      metrics.engine.late(scaler, ms)
    },
    asked(scaler, count, ms, outcome) {
      asks++
      queries += count
      if (outcome === 'error') errors++
      metrics.engine.asked(scaler, count, ms, outcome)
    },
    inFlight: (scaler, change) => metrics.engine.inFlight(scaler, change),
  }
}
