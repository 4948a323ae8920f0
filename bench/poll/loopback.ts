import { fork } from 'node:child_process'
import { once } from 'node:events'
import { prometheus } from '../../scalers/prometheus/index.ts'
import { read } from '../../src/metadata/schema.ts'
import { cpuSince, median } from '../measure.ts'
import { bareLoop } from './bare.ts'
import { createSubject, settled, watch, type Window } from './engine.ts'

/** Polling interval of the triggers (ms). */
const period = 5_000
/** The engine groups polls of 5 s within their slack of 100 ms; the bare loop gets the same tick. */
const tick = 100

/** The same polls with and without an engine. CPU times are medians over the rounds (ms). */
export interface Loopback {
  readonly rate: number
  readonly cpu: number
  readonly bare: number
  readonly windows: readonly Window[]
}

/** So many polls a second over prometheus triggers, in turns with a bare loop. */
export async function loopback(rate: number, rounds: number, seconds: number): Promise<Loopback> {
  const server = fork(new URL('server.ts', import.meta.url), { stdio: 'inherit' })
  try {
    const [port] = await once(server, 'message')
    const origin = `http://127.0.0.1:${port}`
    const queries = Array.from(
      { length: (rate * period) / 1_000 },
      (_, i) => `sum(rate(requests_total{app="app${i}"}[1m]))`,
    )
    const bare: number[] = []
    const windows: Window[] = []
    for (let i = 0; i < rounds; i++) {
      bare.push(await withoutEngine(origin, queries, rate, seconds))
      windows.push(await withEngine(origin, queries, seconds))
    }
    return { rate, bare: median(bare), cpu: median(windows.map((w) => w.cpu / w.queries)), windows }
  } finally {
    server.disconnect()
  }
}

async function withoutEngine(
  origin: string,
  queries: readonly string[],
  rate: number,
  seconds: number,
): Promise<number> {
  const paths = queries.map((query) => `/api/v1/query?query=${encodeURIComponent(query)}`)
  // a second to warm up
  await bareLoop(origin, paths, rate, tick, 1)
  const mark = process.cpuUsage()
  const polls = await bareLoop(origin, paths, rate, tick, seconds)
  return cpuSince(mark) / polls
}

async function withEngine(
  origin: string,
  queries: readonly string[],
  seconds: number,
): Promise<Window> {
  const subject = createSubject()
  for (const query of queries) {
    const trigger = { serverAddress: origin, query, threshold: '1' }
    const m = read('prometheus', prometheus.fields, { ...nothing, trigger })
    subject.follow(prometheus, m, { query, namespace: undefined }, period)
  }
  await settled(subject)
  const window = await watch(subject, seconds)
  await subject.close()
  return window
}

const nothing = { auth: {}, env: {}, identity: {}, workload: { namespace: 'n', name: 'w' } }
