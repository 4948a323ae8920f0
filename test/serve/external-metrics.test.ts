import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MetricValue, Readings } from '../../src/control/insight.ts'
import { failure } from '../../src/errors.ts'
import type { Authentication } from '../../src/serve/authentication.ts'
import type { Question, Verdict } from '../../src/serve/authorization.ts'
import { serveExternalMetrics } from '../../src/serve/external-metrics.ts'
import { serveHealth } from '../../src/serve/health.ts'
import { identity } from '../../src/serve/identity.ts'
import { createServer, type Server } from '../../src/serve/server.ts'

const base = '/apis/external.metrics.k8s.io/v1beta1'
const path = `${base}/namespaces/shop/s0-azure-queue-orders`
const selector = '?labelSelector=scaledobject.keda.sh%2Fname%3Dworker'
const hpa = identity({
  name: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
  uid: undefined,
  groups: ['system:serviceaccounts'],
  extra: {},
  via: 'front-proxy',
})

interface Bench {
  readonly app: Server
  readonly asked: Question[]
  readonly reads: (readonly [string, string, string])[]
  readonly faults: unknown[]
  verdict: Verdict
  caller: Awaited<ReturnType<Authentication['identify']>>
  read: Readings['read']
}

function api(): Bench {
  const faults: unknown[] = []
  const app = createServer({ onFault: (error) => faults.push(error) })
  const bench: Bench = {
    app,
    faults,
    asked: [],
    reads: [],
    verdict: { kind: 'allowed' },
    caller: { kind: 'user', user: hpa },
    read: async () => [{ metric: 's0-azure-queue-orders', value: 12, at: 1_700_000_000_500 }],
  }
  serveExternalMetrics(app, {
    access: {
      authentication: { identify: async () => bench.caller },
      authorization: {
        authorize(_user, question) {
          bench.asked.push(question)
          return bench.verdict
        },
      },
    },
    readings: {
      read(namespace, name, metric) {
        bench.reads.push([namespace, name, metric])
        return bench.read(namespace, name, metric)
      },
    },
    build: { version: '1.2.3' },
  })
  serveHealth(app, { checks: {} })
  return bench
}

const get = (app: Server, url: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url, headers })

