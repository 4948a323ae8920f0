/**
 * The hot loop: what a poll costs beyond the request itself, how late polls are, and what a trigger weighs while it waits.
 */
import { median, percentiles, round, type Percentiles } from './measure.ts'
import type { Loopback } from './poll/loopback.ts'
import { inChild } from './poll/order.ts'
import type { Shared } from './poll/parts.ts'
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
  const seconds = quick ? 3 : 5
  const show = (table: Table): void => log(`\n${render(table)}`)
  const engineUs = round(
    await inChild({ part: 'overhead', rounds: quick ? 1 : 3, seconds: quick ? 2 : 4 }),
    1,
  )
  show({
    title: 'Engine alone, source in memory, 10,000 polls/s',
    columns: ['', 'CPU us per poll'],
    rows: [['engine', engineUs]],
  })
  const calm = await inChild({ part: 'loopback', rate: 200, rounds: quick ? 1 : 3, seconds })
  const busy = await inChild({ part: 'loopback', rate: 1_000, rounds: quick ? 2 : 5, seconds })
  show(loopbackTable([calm, busy]))
  const crowds: Shared[] = []
  for (const count of [100, 1_000, 10_000]) {
    crowds.push(await inChild({ part: 'shared', count, seconds: quick ? 2 : 5 }))
  }
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
