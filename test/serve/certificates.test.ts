import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { connect } from 'node:tls'
import { kinds } from '../../src/kinds.ts'
import type { ApiService } from '../../src/resources.ts'
import { apiServiceName, standingOf } from '../../src/serve/api-service.ts'
import { type Certificates, certificates } from '../../src/serve/certificates.ts'
import { createServer } from '../../src/serve/server.ts'
import { followKeyPair, tlsOptions } from '../../src/serve/tls.ts'
import { type ManualClock, manualClock } from '../support/clock.ts'
import { type Objects, objects } from './objects.ts'
import type { Cluster } from '../../src/cluster.ts'

const minute = 60_000
const day = 86_400_000
const { signal } = new AbortController()

const ours: ApiService = {
  metadata: { name: apiServiceName },
  spec: { group: 'external.metrics.k8s.io', service: { namespace: 'ebb', name: 'ebb' } },
}
const foreign: ApiService = {
  metadata: { name: apiServiceName },
  spec: { caBundle: 'theirs', service: { namespace: 'keda', name: 'keda-metrics-apiserver' } },
}

interface Replica {
  readonly cluster: Objects & Cluster
  readonly clock: ManualClock
  readonly certs: Certificates
  leads: boolean
}

function replica(
  o: { cluster?: Objects & Cluster; clock?: ManualClock; leads?: boolean; spread?: boolean } = {},
): Replica {
  const cluster = o.cluster ?? objects()
  const clock = o.clock ?? manualClock(Date.now())
  const state = { leads: o.leads ?? true }
  const certs = certificates({
    cluster,
    clock,
    namespace: 'ebb',
    service: 'ebb',
    leads: () => state.leads,
    spread: o.spread ?? true,
    onProblem: () => undefined,
  })
  return Object.assign(state, { cluster, clock, certs })
}

async function bundle(cluster: Cluster): Promise<string> {
  const found = await cluster.get(kinds.apiService, { namespace: '', name: apiServiceName }, signal)
  return Buffer.from(found?.spec?.caBundle ?? '', 'base64').toString()
}
const certificatesIn = (pem: string): number => pem.match(/BEGIN CERTIFICATE/g)?.length ?? 0
const issuerOf = (r: Replica): string => new X509Certificate(r.certs.current()?.cert ?? '').issuer

