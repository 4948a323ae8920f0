/**
 * The hot loop: what a poll costs beyond the request itself, how late polls are, and what a trigger weighs while it waits.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { median, percentile, round, settledHeap } from './measure.ts'
import { createSubject, settled, watch } from './poll/engine.ts'
import { loopback, type Loopback } from './poll/loopback.ts'
import { memoryScaler } from './poll/memory.ts'
import { render, type Table } from './table.ts'

export interface PollFigures {
  /** At 1,000 polls/s over prometheus triggers on loopback. */
  readonly cpu_ms_per_poll: number
  readonly bare_cpu_ms_per_poll: number
  readonly lateness_ms: Percentiles
  readonly rss_mib: number
  /** The engine alone, its source in memory. */
  readonly overhead_us_per_poll: number
  /** Heap of one more trigger with a query of its own, on a source shared by 10,000. */
  readonly bytes_per_trigger: number
  readonly asks_per_query: number
}

interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

interface Shared {
  readonly count: number
  readonly rate: number
  readonly asksPerQuery: number
  readonly cpuUs: number
  readonly late: Percentiles
  readonly bytes: number
  readonly rss: number
}

const percentiles = (values: readonly number[]): Percentiles => ({
  p50: round(percentile(values, 0.5), 2),
  p95: round(percentile(values, 0.95), 2),
  p99: round(percentile(values, 0.99), 2),
  max: round(percentile(values, 1), 2),
})

/** Microseconds of CPU for a poll of a source in memory, every query asked by itself at 10,000 polls/s. */
async function overhead(rounds: number, seconds: number): Promise<number> {
  const perPoll: number[] = []
  for (let i = 0; i < rounds; i++) {
    const subject = createSubject()
    const scaler = memoryScaler(false)
    for (let q = 0; q < 10_000; q++) {
      subject.follow(scaler, { endpoint: 'here' }, { name: `q${q}` }, 1_000)
    }
    await settled(subject)
    const { queries, cpu } = await watch(subject, seconds)
    perPoll.push((cpu * 1_000) / queries)
    await subject.close()
  }
  return median(perPoll)
}

/** So many triggers with queries of their own on one source that answers them all in one call, every second. */
async function shared(count: number, seconds: number): Promise<Shared> {
  const subject = createSubject()
  const scaler = memoryScaler(2)
  const m = { endpoint: 'here' }
  subject.follow(scaler, m, { name: 'first' }, 1_000)
  await delay(100)
  const before = settledHeap()
  for (let q = 0; q < count; q++) subject.follow(scaler, m, { name: `q${q}` }, 1_000)
  await delay(1_500)
  subject.meter.reset()
  const bytes = (settledHeap() - before) / count
  const { queries, asks, cpu, rss, lateness, seconds: elapsed } = await watch(subject, seconds)
  await subject.close()
  return {
    count,
    rate: round(queries / elapsed),
    asksPerQuery: round(asks / queries, 4),
    cpuUs: round((cpu * 1_000) / queries, 1),
    late: percentiles(lateness),
    bytes: round(bytes),
    rss: round(rss),
  }
}

const latenessOf = ({ windows }: Loopback): Percentiles =>
  percentiles(windows.flatMap(({ lateness }) => lateness))
const rssOf = ({ windows }: Loopback): number => round(median(windows.map(({ rss }) => rss)))

/** Runs the benchmark and prints its tables: half a minute when quick, else two and a half. */
export async function run({
  quick,
  log,
}: {
  readonly quick: boolean
  readonly log: (line: string) => void
}): Promise<PollFigures> {
  const show = (table: Table): void => log(`\n${render(table)}`)
  const engineUs = round(await overhead(quick ? 1 : 3, quick ? 2 : 4), 1)
  show({
    title: 'Engine alone, source in memory, 10,000 polls/s',
    columns: ['', 'CPU us per poll'],
    rows: [['engine', engineUs]],
  })
  const calm = await loopback(200, quick ? 1 : 3, quick ? 3 : 5)
  const busy = await loopback(1_000, quick ? 2 : 5, quick ? 3 : 5)
  show(loopbackTable([calm, busy]))
  const crowds: Shared[] = []
  for (const count of [100, 1_000, 10_000]) crowds.push(await shared(count, quick ? 2 : 5))
  show(sharedTable(crowds))
  const crowd = crowds.at(-1)
  return {
    cpu_ms_per_poll: round(busy.cpu, 4),
    bare_cpu_ms_per_poll: round(busy.bare, 4),
    lateness_ms: latenessOf(busy),
    rss_mib: rssOf(busy),
    overhead_us_per_poll: engineUs,
    bytes_per_trigger: crowd?.bytes ?? 0,
    asks_per_query: crowd?.asksPerQuery ?? 0,
  }
}

const loopbackTable = (results: readonly Loopback[]): Table => ({
  title: 'prometheus triggers every 5 s on loopback, in turns with a bare undici loop',
  columns: [
    'polls/s',
    'seen',
    'CPU ms per poll',
    'bare loop',
    'ratio',
    'late p50 ms',
    'p95',
    'p99',
    'max',
    'RSS MiB',
  ],
  rows: results.map((result) => {
    const late = latenessOf(result)
    return [
      result.rate,
      round(median(result.windows.map((w) => w.queries / w.seconds))),
      round(result.cpu, 3),
      round(result.bare, 3),
      round(result.cpu / result.bare, 2),
      late.p50,
      late.p95,
      late.p99,
      late.max,
      rssOf(result),
    ]
  }),
})

const sharedTable = (results: readonly Shared[]): Table => ({
  title: 'Triggers with queries of their own on one source that answers all in one call, every 1 s',
  columns: [
    'triggers',
    'answers/s',
    'asks per query',
    'CPU us per answer',
    'late p99 ms',
    'heap bytes per trigger',
    'RSS MiB',
  ],
  rows: results.map((r) => [r.count, r.rate, r.asksPerQuery, r.cpuUs, r.late.p99, r.bytes, r.rss]),
})
