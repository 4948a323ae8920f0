import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseTrust, trustFromCluster } from '../../src/serve/trust.ts'
import { manualClock } from '../support/clock.ts'
import { authConfig } from './listener.ts'
import { issue } from './pki.ts'

const { signal } = new AbortController()

describe('trust', () => {
  test('a new CA in the ConfigMap counts within a minute', async () => {
    const [first, second] = await Promise.all([
      issue('CN=one', { ca: true }),
      issue('CN=two', { ca: true }),
    ])
    const clock = manualClock()
    let data = authConfig({ proxyCa: first.cert })
    const source = trustFromCluster({
      read: async () => ({ metadata: { name: 'x' }, data }),
      clock,
      onProblem: assert.fail,
    })
    const stop = new AbortController()
    const run = source.run(stop.signal)
    await clock.advance(0)
    const before = source.current()
    assert.equal(before.frontProxy?.anchors[0]?.subject, 'CN=one')

    await clock.advance(60_000)
    assert.equal(source.current(), before, 'the same object while nothing changed')

    data = authConfig({ proxyCa: second.cert })
    await clock.advance(60_000)
    assert.equal(source.current().frontProxy?.anchors[0]?.subject, 'CN=two')
    stop.abort()
    await run
  })

  test('keeps what it knows while the API server is down, and tells once when that begins and ends', async () => {
    const ca = await issue('CN=one', { ca: true })
    const problems: (string | undefined)[] = []
    let up = true
    const source = trustFromCluster({
      async read() {
        if (!up) throw new Error('connection refused')
        return { metadata: { name: 'x' }, data: authConfig({ proxyCa: ca.cert }) }
      },
      clock: manualClock(),
      onProblem: (why) => problems.push(why),
    })
    await source.refresh(signal)
    const known = source.current()
    up = false
    await source.refresh(signal)
    await source.refresh(signal)
    assert.equal(source.current(), known)
    up = true
    await source.refresh(signal)
    assert.deepEqual(problems, ['connection refused', undefined])
  })

  test('trusts nobody before the ConfigMap was read, and no front proxy without a CA or a user header', async () => {
    const ca = await issue('CN=one', { ca: true })
    const source = trustFromCluster({
      read: () => Promise.reject(new Error('down')),
      clock: manualClock(),
      onProblem: () => undefined,
    })
    await source.refresh(signal)
    assert.deepEqual(source.current(), { frontProxy: undefined, clients: [] })
    assert.equal(parseTrust({}, undefined).frontProxy, undefined)
    const { 'requestheader-username-headers': _, ...headless } = authConfig({ proxyCa: ca.cert })
    assert.equal(parseTrust(headless, undefined).frontProxy, undefined)
  })

  test('an allow-list that cannot be read changes nothing, rather than allowing any name', async () => {
    const ca = await issue('CN=one', { ca: true })
    let data = authConfig({ proxyCa: ca.cert, names: ['front-proxy-client'] })
    const problems: unknown[] = []
    const source = trustFromCluster({
      read: async () => ({ metadata: { name: 'x' }, data }),
      clock: manualClock(),
      onProblem: (why) => problems.push(why),
    })
    await source.refresh(signal)
    for (const names of ['["front-proxy-client"', '"front-proxy-client"', '{}', '[1]']) {
      data = { ...data, 'requestheader-allowed-names': names }
      await source.refresh(signal)
      assert.deepEqual(source.current().frontProxy?.names, ['front-proxy-client'], names)
    }
    assert.equal(problems.length, 1)
  })

  test('reads every certificate of a bundle and passes over what is none', async () => {
    const [one, two] = await Promise.all([
      issue('CN=one', { ca: true }),
      issue('CN=two', { ca: true }),
    ])
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    const trust = parseTrust({}, `# comment\n${one.cert}${broken}${two.cert}`)
    assert.deepEqual(
      trust.clients.map((c) => c.subject),
      ['CN=one', 'CN=two'],
    )
  })

  test("takes the client CA of the command line instead of the cluster's", async () => {
    const [own, theirs] = await Promise.all([
      issue('CN=own', { ca: true }),
      issue('CN=theirs', { ca: true }),
    ])
    const source = trustFromCluster({
      read: async () => ({ metadata: { name: 'x' }, data: { 'client-ca-file': theirs.cert } }),
      clientCa: async () => own.cert,
      clock: manualClock(),
      onProblem: assert.fail,
    })
    await source.refresh(signal)
    assert.deepEqual(
      source.current().clients.map((c) => c.subject),
      ['CN=own'],
    )
  })
})
