import { text } from '../../src/metadata/fields.ts'
import { anywhere } from '../../src/http.ts'
import { createEngine, type EngineOptions } from '../../src/poll/engine.ts'
import type { Engine, EngineMeter, Subscription, Want } from '../../src/poll/port.ts'
import {
  defineScaler,
  value,
  type AnyScaler,
  type Answer,
  type Host,
  type Push,
  type Sample,
} from '../../src/scaler.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'

export const second = 1_000

export const silentMeter: EngineMeter = { late() {}, asked() {}, inFlight() {} }

/** One call as the source in memory saw it. */
export interface Call {
  readonly at: number
  readonly endpoint: string
  readonly names: readonly string[]
}

/** What a source in memory does; every part can be changed between calls. */
export interface Memory {
  readonly scaler: AnyScaler
  readonly calls: Call[]
  /** How often a source was opened and closed. */
  opened: number
  closed: number
  /** The most calls at once, and the most of one query at once. */
  most: number
  mostOfOne: number
  /** One answer per query; by default the value 1. */
  answer: (name: string, endpoint: string) => Answer<unknown>
  /** How long an answer takes (ms); infinite: until the signal aborts. */
  delay: number
  /** Whether a call ends when its signal aborts. */
  deaf: boolean
  /** How long opening takes (ms), and what it fails with. */
  openDelay: number
  openFailure: Error | undefined
  watch: ((push: Push, signal: AbortSignal) => Promise<void>) | undefined
}

export const pause = (clock: ManualClock, ms: number, signal: AbortSignal): Promise<void> =>
  ms === 0 ? Promise.resolve() : clock.sleep(ms, signal)

const never = new AbortController().signal

/** A scaler whose sources live in memory. Its queries are `{ name }`. */
export function memoryScaler(
  clock: ManualClock,
  {
    type = 'memory',
    batch = false,
    timeout,
    pushes = false,
  }: {
    readonly type?: string
    readonly batch?: false | number
    readonly timeout?: number | undefined
    readonly pushes?: boolean
  } = {},
): Memory {
  const running = new Map<string, number>()
  let inFlight = 0
  const scaler = defineScaler({
    type,
    label: `${type}Scaler`,
    doc: 'In memory.',
    fields: {
      endpoint: text({ doc: 'Where.', connection: true }),
      password: text({ doc: 'Secret.', default: '', secret: true, connection: true }),
      threshold: text({ doc: 'Not part of the connection.', default: '' }),
    },
    specs: () => [{ name: 'memory', target: 1, form: 'integer' }],
    timeout: () => timeout,
    async open(c, _host, signal) {
      await pause(clock, memory.openDelay, signal)
      if (memory.openFailure) throw memory.openFailure
      memory.opened++
      return {
        endpoint: c.endpoint,
        close() {
          memory.closed++
        },
      }
    },
    query: () => ({ name: '' }),
    batch,
    async ask(service, queries: readonly { readonly name: string }[], signal) {
      const names = queries.map(({ name }) => name)
      memory.calls.push({ at: clock.now(), endpoint: service.endpoint, names })
      memory.most = Math.max(memory.most, ++inFlight)
      for (const name of names) {
        const now = (running.get(name) ?? 0) + 1
        running.set(name, now)
        memory.mostOfOne = Math.max(memory.mostOfOne, now)
      }
      try {
        await pause(clock, memory.delay, memory.deaf ? never : signal)
        return names.map((name) => memory.answer(name, service.endpoint))
      } finally {
        inFlight--
        for (const name of names) running.set(name, (running.get(name) ?? 0) - 1)
      }
    },
    conclude: () => ({ value: 0, active: false }),
    ...(pushes && {
      watch: async (_m: unknown, _service: unknown, push: Push, signal: AbortSignal) =>
        memory.watch?.(push, signal),
    }),
  })
  const memory: Memory = {
    scaler,
    calls: [],
    opened: 0,
    closed: 0,
    most: 0,
    mostOfOne: 0,
    answer: () => value(1),
    delay: 0,
    deaf: false,
    openDelay: 0,
    openFailure: undefined,
    watch: undefined,
  }
  return memory
}

/** A subscription with the samples it was handed. */
export interface Follower extends Subscription {
  readonly samples: Sample<unknown>[]
}

export interface Bench {
  readonly clock: ManualClock
  readonly engine: Engine
  readonly follow: (
    memory: Memory,
    name: string,
    difference?: Partial<Want> & { readonly m?: object },
  ) => Follower
}

export const digestKey = new Uint8Array(32).fill(7)

export function setUp(options: Partial<EngineOptions> = {}, start?: number): Bench {
  const clock = manualClock(start)
  const host: Host = {
    clock,
    timeout: 3 * second,
    ...anywhere,
    followPods() {
      throw new TypeError('no pods here')
    },
    token: () => Promise.reject(new Error('no tokens here')),
  }
  const engine = createEngine({
    clock,
    host,
    meter: silentMeter,
    digestKey,
    random: () => 1,
    ...options,
  })
  return {
    clock,
    engine,
    follow(memory, name, difference = {}) {
      const samples: Sample<unknown>[] = []
      const subscription = engine.subscribe({
        scaler: memory.scaler,
        query: { name },
        period: 30 * second,
        cached: false,
        onSample: (sample) => samples.push(sample),
        onDenied: () => Promise.resolve(),
        ...difference,
        m: { endpoint: 'one', password: '', ...difference.m },
      })
      return Object.create(subscription, { samples: { value: samples } }) as Follower
    },
  }
}

/** A source with so many queries, polled every 30 s, after its first 60 * second. */
export async function steady(
  count: number,
  options: Parameters<typeof memoryScaler>[1] = {},
): Promise<Bench & { readonly memory: Memory; readonly followers: readonly Follower[] }> {
  const bench = setUp()
  const memory = memoryScaler(bench.clock, options)
  const followers = Array.from({ length: count }, (_, i) => bench.follow(memory, `q${i}`))
  await bench.clock.advance(60 * second)
  memory.calls.length = 0
  return { ...bench, memory, followers }
}
