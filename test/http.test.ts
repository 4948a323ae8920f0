import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createProxy } from 'node:http'
import { createServer, type Server } from 'node:https'
import { after, before, describe, test } from 'node:test'
import {
  addressOf,
  anywhere,
  dispatcherFor,
  fault,
  type Outward,
  retryAfter,
  type Trust,
} from '../src/http.ts'
import { type Code, failure, isFailure } from '../src/errors.ts'
import { startHttpSource } from './support/http-source.ts'
import { issue, type Issued } from './serve/pki.ts'

const plain: Trust = { ca: [], cert: undefined, key: undefined, verify: true }

/** The status of one request, or the code of the failure. */
async function outcome(
  url: string,
  trust: Partial<Trust> = {},
  outward: Partial<Outward> = {},
): Promise<number | Code> {
  const parsed = new URL(url)
  const dispatcher = dispatcherFor(parsed, { ...plain, ...trust }, { ...anywhere, ...outward })
  try {
    const { statusCode, body } = await dispatcher.request({
      origin: parsed.origin,
      path: parsed.pathname,
      method: 'GET',
      signal: AbortSignal.timeout(10_000),
    })
    await body.dump()
    return statusCode
  } catch (error) {
    return fault(error, addressOf(parsed)).code
  } finally {
    await dispatcher.destroy()
  }
}

const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

describe('TLS', () => {
  let authority: Issued
  let client: Issued
  let open: Server
  let mutual: Server
  before(async () => {
    authority = await issue('CN=authority', { ca: true })
    const server = await issue('CN=server', { issuer: authority })
    client = await issue('CN=client', { issuer: authority })
    const own = { cert: server.chain, key: server.key }
    open = createServer(own, (_, response) => response.end())
    mutual = createServer(
      {
        ...own,
        ca: authority.cert,
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: 'TLSv1.2',
      },
      (_, response) => response.end(),
    )
    for (const each of [open, mutual]) {
      each.on('tlsClientError', () => {})
      await once(each.listen(0, '127.0.0.1'), 'listening')
    }
  })
  after(() => {
    for (const each of [open, mutual]) {
      each.closeAllConnections()
      each.close()
    }
  })
  const at = (server: Server): string => `https://localhost:${portOf(server)}/`

  test('refuses a certificate of an unknown authority', async () =>
    assert.equal(await outcome(at(open)), 'SOURCE_UNREACHABLE'))
  test('takes it when the authority is trusted', async () =>
    assert.equal(await outcome(at(open), { ca: [authority.cert] }), 200))
  test('takes any when told not to verify', async () =>
    assert.equal(await outcome(at(open), { verify: false }), 200))
  test('shows a client certificate', async () => {
    const { cert, key } = client
    assert.equal(await outcome(at(mutual), { ca: [authority.cert], cert, key }), 200)
  })
  test('says SOURCE_DENIED where a client certificate is wanted and there is none', async () =>
    assert.equal(await outcome(at(mutual), { ca: [authority.cert] }), 'SOURCE_DENIED'))
  test('says what is wrong with a certificate that is none', () => {
    for (const wrong of [{ ca: ['hunter2'] }, { cert: 'hunter2', key: 'hunter2' }]) {
      assert.throws(
        () => dispatcherFor(new URL('https://p:1/'), { ...plain, ...wrong }, anywhere),
        (error) => isFailure(error, 'METADATA_INVALID') && !error.message.includes('hunter2'),
      )
    }
  })
})

