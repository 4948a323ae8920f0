import { setTimeout as delay } from 'node:timers/promises'
import { median, percentiles, round, settledHeap, type Percentiles } from '../measure.ts'
import { createSubject, settled, watch } from './engine.ts'
import { memoryScaler } from './memory.ts'

/** Many triggers on one source. */
export interface Shared {
  readonly count: number
  readonly rate: number
  readonly asksPerQuery: number
  readonly cpuUs: number
  readonly late: Percentiles
  readonly bytes: number
  readonly rss: number
}

/** Microseconds of CPU for a poll of a source in memory, every query asked by itself at 10,000 polls/s. */
export async function overhead(rounds: number, seconds: number): Promise<number> {
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
export async function shared(count: number, seconds: number): Promise<Shared> {
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