/** Whether a bundle vouches for the certificate a replica serves. */
function vouches(pem: string, r: Replica): boolean {
  const leaf = new X509Certificate(r.certs.current()?.cert ?? '')
  const blocks = pem.match(/-----BEGIN[^-]+-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.some((block) => leaf.verify(new X509Certificate(block).publicKey))
}

describe('certificates', () => {
  test('makes a CA in ebb-certs and gives the APIService its bundle, then writes nothing more', async () => {
    const r = replica()
    r.cluster.put(kinds.apiService, ours)
    await r.certs.look(signal)
    assert.deepEqual(r.cluster.writes, ['create ebb-certs', `apply ${apiServiceName}`])
    assert.ok(vouches(await bundle(r.cluster), r))
    assert.deepEqual(r.certs.standing(), { kind: 'ours' })

    for (let hours = 0; hours < 48; hours++) {
      await r.clock.advance(60 * minute)
      await r.certs.look(signal)
    }
    assert.equal(r.cluster.writes.length, 2)
  })

  test('fills a Secret that was made empty beforehand', async () => {
    const r = replica()
    r.cluster.put(kinds.secret, { metadata: { name: 'ebb-certs', namespace: 'ebb' } })
    await r.certs.look(signal)
    assert.deepEqual(r.cluster.writes, ['replace ebb-certs'])
  })

  test('only the leader writes; the others issue themselves a certificate by the same CA', async () => {
    const leader = replica()
    const other = replica({ cluster: leader.cluster, clock: leader.clock, leads: false })
    await other.certs.look(signal)
    assert.equal(other.certs.current(), undefined)
    assert.deepEqual(leader.cluster.writes, [])

    await leader.certs.look(signal)
    leader.cluster.put(kinds.apiService, ours)
    await other.certs.look(signal)
    assert.equal(issuerOf(other), issuerOf(leader))
    assert.notEqual(other.certs.current()?.key, leader.certs.current()?.key)
    assert.deepEqual(other.certs.digestKey(), leader.certs.digestKey())
    assert.deepEqual(leader.cluster.writes, ['create ebb-certs'])
  })

  test('two leaders at once end up with one CA', async () => {
    const a = replica()
    const b = replica({ cluster: a.cluster, clock: a.clock })
    await Promise.all([a.certs.look(signal), b.certs.look(signal)])
    await Promise.all([a.certs.look(signal), b.certs.look(signal)])
    assert.equal(issuerOf(a), issuerOf(b))
  })

  test('renews its own certificate by the same CA before it ends', async () => {
    const r = replica()
    await r.certs.look(signal)
    const first = r.certs.current()
    let changes = 0
    r.certs.onChange(() => changes++)
    await r.clock.advance(15 * day)
    await r.certs.look(signal)
    assert.equal(r.certs.current(), first)
    await r.clock.advance(8 * day)
    await r.certs.look(signal)
    assert.notEqual(r.certs.current()?.cert, first?.cert)
    assert.equal(changes, 1)
    assert.ok((r.certs.expires() ?? 0) > r.clock.now() + 29 * day)
  })

  test('a new CA is in the bundle ten minutes before it is used, and the former one stays while certificates of it live', async () => {
    const leader = replica()
    const other = replica({ cluster: leader.cluster, clock: leader.clock, leads: false })
    leader.cluster.put(kinds.apiService, ours)
    await leader.certs.look(signal)
    await other.certs.look(signal)
    const first = issuerOf(leader)

    await leader.clock.advance(250 * day)
    await leader.certs.look(signal)
    assert.equal(certificatesIn(await bundle(leader.cluster)), 2)
    assert.equal(issuerOf(leader), first)

    await leader.clock.advance(10 * minute - 1_000)
    await leader.certs.look(signal)
    assert.equal(issuerOf(leader), first)

    await leader.clock.advance(2_000)
    await leader.certs.look(signal)
    assert.notEqual(issuerOf(leader), first)
    const both = await bundle(leader.cluster)
    assert.equal(certificatesIn(both), 2)
    assert.ok(vouches(both, leader) && vouches(both, other))

    await leader.clock.advance(120 * day)
    await leader.certs.look(signal)
    assert.equal(certificatesIn(await bundle(leader.cluster)), 1)
  })

  test('does not use a new CA as long as the bundle could not be spread', async () => {
    const r = replica()
    r.cluster.put(kinds.apiService, ours)
    await r.certs.look(signal)
    const first = issuerOf(r)
    await r.clock.advance(250 * day)
    r.cluster.refuses = 'apply'
    await assert.rejects(r.certs.look(signal), /refused/)
    await r.clock.advance(60 * minute)
    await assert.rejects(r.certs.look(signal), /refused/)
    assert.equal(issuerOf(r), first)

    r.cluster.refuses = undefined
    await r.certs.look(signal)
    await r.clock.advance(11 * minute)
    await r.certs.look(signal)
    assert.notEqual(issuerOf(r), first)
  })

  test('makes a new CA at once where the stored one has ended or is no CA', async () => {
    const r = replica()
    await r.certs.look(signal)
    const first = issuerOf(r)
    await r.clock.advance(400 * day)
    await r.certs.look(signal)
    const second = issuerOf(r)
    assert.notEqual(second, first)

    const key = r.certs.digestKey()
    const ref = { namespace: 'ebb', name: 'ebb-certs' }
    const secret = await r.cluster.get(kinds.secret, ref, signal)
    assert.ok(secret)
    r.cluster.put(kinds.secret, {
      ...secret,
      data: { ...secret.data, 'ca.key': 'bm9uZQ==' },
    } as typeof secret)
    await r.certs.look(signal)
    assert.notEqual(issuerOf(r), second)
    assert.deepEqual(r.certs.digestKey(), key)
  })

  test('never touches an APIService that names another Service, and says whose it is', async () => {
    const r = replica()
    r.cluster.put(kinds.apiService, foreign)
    await r.certs.look(signal)
    assert.deepEqual(r.cluster.writes, ['create ebb-certs'])
    assert.deepEqual(r.certs.standing(), { kind: 'foreign', owner: 'keda/keda-metrics-apiserver' })
    assert.deepEqual(standingOf(undefined, { namespace: 'ebb', service: 'ebb' }), {
      kind: 'absent',
    })
  })

  test('touches no APIService at all when told so', async () => {
    const r = replica({ spread: false })
    r.cluster.put(kinds.apiService, ours)
    await r.certs.look(signal)
    assert.deepEqual(r.cluster.writes, ['create ebb-certs'])
  })

  test('goes on with what it has while the API server is down, and catches up after', async () => {
    const r = replica()
    await r.certs.look(signal)
    const stop = new AbortController()
    const run = r.certs.run(stop.signal)
    await r.certs.ready
    r.cluster.down = true
    await r.clock.advance(5 * minute)
    assert.ok(r.certs.current())
    r.cluster.down = false
    r.cluster.put(kinds.apiService, ours)
    await r.clock.advance(2 * minute)
    assert.ok(vouches(await bundle(r.cluster), r))
    stop.abort()
    await run
  })

  test('a client that trusts the bundle alone completes a handshake for each name, before and after a change', async (t) => {
    const r = replica()
    r.cluster.put(kinds.apiService, ours)
    await r.certs.look(signal)
    const app = createServer({ https: tlsOptions(undefined), onFault: () => undefined })
    followKeyPair(app, r.certs)
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    for (const name of ['ebb', 'ebb.ebb', 'ebb.ebb.svc', 'ebb.ebb.svc.cluster.local', 'localhost'])
      assert.equal(await handshake(port, name, await bundle(r.cluster)), 'TLSv1.3')
    assert.match(await handshake(port, 'example.com', await bundle(r.cluster)), /altnames/)
    assert.match(await handshake(port, 'ebb', undefined), /verify|self-signed/)

    const serial = await peerSerial(port)
    await r.clock.advance(25 * day)
    await r.certs.look(signal)
    assert.notEqual(await peerSerial(port), serial)
  })
})

function handshake(port: number, servername: string, ca: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername, ...(ca ? { ca } : {}) }, () => {
      resolve(socket.getProtocol() ?? '')
      socket.destroy()
    })
    socket.once('error', (error) => resolve(error.message))
  })
}

function peerSerial(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