describe('what holds for all connections', () => {
  let authority: Issued
  let old: Server
  let modern: Server
  before(async () => {
    authority = await issue('CN=authority', { ca: true })
    const server = await issue('CN=server', { issuer: authority })
    const own = { cert: server.chain, key: server.key }
    const answer = (_: unknown, response: { end(): unknown }): unknown => response.end()
    old = createServer(
      { ...own, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
      answer,
    )
    modern = createServer({ ...own, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, answer)
    for (const each of [old, modern]) {
      each.on('tlsClientError', () => {})
      await once(each.listen(0, '127.0.0.1'), 'listening')
    }
  })
  after(() => {
    for (const each of [old, modern]) {
      each.closeAllConnections()
      each.close()
    }
  })
  const at = (server: Server): string => `https://localhost:${portOf(server)}/`
  const tls = (minVersion: Outward['tls']['minVersion'], ciphers?: string): Partial<Outward> => ({
    trust: [authority.cert],
    tls: { minVersion, ciphers },
  })

  test('an authority of --ca-dir is trusted everywhere', async () =>
    assert.equal(await outcome(at(modern), {}, tls('TLSv1.2')), 200))
  test('a server below the lowest version is refused, and taken where the version is lowered', async () => {
    assert.equal(await outcome(at(old), {}, tls('TLSv1.2')), 'SOURCE_UNREACHABLE')
    assert.equal(await outcome(at(old), {}, tls('TLSv1')), 200)
    assert.equal(await outcome(at(modern), {}, tls('TLSv1.3')), 'SOURCE_UNREACHABLE')
  })
  test('only the ciphers named are offered', async () => {
    assert.equal(
      await outcome(at(modern), {}, tls('TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384')),
      200,
    )
    assert.notEqual(
      await outcome(at(modern), {}, tls('TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384')),
      200,
    )
  })
  test('without keep-alive every request has a connection of its own', async () => {
    const source = await startHttpSource(() => ({}))
    const counted = async (keepAlive: boolean): Promise<number> => {
      const url = new URL(source.url)
      const dispatcher = dispatcherFor(url, plain, { ...anywhere, keepAlive })
      const before = source.seen.length
      for (let i = 0; i < 3; i++) {
        const { body } = await dispatcher.request({ origin: url.origin, path: '/', method: 'GET' })
        await body.dump()
      }
      await dispatcher.destroy()
      return new Set(source.seen.slice(before).map(({ socket }) => socket)).size
    }
    const kept = await counted(true)
    const alone = await counted(false)
    await source.close()
    // a pool may open a second one before the first is free again
    assert.ok(kept < 3, `${kept}`)
    assert.equal(alone, 3)
  })
  test('where Ebb may not go, nothing is sent', async () => {
    const source = await startHttpSource(() => ({}))
    const permit: Outward['permit'] = ({ host, port }) => {
      throw failure('ENDPOINT_FORBIDDEN', { endpoint: `${host}:${port}`, allowed: 'x', by: 'y' })
    }
    assert.throws(
      () => dispatcherFor(new URL(source.url), plain, { ...anywhere, permit }),
      (error) => isFailure(error, 'ENDPOINT_FORBIDDEN'),
    )
    assert.equal(source.connections(), 0)
    await source.close()
  })
})

describe('the proxy of the environment', () => {
  const variables = ['http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY']
  const kept = new Map(variables.map((name) => [name, process.env[name]]))
  after(() => {
    for (const [name, text] of kept) {
      if (text === undefined) delete process.env[name]
      else process.env[name] = text
    }
  })

  test('carries what is for another host, and not what is for this one', async () => {
    const source = await startHttpSource(() => ({}))
    const carried: string[] = []
    const proxy = createProxy((request, response) => {
      carried.push(request.url ?? '')
      response.end()
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    for (const name of variables) delete process.env[name]
    const address = proxy.address()
    const port = typeof address === 'object' && address ? address.port : 0
    process.env['http_proxy'] = `http://127.0.0.1:${port}`
    try {
      assert.equal(await outcome('http://elsewhere.example:9090/x'), 200)
      assert.deepEqual(carried, ['http://elsewhere.example:9090/x'])
      assert.equal(await outcome(source.url), 200)
      assert.equal(carried.length, 1)
      assert.equal(await outcome('http://127.elsewhere.example/x'), 200)
      assert.equal(carried.length, 2)
    } finally {
      await source.close()
      proxy.closeAllConnections()
      proxy.close()
    }
  })
})

test('an address holds neither user info nor query', () =>
  assert.equal(addressOf(new URL('http://u:p@host:1/a/b/?sig=s#x')), 'http://host:1/a/b'))

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2024, 0, 1)
  const rows = [
    [undefined, undefined],
    ['7', 7000],
    ['0', 0],
    ['Mon, 01 Jan 2024 00:00:30 GMT', 30_000],
    ['Sun, 31 Dec 2023 00:00:00 GMT', 0],
    ['soon', undefined],
  ] as const
  for (const [header, expected] of rows) assert.equal(retryAfter(header, now), expected)
})
