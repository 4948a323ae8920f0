import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { azureQueue } from '../../scalers/azure-queue/index.ts'
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
  /** The same of any trigger, and of what the authentication says besides. */
  use(
    allowed: string,
    type: string,
    metadata: Readonly<Record<string, string>>,
    spec?: object,
    least?: number,
  ): Promise<{ reason?: string; message?: string }>
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

async function open(t: TestContext, everywhere?: string, scaler = prometheus): Promise<Stage> {
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
    shared: { load: async (type) => (type === 'prometheus' ? scaler : azureQueue) },
    stores: { outward },
  })
  t.after(async () => {
    await bench.close()
    await source.close()
  })
  await bench.cluster.create(
    kinds.secret,
    {
      ...secret('shared', { token: 'hunter2', connection: connectionTo(source.url) }),
      metadata: { namespace: 'ebb', name: 'shared' },
    },
    forever,
  )
  await bench.cluster.create(kinds.deployment, deployment(), forever)
  const stage: Stage = {
    bench,
    source,
    follow: (allowed, serverAddress, least) =>
      stage.use(allowed, 'prometheus', { ...prom, serverAddress }, undefined, least),
    async use(allowed, type, metadata, spec = from('bearerToken', 'token'), least = 1) {
      await bench.cluster.apply(
        kinds.clusterTriggerAuthentication,
        {
          metadata: { name: 'shared', annotations: { 'ebb.dev/allowed-endpoints': allowed } },
          spec,
        },
        forever,
      )
      const trigger = {
        type,
        metadata,
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
  return stage
}

const prom = { query: 'x', threshold: '1', authModes: 'bearer' }
/** A parameter from the Secret that is shared. */
const from = (parameter: string, key: string): object => ({
  secretTargetRef: [{ parameter, name: 'shared', key }],
})
const connectionTo = (url: string): string =>
  `AccountName=shop;AccountKey=aHVudGVyMg==;QueueEndpoint=${url}/shop`

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
  test('a scaler that does not say where its token server is gains nothing', async (t) => {
    const { endpoints: _, ...silent } = prometheus
    const s = await open(t, undefined, silent)
    const evil = await startHttpSource(() => ({ body: '{"access_token":"x"}' }))
    t.after(() => evil.close())
    const metadata = {
      ...prom,
      authModes: 'oauth',
      serverAddress: s.source.url,
      clientID: 'ebb',
      oauthTokenURI: evil.url,
    }
    const allowed = `127.0.0.1:${new URL(s.source.url).port}`
    await s.use(allowed, 'prometheus', metadata, from('clientSecret', 'token'), 0)
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

/** Everything a tenant may write, with a server of his own in it; the list holds none of them. */
describe('a shared credential goes to no server of a tenant', { timeout: 60_000 }, () => {
  const allowed = 'prometheus.example, *.queue.core.windows.net, 10.0.0.1'
  const identity = { podIdentity: { provider: 'azure-workload' } }
  const queue = { queueName: 'q', accountName: 'shop', cloud: 'Private' }
  const addresses: readonly ((at: string, port: string) => string)[] = [
    (at) => `http://${at}`,
    (at) => `http://prometheus.example@${at}`,
    (at) => `http://prometheus.example:9090@${at}/prometheus.example`,
    (at) => `http://prometheus.example%2f@${at}`,
    (at) => `http:\\\\${at}\\@prometheus.example`,
    (at) => `http://\t${at}`,
    (_, port) => `http://127.1:${port}`,
    (_, port) => `http://2130706433:${port}`,
    (_, port) => `http://0x7f000001:${port}`,
    (_, port) => `http://[::1]:${port}`,
    (_, port) => `http://[::ffff:127.0.0.1]:${port}`,
    (_, port) => `HTTP://LocalHost.:${port}`,
    (_, port) => `http://10.0.0.1.localhost:${port}`,
    (_, port) => `http://prometheus.example.localhost:${port}`,
    (_, port) => `http://prometheus。example.localhost:${port}`,
    (_, port) => `http://prometheus.example..localhost:${port}`,
    (_, port) => `http://prometheuſ.example.localhost:${port}`,
  ]
  type Row = readonly [
    name: string,
    type: string,
    metadata: (at: string, port: string) => Readonly<Record<string, string>>,
    spec?: object,
  ]
  const rows: readonly Row[] = [
    ...addresses.map((make): Row => [
      `the address ${JSON.stringify(make('HOST:PORT', 'PORT'))}`,
      'prometheus',
      (at, port) => ({ ...prom, serverAddress: make(at, port) }),
    ]),
    [
      'a token server of his own for a client that is lent',
      'prometheus',
      (at) => ({
        ...prom,
        authModes: 'oauth',
        serverAddress: 'http://prometheus.example',
        clientID: 'ebb',
        oauthTokenURI: `http://${at}/token`,
      }),
      from('clientSecret', 'token'),
    ],
    [
      'an endpoint within a connection string',
      'azure-queue',
      () => ({ queueName: 'q' }),
      from('connection', 'connection'),
    ],
    ...['queue.core.windows.net@', 'queue.core.windows.net:443@', 'x@'].map((before): Row => [
      `the suffix ${before}HOST`,
      'azure-queue',
      (at) => ({ ...queue, endpointSuffix: `${before}${at}` }),
      identity,
    ]),
    ...['localhost:PORT/.queue.core.windows.net', 'localhost:PORT#.queue.core.windows.net'].map(
      (suffix): Row => [
        `the suffix ${suffix}`,
        'azure-queue',
        (_, port) => ({ ...queue, endpointSuffix: suffix.replace('PORT', port) }),
        identity,
      ],
    ),
    [
      'a token for any resource',
      'prometheus',
      (at) => ({
        query: 'x',
        threshold: '1',
        serverAddress: `http://${at}`,
        cloud: 'Private',
        azureManagedPrometheusResourceURL: 'https://vault.azure.net',
      }),
      identity,
    ],
  ]
  for (const [name, type, metadata, spec] of rows)
    test(name, async (t) => {
      const s = await open(t)
      const { host, port } = new URL(s.source.url)
      const { reason, message } = await s.use(allowed, type, metadata(host, port), spec, 0)
      assert.equal(reason, 'ScaledObjectCheckFailed')
      assert.match(message ?? '', /may not be reached|the token is for/)
      assert.equal(s.source.connections(), 0)
    })
})
