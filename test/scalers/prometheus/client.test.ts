import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { describe, test } from 'node:test'
import { prometheus } from '../../../scalers/prometheus/index.ts'
import { failure } from '../../../src/errors.ts'
import type { Host } from '../../../src/scaler.ts'
import { connectionOf, read } from '../../../src/metadata/schema.ts'
import { givenBy } from '../../contract/scaler.ts'
import { manualClock } from '../../support/clock.ts'
import { issue } from '../../serve/pki.ts'
import { testHost } from '../../support/host.ts'
import { type HttpSource, startHttpSource } from '../../support/http-source.ts'

const body =
  '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"7"]}]}}'
const spec = { name: 'prometheus', target: 1, form: 'decimal' } as const

interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly answer: unknown
}

/** Asks a server once and tells what it saw. */
async function ask(
  trigger: Record<string, string>,
  auth: Record<string, string> = {},
  more: {
    host?: Partial<Host>
    identity?: Record<string, string>
    path?: string
    url?: (s: HttpSource) => string
  } = {},
): Promise<Asked> {
  const source = await startHttpSource(() => ({ body }))
  const serverAddress = more.url?.(source) ?? source.url + (more.path ?? '')
  const given = {
    ...givenBy({ serverAddress, query: 'up', threshold: '1', ...trigger }, auth),
    identity: more.identity ?? {},
  }
  const m = read('prometheus', prometheus.fields, given, prometheus.check)
  const signal = AbortSignal.timeout(10_000)
  const host = testHost({ clock: manualClock(Date.UTC(2024, 0, 2, 3, 4, 5, 678)), ...more.host })
  const service = await prometheus.open(connectionOf(prometheus.fields, m), host, signal)
  try {
    const [answer] = await prometheus.ask(service, [prometheus.query(m, spec)], signal)
    const seen = source.seen.at(-1)
    return { url: seen?.url ?? '', headers: seen?.headers ?? {}, answer }
  } finally {
    await service.close()
    await source.close()
  }
}

describe('the request', () => {
  test('asks the instant query API for now, in UTC', async () => {
    const { url, answer } = await ask({ query: 'sum(rate(x{a="b c"}[1m])) + 1' })
    const { pathname, searchParams } = new URL(url, 'http://any')
    assert.equal(pathname, '/api/v1/query')
    assert.deepEqual(Object.fromEntries(searchParams), {
      query: 'sum(rate(x{a="b c"}[1m])) + 1',
      time: '2024-01-02T03:04:05Z',
    })
    assert.deepEqual(answer, { kind: 'value', value: 7 })
  })

  test('keeps the prefix of the address, with or without a slash at its end', async () => {
    for (const path of ['/prom/a', '/prom/a/']) {
      const { url } = await ask({}, {}, { path })
      assert.ok(url.startsWith('/prom/a/api/v1/query?'), url)
    }
  })

  test('carries namespace as it is and queryParameters escaped', async () => {
    const { url } = await ask({ namespace: 'a&b=c', queryParameters: 'd=e f, g=1' })
    const { searchParams } = new URL(url, 'http://any')
    const { time: _, ...rest } = Object.fromEntries(searchParams)
    assert.deepEqual(rest, { query: 'up', namespace: 'a', b: 'c', d: 'e f', g: '1' })
  })

  test('survives a namespace that no request line may hold', async () => {
    const { answer } = await ask({ namespace: 'a b#\u00e4\u{1f600}' })
    assert.deepEqual(answer, { kind: 'value', value: 7 })
  })
})

