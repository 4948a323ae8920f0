import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { prometheus } from '../../scalers/prometheus/index.ts'
import { kinds } from '../../src/kinds.ts'
import { parseEndpoints, permitWithin } from '../../src/endpoints.ts'
import { anywhere } from '../../src/http.ts'
import { deployment, forever, openBench, scaledObject, secret } from '../support/controller.ts'
import type { Bench } from '../support/controller.ts'
import { startHttpSource, type HttpSource } from '../support/http-source.ts'

interface Stage {
  readonly bench: Bench
  readonly source: HttpSource
  /**
   * Applies a ClusterTriggerAuthentication for these endpoints and a ScaledObject that uses it against an address; resolves
   * when it is refused or ready and asked `least` times, or after a second where that is 0.
   */
  follow(
    allowed: string,
    address: string,
    least?: number,
  ): Promise<{ reason?: string; message?: string }>
}

async function open(t: TestContext, everywhere?: string): Promise<Stage> {
  const source = await startHttpSource(() => ({
    body: '{"status":"success","data":{"result":[{"value":[1,"0"]}]}}',
  }))
  const list = everywhere === undefined ? undefined : parseEndpoints(everywhere)
  const within =
    list && 'allow' in list ? { endpoints: list, by: '--allowed-endpoints' } : undefined
  const outward = {
    ...anywhere,
    permit: (endpoint: { host: string; port: number }) => permitWithin(within, endpoint),
  }
  const bench = await openBench({
    shared: { load: async () => prometheus },
    stores: { outward },
  })
  t.after(async () => {
    await bench.close()
    await source.close()
  })
  await bench.cluster.create(
    kinds.secret,
    { ...secret('shared', { token: 'hunter2' }), metadata: { namespace: 'ebb', name: 'shared' } },
    forever,
  )
  await bench.cluster.create(kinds.deployment, deployment(), forever)
  return {
    bench,
    source,
    async follow(allowed, serverAddress, least = 1) {
      await bench.cluster.apply(
        kinds.clusterTriggerAuthentication,
        {
          metadata: { name: 'shared', annotations: { 'ebb.dev/allowed-endpoints': allowed } },
          spec: { secretTargetRef: [{ parameter: 'bearerToken', name: 'shared', key: 'token' }] },
        },
        forever,
      )
      const trigger = {
        type: 'prometheus',
        metadata: { serverAddress, query: 'x', threshold: '1', authModes: 'bearer' },
        authenticationRef: { name: 'shared', kind: 'ClusterTriggerAuthentication' },
      }
      await bench.cluster.apply(kinds.scaledObject, scaledObject({ triggers: [trigger] }), forever)
      for (let i = 0; i < (least === 0 ? 10 : 50); i++) {
        await bench.clock.advance(100)
        // the source is a real server, so its answers take real time
        await new Promise((resolve) => setTimeout(resolve, 5))
        const ready = await bench.condition('Ready')
        if (ready.status === 'True' && source.seen.length >= least && least > 0) return ready
        if (ready.status === 'False') return ready
      }
      return bench.condition('Ready')
    },
  }
}

describe('where a shared credential may go', { timeout: 30_000 }, () => {
  test('it goes to an endpoint that its annotation names', async (t) => {
    const s = await open(t)
    const { reason } = await s.follow('127.0.0.1', s.source.url)
    assert.equal(reason, 'ScaledObjectReady')
    assert.equal(s.source.seen[0]?.headers.authorization, 'Bearer hunter2')
  })
  test('it goes to no other: the condition says so and nothing is sent', async (t) => {
    const s = await open(t)
    const { reason, message } = await s.follow('prometheus.example', s.source.url)
    assert.equal(reason, 'ScaledObjectCheckFailed')
    assert.match(
      message ?? '',
      /127\.0\.0\.1:\d+ may not be reached: annotation ebb\.dev\/allowed-endpoints of ClusterTriggerAuthentication shared allows prometheus\.example; nothing was sent/,
    )
    assert.equal(s.source.connections(), 0)
  })
  test('a change of the annotation acts at once', async (t) => {
    const s = await open(t)
    assert.equal((await s.follow('127.0.0.1', s.source.url)).reason, 'ScaledObjectReady')
    const asked = s.source.seen.length
    const { message } = await s.follow('prometheus.example', s.source.url, 0)
    assert.match(message ?? '', /may not be reached/)
    await s.bench.clock.advance(60_000)
    assert.equal(s.source.seen.length, asked)
  })
  test('a server that is allowed cannot redirect to one that is not', async (t) => {
    const s = await open(t)
    const evil = await startHttpSource(() => ({ body: '{}' }))
    t.after(() => evil.close())
    s.source.fault = { kind: 'redirect', to: `${evil.url}/steal` }
    const { port } = new URL(s.source.url)
    await s.follow(`127.0.0.1:${port}`, s.source.url)
    for (let i = 0; i < 50 && (await s.bench.condition('Ready')).reason !== 'TriggerError'; i++) {
      await s.bench.clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.match((await s.bench.condition('Ready')).message ?? '', /may not be reached/)
    assert.equal(evil.connections(), 0)
  })
  test('--allowed-endpoints holds for every workload', async (t) => {
    const s = await open(t, 'prometheus.example')
    const { message } = await s.follow('127.0.0.1', s.source.url)
    assert.match(message ?? '', /--allowed-endpoints allows prometheus\.example/)
    assert.equal(s.source.connections(), 0)
  })
})
