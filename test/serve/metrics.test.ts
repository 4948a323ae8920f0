import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Trigger } from '../../src/control/triggers.ts'
import { failure } from '../../src/errors.ts'
import { metricRows } from '../../src/serve/metric-table.ts'
import { createMetrics, type Metrics } from '../../src/serve/metrics.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'

const minute = 60_000
const shop = { kind: 'ScaledObject', namespace: 'shop', name: 'worker' } as const

function fresh(): { readonly metrics: Metrics; readonly clock: ManualClock } {
  const clock = manualClock()
  return { clock, metrics: createMetrics({ clock, build: { version: '1.2.3', commit: 'abc' } }) }
}

/** A trigger as far as the figures read it. */
const trigger = (metric: string, conclusion: Trigger['conclusion'], name?: string): Trigger =>
  ({
    plan: {
      index: 0,
      scaler: { label: 'azureQueueScaler' },
      trigger: { type: 'azure-queue', name },
    },
    metric,
    conclusion,
  }) as unknown as Trigger

const labels = (scaledObject: string, scaler: string, metric = 's0-q'): string =>
  `{namespace="shop",metric="${metric}",scaledObject="${scaledObject}",scaler="${scaler}",triggerIndex="0",type="scaledobject"}`

describe('metrics', () => {
  test('every row of the table appears exactly once, and nothing that is not in it', async () => {
    const text = await fresh().metrics.text()
    const types = Array.from(
      text.matchAll(/^# TYPE (\S+) (\S+)$/gm),
      ([, name, type]) => `${name} ${type}`,
    )
    assert.deepEqual(
      types.toSorted(),
      metricRows()
        .map(({ name, type }) => `${name} ${type}`)
        .toSorted(),
    )
  })

  test('the text is well formed: every sample belongs to the family above it', async () => {
    const { metrics } = fresh()
    metrics.engine.asked('prometheus', 3, 12, 'ok')
    metrics.control.sampled(shop, trigger('s0-q', { value: 4, active: true }), 12)
    let family = ''
    for (const line of (await metrics.text()).split('\n')) {
      if (line.startsWith('# HELP ')) family = line.split(' ')[2] ?? ''
      else if (line !== '' && !line.startsWith('#')) {
        assert.ok(line.startsWith(family), line)
        assert.match(
          line,
          /^[a-z_]+(\{([a-zA-Z_]+="([^"\\\n]|\\.)*",?)*\})? (-?[\d.e+-]+|NaN|[+-]Inf)$/,
        )
      }
    }
  })

  test("shows a trigger under KEDA's names and labels", async () => {
    const { metrics } = fresh()
    metrics.control.sampled(shop, trigger('s0-q', { value: 4.5, active: true }), 120)
    const text = await metrics.text()
    const own = labels('worker', 'azureQueueScaler')
    for (const line of [
      `keda_scaler_metrics_value${own} 4.5`,
      `keda_scaler_metrics_latency_seconds${own} 0.12`,
      `keda_scaler_active${own} 1`,
      `keda_scaler_detail_errors_total${own} 0`,
    ])
      assert.ok(text.includes(`\n${line}\n`), line)
  })

  test('names a trigger by its own name where it has one, and escapes it', async () => {
    const { metrics } = fresh()
    metrics.control.sampled(shop, trigger('s0-q', { value: 1, active: true }, 'a"b\\'), 1)
    assert.ok((await metrics.text()).includes('scaler="a\\"b\\\\"'))
  })

  test('counts failures by trigger and by ScaledObject, and keeps the last good value', async () => {
    const { metrics } = fresh()
    metrics.control.sampled(shop, trigger('s0-q', { value: 4, active: true }), 1)
    metrics.control.sampled(shop, trigger('s0-q', failure('SAMPLE_MISSING', { what: 'q' })), 1)
    const text = await metrics.text()
    assert.ok(
      text.includes(`keda_scaler_detail_errors_total${labels('worker', 'azureQueueScaler')} 1`),
    )
    assert.ok(
      text.includes('keda_scaled_object_errors_total{namespace="shop",scaledObject="worker"} 1'),
    )
    assert.ok(text.includes(`keda_scaler_metrics_value${labels('worker', 'azureQueueScaler')} 4`))
  })

  test('tells a ScaledJob from a ScaledObject of its name', async () => {
    const { metrics } = fresh()
    const job = { ...shop, kind: 'ScaledJob' } as const
    metrics.control.sampled(shop, trigger('s0-q', { value: 4, active: true }), 1)
    metrics.control.sampled(job, trigger('s0-q', { value: 7, active: true }), 1)
    metrics.control.sampled(job, trigger('s0-q', failure('SAMPLE_MISSING', { what: 'q' })), 1)
    const text = await metrics.text()
    const own = labels('worker', 'azureQueueScaler')
    for (const line of [
      `keda_scaler_metrics_value${own} 4`,
      `keda_scaler_metrics_value${own.replace('scaledobject', 'scaledjob')} 7`,
      'keda_scaled_object_errors_total{namespace="shop",scaledObject="worker"} 0',
      'keda_scaled_job_errors_total{namespace="shop",scaledJob="worker"} 1',
    ])
      assert.ok(text.includes(`\n${line}\n`), line)
    metrics.control.forget(job)
    assert.doesNotMatch(await metrics.text(), /scaledjob|scaledJob/)
  })

  test('a workload that is gone leaves no series', async () => {
    const { metrics } = fresh()
    metrics.control.sampled(shop, trigger('s0-q', { value: 4, active: true }), 1)
    metrics.control.forget(shop)
    assert.doesNotMatch(await metrics.text(), /worker/)
  })

  test('a trigger that is no longer in the spec loses its series, one that is keeps them', async () => {
    const { metrics, clock } = fresh()
    const kept = trigger('s0-q', { value: 1, active: true })
    metrics.control.sampled(shop, kept, 1)
    metrics.control.sampled(shop, trigger('s1-old', { value: 2, active: true }), 1)
    metrics.control.reconciled(shop, 'ok', 5)
    for (let i = 0; i < 11; i++) {
      await clock.advance(minute)
      metrics.control.sampled(shop, kept, 1)
    }
    const text = await metrics.text()
    assert.match(text, /metric="s0-q"/)
    assert.doesNotMatch(text, /s1-old/)
  })

  test('a trigger polled less often than that gets its series back with its next sample', async () => {
    const { metrics, clock } = fresh()
    const slow = trigger('s0-q', { value: 1, active: true })
    metrics.control.sampled(shop, slow, 1)
    metrics.control.reconciled(shop, 'ok', 5)
    await clock.advance(60 * minute)
    assert.doesNotMatch(await metrics.text(), /s0-q/)
    metrics.control.sampled(shop, slow, 1)
    assert.match(await metrics.text(), /s0-q/)
  })

  test('tells the coalescing: calls and the queries they answered', async () => {
    const { metrics } = fresh()
    metrics.engine.asked('azure-queue', 40, 12, 'ok')
    metrics.engine.asked('azure-queue', 2, 12, 'error')
    metrics.engine.late('azure-queue', 3)
    metrics.engine.inFlight('azure-queue', 1)
    const text = await metrics.text()
    for (const line of [
      'ebb_asks_total{scaler="azure-queue",outcome="ok"} 1',
      'ebb_asks_total{scaler="azure-queue",outcome="error"} 1',
      'ebb_queries_total{scaler="azure-queue"} 42',
      'ebb_asks_in_flight{scaler="azure-queue"} 1',
      'ebb_poll_lateness_seconds_bucket{le="0.005",scaler="azure-queue"} 1',
      'ebb_poll_lateness_seconds_bucket{le="0.002",scaler="azure-queue"} 0',
    ])
      assert.ok(text.includes(line), line)
  })

  test('labels stay bounded, whatever they are fed', async () => {
    const { metrics } = fresh()
    for (let i = 0; i < 1_000; i++) metrics.engine.late(`type-${i}`, 1)
    const text = await metrics.text()
    assert.ok(new Set(text.match(/scaler="type-\d+"/g)).size <= 200)
    assert.match(text, /scaler="other"/)
  })

  test('reads what is known elsewhere when asked, and only then', async () => {
    const { metrics } = fresh()
    let reads = 0
    metrics.observe({
      leads: () => true,
      certificateExpires: () => 5_000,
      mirrors: () => [{ kind: 'ScaledObject', size: 7 }],
      sources: () => {
        reads++
        const source = { id: 'x', queries: 1, subscribers: 1, inFlight: 0 }
        return [{ ...source, scaler: 'prometheus', breaker: 'open' as const }]
      },
      inventory: () => ({
        triggers: new Map([['azure-queue', 3]]),
        resources: [{ type: 'scaled_object', namespace: 'shop', count: 2 }],
        paused: [{ namespace: 'shop', name: 'worker', paused: true }],
      }),
    })
    assert.equal(reads, 0)
    const text = await metrics.text()
    for (const line of [
      'ebb_leader 1',
      'ebb_certificate_expiry_timestamp_seconds 5',
      'ebb_mirror_objects{kind="ScaledObject"} 7',
      'ebb_sources{scaler="prometheus",breaker="open"} 1',
      'keda_trigger_registered_total{type="azure-queue"} 3',
      'keda_resource_registered_total{type="scaled_object",namespace="shop"} 2',
      'keda_scaled_object_paused{namespace="shop",scaledObject="worker"} 1',
      'keda_build_info{version="1.2.3",git_commit="abc",',
    ])
      assert.ok(text.includes(line), line)
    await metrics.text()
    assert.ok(!(await metrics.text()).includes('breaker="open"} 2'))
  })
})