describe('logging in', () => {
  const basic = `Basic ${Buffer.from('u:p').toString('base64')}`
  const all = {
    bearerToken: 't',
    username: 'u',
    password: 'p',
    customAuthHeader: 'X-Key',
    customAuthValue: 'k',
  }
  const rows: readonly (readonly [
    name: string,
    trigger: Record<string, string>,
    expected: object,
  ])[] = [
    ['sends nothing without authModes', {}, { authorization: undefined, 'x-key': undefined }],
    ['bearer', { authModes: 'bearer' }, { authorization: 'Bearer t' }],
    ['basic', { authModes: 'basic' }, { authorization: basic }],
    ['custom', { authModes: 'custom' }, { authorization: undefined, 'x-key': 'k' }],
    [
      'prefers basic to custom',
      { authModes: 'custom,basic' },
      { authorization: basic, 'x-key': undefined },
    ],
    [
      'keeps customHeaders',
      { authModes: 'basic', customHeaders: 'X-A=b,X-C=d' },
      { authorization: basic, 'x-a': 'b', 'x-c': 'd' },
    ],
    [
      'replaces a custom header of its name',
      { authModes: 'bearer', customHeaders: 'authorization=x' },
      { authorization: 'Bearer t' },
    ],
    ['has no use for apiKey', { authModes: 'apiKey', apiKey: 'key' }, { authorization: undefined }],
  ]
  for (const [name, trigger, expected] of rows) {
    test(name, async () => {
      const { headers } = await ask(trigger, all)
      for (const [key, value] of Object.entries(expected)) assert.equal(headers[key], value)
    })
  }

  test('sends the user info of the address, as Go does', async () => {
    const { headers } = await ask({}, {}, { url: ({ url }) => url.replace('//', '//u:p@') })
    assert.equal(headers['authorization'], basic)
  })

  test('sends a federated token for Azure Monitor, fresh with every request', async () => {
    const asked: unknown[] = []
    const token: Host['token'] = async (request) => {
      asked.push(request)
      return 'federated'
    }
    const { headers } = await ask(
      { cloud: 'azureusgovernment' },
      {},
      { host: { token }, identity: { provider: 'azure-workload', identityId: 'id' } },
    )
    assert.equal(headers['authorization'], 'Bearer federated')
    assert.deepEqual(asked, [
      {
        scope: 'https://prometheus.monitor.azure.us/.default',
        clientId: 'id',
        tenantId: undefined,
        authorityHost: undefined,
      },
    ])
  })
})

test('a token that cannot be had is said as it is', async () => {
  const why = failure('SOURCE_DENIED', { address: 'https://login', why: 'no such client' })
  const token = (): Promise<string> => Promise.reject(why)
  const { answer, url } = await ask(
    {},
    {},
    { host: { token }, identity: { provider: 'azure-workload' } },
  )
  assert.deepEqual(answer, { kind: 'error', error: why })
  assert.equal(url, '', 'nothing was asked')
})

test('unsafeSsl takes any certificate, but not beside authModes with a CA of their own', async () => {
  const [server, other] = await Promise.all([issue('CN=server'), issue('CN=other', { ca: true })])
  const secure = createServer({ cert: server.cert, key: server.key }, (_, response) => {
    response.end(body)
  })
  await once(secure.listen(0, '127.0.0.1'), 'listening')
  const address = secure.address()
  const url = (): string => `https://localhost:${typeof address === 'object' && address?.port}`
  const kindOf = async (...told: Parameters<typeof ask>): Promise<unknown> =>
    ((await ask(told[0], told[1], { url })).answer as { kind: string } | undefined)?.kind
  try {
    assert.equal(await kindOf({}), 'error')
    assert.equal(await kindOf({ unsafeSsl: 'true' }), 'value')
    const auth = { bearerToken: 't', ca: other.cert }
    assert.equal(await kindOf({ unsafeSsl: 'true', authModes: 'bearer' }, auth), 'error')
  } finally {
    secure.closeAllConnections()
    secure.close()
  }
})

describe('a redirect', () => {
  test('on the same server is followed with credentials', async () => {
    const source = await startHttpSource(({ url }) =>
      url?.startsWith('/old/')
        ? { status: 302, headers: { location: url.replace('/old/', '/new/') } }
        : { body },
    )
    const { answer } = await ask(
      { authModes: 'bearer' },
      { bearerToken: 't' },
      { url: () => `${source.url}/old` },
    )
    assert.deepEqual(answer, { kind: 'value', value: 7 })
    assert.equal(source.seen.at(-1)?.headers.authorization, 'Bearer t')
    await source.close()
  })

  test('to another server carries nothing that logs in', async () => {
    const other = await startHttpSource(() => ({ body }))
    const source = await startHttpSource(() => ({
      status: 307,
      headers: { location: `${other.url}/x` },
    }))
    const { answer } = await ask(
      { authModes: 'bearer', customHeaders: 'X-Key=k' },
      { bearerToken: 't' },
      { url: () => source.url },
    )
    assert.deepEqual(answer, { kind: 'value', value: 7 })
    assert.equal(other.seen[0]?.headers.authorization, undefined)
    assert.equal(other.seen[0]?.headers['x-key'], undefined)
    await Promise.all([source.close(), other.close()])
  })

  test('without end becomes an error', async () => {
    const source = await startHttpSource(() => ({ status: 302, headers: { location: '/again' } }))
    const { answer } = await ask({}, {}, { url: () => source.url })
    assert.ok(typeof answer === 'object' && answer && 'error' in answer)
    assert.equal(source.seen.length, 6)
    await source.close()
  })
})
