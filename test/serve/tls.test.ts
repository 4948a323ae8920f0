import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { isFailure } from '../../src/errors.ts'
import { createServer } from '../../src/serve/server.ts'
import { followKeyPair, keyPairFiles, tlsOptions } from '../../src/serve/tls.ts'
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

describe('the TLS listener', () => {
  for (const [least, spoken] of [
    [undefined, ['refused', 'TLSv1.2', 'TLSv1.3']],
    ['TLSv1.3', ['refused', 'refused', 'TLSv1.3']],
  ] as const)
    test(`speaks ${spoken.at(1) === 'refused' ? 'TLS 1.3 alone where told so' : 'TLS 1.2 and later'}, and asks for a certificate without demanding one`, async (t) => {
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