describe('reading a metric', () => {
  test('answers an ExternalMetricValueList as KEDA does', async () => {
    const { app, reads } = api()
    const answer = await get(app, path + selector)
    assert.equal(answer.statusCode, 200)
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
    assert.deepEqual(answer.json(), {
      kind: 'ExternalMetricValueList',
      apiVersion: 'external.metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          metricName: 's0-azure-queue-orders',
          metricLabels: null,
          timestamp: '2023-11-14T22:13:20Z',
          value: '12',
        },
      ],
    })
    assert.deepEqual(reads, [['shop', 'worker', 's0-azure-queue-orders']])
  })

  test('asks whether the caller may list the metric in the namespace', async () => {
    const { app, asked } = api()
    await get(app, path + selector)
    assert.deepEqual(asked, [
      {
        kind: 'resource',
        verb: 'list',
        group: 'external.metrics.k8s.io',
        version: 'v1beta1',
        resource: 's0-azure-queue-orders',
        namespace: 'shop',
        name: '',
        askedBefore: true,
      },
    ])
  })

  const values: [value: number, written: string][] = [
    [0, '0'],
    [-3, '0'],
    [Number.NaN, '0'],
    [1.5, '1.500'],
    [0.5, '500m'],
    [2000, '2k'],
  ]
  for (const [value, written] of values) {
    test(`writes ${value} as ${written}`, async () => {
      const bench = api()
      bench.read = async () => [{ metric: 'm', value, at: 0 }]
      const items: { value: string }[] = (await get(bench.app, path + selector)).json().items
      assert.equal(items[0]?.value, written)
    })
  }

  test('escapes what would break the JSON, and returns several values as several items', async () => {
    const bench = api()
    const nasty: MetricValue = { metric: 'a"b\\', value: 1, at: 0 }
    bench.read = async () => [nasty, nasty]
    const items: { metricName: string }[] = (await get(bench.app, path + selector)).json().items
    assert.deepEqual(
      items.map((item) => item.metricName),
      ['a"b\\', 'a"b\\'],
    )
  })

  const selectors: [
    name: string,
    query: string,
    expected: 200 | 500,
    message: RegExp | undefined,
  ][] = [
    [
      'takes other pairs along',
      '?labelSelector=a%3Db%2Cscaledobject.keda.sh%2Fname%3Dworker',
      200,
      undefined,
    ],
    ['needs a selector', '', 500, /scaledObject name is not specified/],
    [
      "needs the ScaledObject's label in it",
      '?labelSelector=a%3Db',
      500,
      /scaledObject name is not specified/,
    ],
    [
      'needs a name in that label',
      '?labelSelector=scaledobject.keda.sh%2Fname%3D',
      500,
      /scaledObject name is not specified/,
    ],
    [
      'takes no set-based selector',
      '?labelSelector=scaledobject.keda.sh%2Fname+in+(a%2Cb)',
      500,
      /key=value/,
    ],
    ['takes no mere key', '?labelSelector=scaledobject.keda.sh%2Fname', 500, /key=value/],
    [
      'takes no inequality',
      '?labelSelector=scaledobject.keda.sh%2Fname%21%3Da',
      500,
      /no label key/,
    ],
    [
      'takes no double equals',
      '?labelSelector=scaledobject.keda.sh%2Fname%3D%3Da',
      500,
      /key=value/,
    ],
    [
      'takes no value that is no label',
      `?labelSelector=scaledobject.keda.sh%2Fname%3D${'a'.repeat(64)}`,
      500,
      /no label value/,
    ],
    ['takes no empty pair', '?labelSelector=scaledobject.keda.sh%2Fname%3Da%2C', 500, /key=value/],
  ]
  for (const [name, query, code, message] of selectors) {
    test(name, async () => {
      const answer = await get(api().app, path + query)
      assert.equal(answer.statusCode, code)
      if (message) assert.match(answer.json().message, message)
    })
  }

  test('answers a failed read with a Status of code 500 that has no reason, as KEDA does', async () => {
    const bench = api()
    bench.read = () => Promise.reject(failure('SAMPLE_MISSING', { what: 's0-azure-queue-orders' }))
    const answer = await get(bench.app, path + selector)
    assert.equal(answer.statusCode, 500)
    assert.deepEqual(answer.json(), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 's0-azure-queue-orders was not sampled yet',
      code: 500,
    })
    assert.deepEqual(bench.faults, [])
  })

  test('shows nothing of an error nobody expected, and reports it', async () => {
    const bench = api()
    bench.read = () => Promise.reject(new Error('password=hunter2'))
    const answer = await get(bench.app, path + selector)
    assert.equal(answer.statusCode, 500)
    assert.doesNotMatch(answer.body, /hunter2|\.ts|at /)
    assert.equal(bench.faults.length, 1)
  })

  const names: [segment: string, code: number][] = [
    ['s0-a%2Fb', 404],
    ['a%0Ab', 404],
    ['a%25b', 404],
    ['%zz', 400],
    ['x'.repeat(1_500), 414],
    [`s0-${'x'.repeat(250)}`, 200],
    ['s0-Größe', 200],
  ]
  for (const [segment, code] of names) {
    test(`answers ${code} to the metric name ${segment.slice(0, 20)}`, async () => {
      const answer = await get(api().app, `${base}/namespaces/shop/${segment}${selector}`)
      assert.equal(answer.statusCode, code)
      if (code !== 200) assert.equal(answer.json().kind, 'Status')
    })
  }

  test('answers JSON to whoever takes it, and 406 to who takes protobuf alone', async () => {
    const { app } = api()
    const both = 'application/vnd.kubernetes.protobuf, */*'
    assert.equal((await get(app, path + selector, { accept: both })).statusCode, 200)
    const only = await get(app, path + selector, { accept: 'application/vnd.kubernetes.protobuf' })
    assert.equal(only.statusCode, 406)
  })

  test('answers only GET', async () => {
    const { app, reads } = api()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD'] as const)
      assert.equal((await app.inject({ method, url: path + selector })).statusCode, 405, method)
    assert.deepEqual(reads, [])
  })

  test('refuses a body larger than any it needs', async () => {
    const { app } = api()
    const answer = await app.inject({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({ a: 'x'.repeat(5_000) }),
    })
    assert.ok([405, 413].includes(answer.statusCode))
  })
})

