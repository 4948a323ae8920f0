import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure } from '../../src/errors.ts'
import { read } from '../../src/metadata/schema.ts'
import { createEngine } from '../../src/poll/engine.ts'
import type { Subscription } from '../../src/poll/port.ts'
import type { AnyScaler, Reading, Sample, Spec } from '../../src/scaler.ts'
import { type ManualClock, manualClock, settle } from '../support/clock.ts'
import { testHost } from '../support/host.ts'
import { givenBy } from './scaler.ts'
import { announcing } from './scalers/announcing.ts'
import { comparing } from './scalers/comparing.ts'
import { cheaperFrom, listing } from './scalers/listing.ts'
import { pushing } from './scalers/pushing.ts'
import { timed } from './scalers/timed.ts'

const period = 10_000

interface Trigger extends Subscription {
  readonly samples: Sample<unknown>[]
  /** What the scaler concludes from the newest sample. */
  reading(): Reading
}

interface Stand {
  readonly clock: ManualClock
  readonly specs: (scaler: AnyScaler, metadata: Record<string, string>) => Promise<readonly Spec[]>
  readonly subscribe: (
    scaler: AnyScaler,
    metadata: Record<string, string>,
    spec?: Spec,
  ) => Promise<Trigger>
}

/** Runs a test on the real engine, with time that moves when told to. */
async function onEngine(body: (stand: Stand) => Promise<void>): Promise<void> {
  const clock = manualClock()
  const meter = { late: () => {}, asked: () => {}, inFlight: () => {} }
  const engine = createEngine({ clock, host: testHost({ clock }), meter, random: () => 0.5 })
  const never = new AbortController().signal
  const parse = (scaler: AnyScaler, metadata: Record<string, string>): Record<string, unknown> =>
    read(scaler.type, scaler.fields, givenBy(metadata), scaler.check)
  const specs: Stand['specs'] = async (scaler, metadata) => {
    const m = parse(scaler, metadata)
    return scaler.specs(m, (work) => engine.use(scaler, m, work, never))
  }
  const subscribe: Stand['subscribe'] = async (scaler, metadata, given) => {
    const m = parse(scaler, metadata)
    const spec = given ?? (await specs(scaler, metadata))[0]
    assert.ok(spec)
    const samples: Sample<unknown>[] = []
    const subscription = engine.subscribe({
      scaler,
      m,
      query: scaler.query(m, spec),
      period,
      cached: false,
      onSample: (sample) => samples.push(sample),
      onDenied: async () => {},
    })
    const reading = (): Reading => {
      const sample = subscription.latest()
      assert.equal(sample?.answer.kind, 'value')
      const concluded =
        sample?.answer.kind === 'value' &&
        scaler.conclude(sample.answer.value, m, sample.before, spec)
      assert.ok(concluded && !isFailure(concluded))
      return concluded
    }
    return Object.assign(subscription, { samples, reading })
  }
  try {
    await body({ clock, specs, subscribe })
  } finally {
    const closing = engine.close()
    await clock.advance(60_000)
    await closing
  }
}

describe('the contract is wide enough for', () => {
  test('a source that announces several metrics, and others later', () =>
    onEngine(async ({ clock, specs, subscribe }) => {
      const { scaler, measured } = announcing()
      const metadata = { address: 'a' }
      measured.set('depth', 4).set('age', 0)
      const announced = await specs(scaler, metadata)
      assert.deepEqual(
        announced.map(({ name }) => name),
        ['depth', 'age'],
      )
      const [depth, age] = await Promise.all(
        announced.map((spec) => subscribe(scaler, metadata, spec)),
      )
      await clock.advance(period)
      assert.deepEqual(depth?.reading(), { value: 4, active: true })
      assert.deepEqual(age?.reading(), { value: 0, active: false })

      measured.delete('age')
      measured.set('width', 2)
      assert.deepEqual(
        (await specs(scaler, metadata)).map(({ name }) => name),
        ['depth', 'width'],
      )
      await clock.advance(period)
      assert.equal(age?.latest()?.answer.kind, 'error')
      assert.deepEqual(depth?.reading(), { value: 4, active: true })
    }))

  test('a source that is asked for everything at once when that is cheaper', () =>
    onEngine(async ({ clock, subscribe }) => {
      const { scaler, queues, calls } = listing()
      for (let i = 0; i < cheaperFrom; i++) queues.set(`q${i}`, i)
      const [first] = await Promise.all([
        subscribe(scaler, { broker: 'b', queue: 'q1' }),
        subscribe(scaler, { broker: 'b', queue: 'q1' }),
      ])
      await clock.advance(3 * period)
      assert.ok(!calls.includes('*'), 'two workloads, but one query')
      calls.length = 0
      await subscribe(scaler, { broker: 'b', queue: 'q2' })
      const missing = await subscribe(scaler, { broker: 'b', queue: 'gone' })
      await clock.advance(period)
      calls.length = 0
      await clock.advance(3 * period)
      assert.deepEqual(calls, ['*', '*', '*'])
      assert.deepEqual(first?.reading(), { value: 1, active: true })
      assert.equal(missing.latest()?.answer.kind, 'error')
    }))

  test('a conclusion that needs the sample before', () =>
    onEngine(async ({ clock, subscribe }) => {
      const source = comparing()
      source.log = { end: 10, committed: 4 }
      const trigger = await subscribe(source.scaler, { log: 'l' })
      await clock.advance(1)
      assert.deepEqual(trigger.reading(), { value: 6, active: true })
      await clock.advance(period)
      assert.deepEqual(trigger.reading(), { value: 0, active: true }, 'nobody moved on')
      source.log = { end: 12, committed: 5 }
      await clock.advance(period)
      assert.deepEqual(trigger.reading(), { value: 7, active: true })
    }))

  test('a schedule, which asks nobody but the clock', () =>
    onEngine(async ({ clock, subscribe }) => {
      const minute = Math.floor(clock.now() / 60_000) % 60
      const [start, end] = [(minute + 1) % 60, (minute + 2) % 60]
      assert.ok(start < end)
      const metadata = { start: String(start), end: String(end), replicas: '3' }
      const trigger = await subscribe(timed, metadata)
      await clock.advance(1)
      assert.deepEqual(trigger.reading(), { value: 0, active: false })
      await clock.advance(60_000)
      assert.deepEqual(trigger.reading(), { value: 3, active: true })
      await clock.advance(60_000 + period)
      assert.deepEqual(trigger.reading(), { value: 0, active: false })
    }))

  test('a source that tells by itself', () =>
    onEngine(async ({ clock, subscribe }) => {
      const { scaler, listeners } = pushing()
      const trigger = await subscribe(scaler, { address: 'a', topic: 't' })
      await clock.advance(1)
      assert.deepEqual(trigger.reading(), { value: 0, active: false })
      const before = trigger.samples.length

      listeners.get('t')?.(true)
      await settle()
      assert.equal(trigger.samples.length, before + 1)
      assert.deepEqual(trigger.reading(), { value: 0, active: true })

      trigger.close()
      await settle()
      assert.equal(listeners.size, 0)
    }))
})
