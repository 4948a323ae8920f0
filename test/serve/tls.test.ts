import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { configOf } from '../../src/config.ts'
import { isFailure } from '../../src/errors.ts'
import { anywhere } from '../../src/http.ts'
import { createServer } from '../../src/serve/server.ts'
import { alsoKeyPair, followKeyPair, keyPairFiles, tlsOptions } from '../../src/serve/tls.ts'
import { manualClock } from '../support/clock.ts'
import { dial } from './listener.ts'
import { type Issued, issue } from './pki.ts'
import { connect } from 'node:tls'
import type { AddressInfo } from 'node:net'

describe('certificate files', () => {
  let one: Issued
  let two: Issued
  before(async () => {
    ;[one, two] = await Promise.all([issue('CN=one'), issue('CN=two')])
  })

  const files = (held: { cert: string; key: string }, problems: string[] = []) => {
    const clock = manualClock()
    const source = keyPairFiles({
      certFile: '/tls.crt',
      keyFile: '/tls.key',
      read: async (file) => {
        const text = file === '/tls.crt' ? held.cert : held.key
        if (text === '') throw new Error(`ENOENT: ${file}`)
        return text
      },
      clock,
      onProblem: (why) => problems.push(why),
    })
    return { source, clock }
  }

  test('serves a changed pair within a minute, without a restart', async (t) => {
    const held = { cert: one.cert, key: one.key }
    const { source, clock } = files(held)
    await source.load()
    const app = createServer({
      https: tlsOptions(undefined),
      onFault: (error) => assert.fail(String(error)),
    })
    followKeyPair(app, source)
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const stop = new AbortController()
    const run = source.run(stop.signal)
    const served = async (): Promise<string | undefined> => {
      const socket = await dial(port)
      const { subject } = socket.getPeerX509Certificate() ?? {}
      socket.destroy()
      return subject
    }
    assert.equal(await served(), 'CN=one')
    Object.assign(held, { cert: two.cert, key: two.key })
    await clock.advance(60_000)
    assert.equal(await served(), 'CN=two')
    stop.abort()
    await run
  })

  test('keeps the pair in use while only one of the two files was replaced, and says so', async () => {
    const held = { cert: one.cert, key: one.key }
    const problems: string[] = []
    const { source, clock } = files(held, problems)
    await source.load()
    const stop = new AbortController()
    const run = source.run(stop.signal)
    held.cert = two.cert
    await clock.advance(60_000)
    assert.equal(source.current()?.cert, one.cert)
    assert.match(problems[0] ?? '', /private key is not the certificate's/)
    held.key = two.key
    await clock.advance(60_000)
    assert.equal(source.current()?.cert, two.cert)
    stop.abort()
    await run
  })

  test('a missing or broken file at the start is a failure that names it', async () => {
    for (const held of [
      { cert: '', key: 'x' },
      { cert: 'x', key: 'x' },
    ]) {
      await assert.rejects(
        files(held).source.load(),
        (error) => isFailure(error, 'CERTIFICATE_UNUSABLE') && /\/tls\.crt/.test(error.message),
      )
    }
  })
})

/** As the configuration makes of a list of cipher suites. */
const limited = (ciphers: string) => configOf({ serviceTlsCipherList: ciphers }, {}).serviceTls

describe('the TLS listener', () => {
  for (const [least, spoken] of [
    [anywhere.tls, ['refused', 'TLSv1.2', 'TLSv1.3']],
    [{ minVersion: 'TLSv1.3', ciphers: undefined }, ['refused', 'refused', 'TLSv1.3']],
    [limited('TLS_AES_128_GCM_SHA256'), ['refused', 'refused', 'TLSv1.3']],
    [limited('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'), ['refused', 'TLSv1.2', 'TLSv1.3']],
  ] as const)
    test(`given ${JSON.stringify(least)} speaks ${spoken.join(', ')}, and asks for a certificate without demanding one`, async (t) => {
      const own = await issue('CN=ebb')
      const app = createServer({
        https: tlsOptions(own, least),
        onFault: (error) => assert.fail(String(error)),
      })
      app.get('/', (_request, reply) => reply.send('ok'))
      t.after(() => app.close())
      followKeyPair(app, { current: () => own, onChange: () => () => {} }, least)
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as AddressInfo
      const speak = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string> =>
        new Promise((resolve) => {
          const socket = connect(
            {
              port,
              host: '127.0.0.1',
              rejectUnauthorized: false,
              minVersion: version,
              maxVersion: version,
              ciphers: 'DEFAULT@SECLEVEL=0',
            },
            () => {
              resolve(socket.getProtocol() ?? '')
              socket.destroy()
            },
          )
          socket.once('error', () => resolve('refused'))
        })
      const versions = ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
      assert.deepEqual(await Promise.all(versions.map(speak)), spoken)
    })

  test('of TLS 1.2 takes the cipher suites named alone, for its own certificate and for that of a name', async (t) => {
    const own = await issue('CN=ebb')
    const limits = limited('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384')
    const app = createServer({ https: tlsOptions(own, limits), onFault: () => {} })
    const source = { current: () => own, onChange: () => () => {} }
    followKeyPair(app, source, limits)
    alsoKeyPair(app, 'replicas.ebb', source, limits)
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const offer = (ciphers: string, servername: string): Promise<string> =>
      new Promise((resolve) => {
        const limit = {
          ciphers,
          servername,
          maxVersion: 'TLSv1.2',
          rejectUnauthorized: false,
        } as const
        const socket = connect({ port, host: '127.0.0.1', ...limit }, () => {
          resolve(socket.getCipher().name)
          socket.destroy()
        })
        socket.once('error', () => resolve('refused'))
      })
    for (const name of ['', 'replicas.ebb']) {
      assert.equal(await offer('ECDHE-ECDSA-AES128-GCM-SHA256', name), 'refused')
      assert.equal(
        await offer('ECDHE-ECDSA-AES256-GCM-SHA384', name),
        'ECDHE-ECDSA-AES256-GCM-SHA384',
      )
    }
  })

  // A resumed session shows the client's certificate without the intermediates it is verified by.
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`resumes no session of ${version}`, async (t) => {
      const own = await issue('CN=ebb')
      const app = createServer({ https: tlsOptions(own), onFault: (e) => assert.fail(String(e)) })
      app.get('/', (_request, reply) => reply.send('ok'))
      t.after(() => app.close())
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as AddressInfo
      const visit = (session?: Buffer): Promise<{ reused: boolean; session: Buffer | undefined }> =>
        new Promise((resolve, reject) => {
          let offered: Buffer | undefined
          const socket = connect({
            port,
            host: '127.0.0.1',
            rejectUnauthorized: false,
            maxVersion: version,
            ...(session ? { session } : {}),
          })
          socket.on('session', (s) => (offered = s))
          socket.once('data', () => {
            resolve({ reused: socket.isSessionReused(), session: offered ?? socket.getSession() })
            socket.destroy()
          })
          socket.once('error', reject)
          socket.write('GET / HTTP/1.1\r\nHost: ebb\r\n\r\n')
        })
      const first = await visit()
      assert.equal((await visit(first.session)).reused, false)
    })
  }
})