describe('access', () => {
  const everywhere = [
    path + selector,
    '/apis',
    '/apis/external.metrics.k8s.io',
    base,
    '/openapi/v2',
    '/openapi/v3',
    '/version',
    '/nowhere',
    '/nowhere%2f..%2fhealthz',
  ]

  test('nothing but health is open to who proves nothing', async () => {
    const bench = api()
    bench.caller = { kind: 'nobody' }
    for (const url of everywhere) {
      const answer = await get(bench.app, url)
      assert.equal(answer.statusCode, 401, url)
      assert.equal(answer.json().reason, 'Unauthorized')
    }
    for (const url of ['/healthz', '/livez', '/readyz'])
      assert.equal((await get(bench.app, url)).statusCode, 200, url)
    assert.deepEqual(bench.reads, [])
  })

  test('everything is 403 to who may not', async () => {
    const bench = api()
    bench.verdict = {
      kind: 'denied',
      error: failure('ACCESS_DENIED', { user: 'bob', what: 'list' }),
    }
    for (const url of everywhere) assert.equal((await get(bench.app, url)).statusCode, 403, url)
    assert.deepEqual(bench.reads, [])
  })

  test('everything is 503 and says why while neither question can be answered', async () => {
    const bench = api()
    const error = failure('ACCESS_UNDECIDED', { what: 'who asks', why: 'connection refused' })
    bench.verdict = { kind: 'unknown', error }
    for (const url of everywhere) assert.equal((await get(bench.app, url)).statusCode, 503, url)
    bench.caller = { kind: 'unknown', error }
    const answer = await get(bench.app, path + selector)
    assert.equal(answer.statusCode, 503)
    assert.match(answer.json().message, /API server did not answer \(connection refused\)/)
    assert.deepEqual(bench.reads, [])
  })

  test('discovery and OpenAPI are questions about the path', async () => {
    const bench = api()
    await get(bench.app, '/openapi/v2')
    await get(bench.app, '/%6fpenapi/v2')
    await get(bench.app, `${base}/?timeout=5s`)
    assert.deepEqual(
      bench.asked.map((q) => (q.kind === 'path' ? [q.verb, q.path] : q)),
      [
        ['get', '/openapi/v2'],
        ['get', '/openapi/v2'],
        ['get', base],
      ],
    )
  })
})

describe('discovery', () => {
  test("names exactly one resource, as KEDA's adapter does", async () => {
    const answer = await get(api().app, base)
    assert.deepEqual(answer.json(), {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'external.metrics.k8s.io/v1beta1',
      resources: [
        {
          name: 'externalmetrics',
          singularName: '',
          namespaced: true,
          kind: 'ExternalMetricValueList',
          verbs: ['get'],
        },
      ],
    })
  })

  test('answers the aggregated form to who asks for it, and the plain one else', async () => {
    const { app } = api()
    const accept =
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'
    const aggregated = await get(app, '/apis', { accept })
    const type = aggregated.headers['content-type']?.replaceAll(/[" ]/g, '').split(';') ?? []
    for (const part of [
      'application/json',
      'g=apidiscovery.k8s.io',
      'v=v2',
      'as=APIGroupDiscoveryList',
    ])
      assert.ok(type.includes(part), part)
    assert.equal(aggregated.json().kind, 'APIGroupDiscoveryList')
    assert.equal(aggregated.json().apiVersion, 'apidiscovery.k8s.io/v2')
    const plain = await get(app, '/apis', { accept: 'application/json' })
    assert.equal(plain.json().kind, 'APIGroupList')
    assert.notEqual(plain.headers['etag'], aggregated.headers['etag'])
  })

  test('answers 304 to who has the document already', async () => {
    const { app } = api()
    for (const url of ['/apis', base, '/openapi/v2', '/openapi/v3']) {
      const first = await get(app, url)
      const again = await get(app, url, { 'if-none-match': String(first.headers['etag']) })
      assert.equal(again.statusCode, 304, url)
      assert.equal(again.body, '')
    }
  })
})
