import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/clock.ts'
import { anywhere } from '../../src/http.ts'
import { createEngine } from '../../src/poll/engine.ts'
import type { Engine } from '../../src/poll/port.ts'
import type { AnyScaler, Host, Query } from '../../src/scaler.ts'
import { cpuSince, percentile, rssMib } from '../measure.ts'
import { createMeter, type BenchMeter } from './meter.ts'

const host: Host = {
  clock: systemClock,
  timeout: 3_000,
  ...anywhere,
  followPods() {
    throw new TypeError('no pods here')
  },
  token: () => Promise.reject(new Error('no tokens in benchmarks')),
}

/** Samples are dropped: what is measured is the engine, not what a controller makes of them. */
const onSample = (): void => {}
const onDenied = (): Promise<void> => Promise.resolve()

/** An engine at work, with the controller's meter. */
export interface Subject {
  readonly meter: BenchMeter
  follow(
    scaler: AnyScaler,
    m: Readonly<Record<string, unknown>>,
    query: Query,
    period: number,
  ): void
  close(): Promise<void>
}

export function createSubject(): Subject {
  const meter = createMeter()
  const engine: Engine = createEngine({
    clock: systemClock,
    host,
    meter,
    digestKey: new Uint8Array(32),
  })
  return {
    meter,
    follow(scaler, m, query, period) {
      engine.subscribe({ scaler, m, query, period, cached: false, onSample, onDenied })
    },
    close: () => engine.close(),
  }
}

/** What one window of an engine at work showed. */
export interface Window {
  readonly queries: number
  readonly asks: number
  readonly seconds: number
  /** CPU time of the process (ms). */
  readonly cpu: number
  readonly lateness: readonly number[]
  readonly rss: number
}

/** Waits until the rush of first polls is over and every query is asked at its own time. */
export async function settled({ meter }: Subject): Promise<void> {
  for (let i = 0; i < 60; i++) {
    meter.reset()
    await delay(500)
    if (meter.asks > 0 && percentile(meter.lateness, 0.99) < 100) return
  }
  throw new Error('polls are still late after 30 s: this machine is too busy to measure on')
}

/** Watches for so many seconds, with /metrics scraped every 5 s as in a cluster. */
export async function watch({ meter }: Subject, seconds: number): Promise<Window> {
  const scrape = setInterval(() => void meter.text(), 5_000)
  meter.reset()
  const start = performance.now()
  const mark = process.cpuUsage()
  await delay(seconds * 1_000)
  const cpu = cpuSince(mark)
  const elapsed = (performance.now() - start) / 1_000
  clearInterval(scrape)
  if (meter.errors > 0) throw new Error(`${meter.errors} asks failed`)
  const { queries, asks, lateness } = meter
  return { queries, asks, seconds: elapsed, cpu, lateness, rss: rssMib() }
}
