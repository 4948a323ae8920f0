import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podMetrics } from '../../src/control/pod-metrics.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import type { PodMetrics } from '../../src/resources.ts'
import { manualClock } from '../support/clock.ts'
import { podMetricsDefinition } from '../support/pod-metrics.ts'

const { signal } = new AbortController()
const at = '2026-01-02T03:04:05Z'

const rows: readonly [what: string, said: object, kept: object][] = [
  [
    'quantities as a metrics server writes them',
    {
      timestamp: at,
      window: '15.5s',
      containers: [{ name: 'a', usage: { cpu: '1500001n', memory: '2Ki' } }],
    },
    {
      at: Date.parse(at),
      window: 15_500,
      containers: [{ name: 'a', cpu: 2, memory: 2_048_000 }],
    },
  ],
  [
    'what is missing or unreadable is not known, and never zero',
    {
      timestamp: 'now',
      window: 'soon',
      containers: [{ name: 'a', usage: { cpu: 'much' } }, { name: 'b' }],
    },
    {
      at: 0,
      window: 0,
      containers: [
        { name: 'a', cpu: undefined, memory: undefined },
        { name: 'b', cpu: undefined, memory: undefined },
      ],
    },
  ],
  ['no containers', { containers: null }, { at: 0, window: 0, containers: [] }],
]

for (const [what, said, kept] of rows)
  test(`the metrics API: ${what}`, async () => {
    const item = { metadata: { name: 'p', namespace: 'ns' }, ...said } as PodMetrics // as a server may send it
    const scaler = podMetrics({
      list: () => Promise.resolve({ items: [item], resourceVersion: '', next: undefined }) as never,
    })
    const asked = [{ namespace: 'ns', selector: 'app=p' }]
    const [answer] = await scaler.ask({ close() {} }, asked, signal)
    assert.deepEqual(answer, { kind: 'value', value: new Map([['p', kept]]) })
  })

test('the metrics API is asked for the pods of one selector in one namespace', async () => {
  const clock = manualClock()
  const cluster = createEmbedded({ clock, definitions: [podMetricsDefinition] })
  for (const [namespace, name, app] of [
    ['ns', 'a', 'web'],
    ['ns', 'b', 'db'],
    ['other', 'c', 'web'],
  ] as const)
    await cluster.create(
      kinds.podMetrics,
      { metadata: { namespace, name, labels: { app } }, containers: [] },
      signal,
    )
  const asked = [{ namespace: 'ns', selector: 'app=web' }]
  const [answer] = await podMetrics(cluster).ask({ close() {} }, asked, signal)
  assert.ok(answer?.kind === 'value' && answer.value instanceof Map)
  assert.deepEqual([...answer.value.keys()], ['a'])
  await cluster.close()
})
