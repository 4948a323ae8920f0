import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { failure } from '../../src/errors.ts'
import { parseTrust } from '../../src/serve/trust.ts'
import { ask, authConfig, dial, type Listening, whoami } from './listener.ts'
import { type Issued, issue, serverAuth, x509 } from './pki.ts'

const hour = 3_600_000

describe('authentication', () => {
  let proxyCa: Issued
  let clientCa: Issued
  let proxy: Issued
  let own: Issued
  let listening: Listening

  before(async () => {
    proxyCa = await issue('CN=front-proxy-ca', { ca: true })
    clientCa = await issue('CN=kubernetes', { ca: true })
    proxy = await issue('CN=front-proxy-client', { issuer: proxyCa })
    own = await issue('CN=ebb', { issuer: clientCa })
    listening = await whoami(own, authConfig({ proxyCa: proxyCa.cert, clientCa: clientCa.cert }))
  })
  after(() => listening.app.close())

  /** The caller as the listener sees it: name, groups and how it was proved, or the kind of no. */
  async function seen(client: Issued | undefined, ...lines: string[]): Promise<unknown> {
    const socket = await dial(listening.port, client)
    try {
      return summary(await ask(socket, lines))
    } finally {
      socket.destroy()
    }
  }

  const alice = ['X-Remote-User: alice', 'X-Remote-Group: dev']
  const believed = { name: 'alice', groups: ['dev', 'system:authenticated'], via: 'front-proxy' }

  test('believes the headers of the front proxy', async () => {
    assert.deepEqual(await seen(proxy, ...alice), believed)
  })

  const forged: [name: string, client: () => Promise<Issued | undefined>][] = [
    ['no certificate at all', async () => undefined],
    [
      "a certificate of an unknown CA with the proxy's name",
      async () => {
        const foreign = await issue('CN=front-proxy-ca', { ca: true })
        return issue('CN=front-proxy-client', { issuer: foreign })
      },
    ],
    ["a self-signed certificate with the proxy's name", () => issue('CN=front-proxy-client')],
    [
      'the right CA and a name that is not allowed',
      () => issue('CN=somebody', { issuer: proxyCa }),
    ],
    ['the right CA and no name', () => issue('O=system:masters', { issuer: proxyCa })],
    [
      'the right CA and an expired certificate',
      () =>
        issue('CN=front-proxy-client', {
          issuer: proxyCa,
          from: Date.now() - 2 * hour,
          until: Date.now() - hour,
        }),
    ],
    [
      'the right CA and a certificate that is not valid yet',
      () =>
        issue('CN=front-proxy-client', {
          issuer: proxyCa,
          from: Date.now() + hour,
          until: Date.now() + 2 * hour,
        }),
    ],
    [
      'the right CA and a certificate for servers only',
      () => issue('CN=front-proxy-client', { issuer: proxyCa, usages: [serverAuth] }),
    ],
    [
      "a certificate signed by the proxy's own certificate, which is no CA",
      () => issue('CN=front-proxy-client', { issuer: proxy }),
    ],
    [
      'a certificate signed by the right key that names another issuer',
      () => issue('CN=front-proxy-client', { issuer: { ...proxyCa, subject: 'CN=another' } }),
    ],
    [
      'a CA of the right name with another key',
      async () => {
        const twin = await issue('CN=front-proxy-ca', { ca: true })
        const leaf = await issue('CN=front-proxy-client', { issuer: twin })
        return { ...leaf, chain: `${leaf.cert}${proxyCa.cert}` }
      },
    ],
  ]
  for (const [name, client] of forged) {
    test(`does not believe the headers of a connection with ${name}`, async () => {
      assert.equal(await seen(await client(), ...alice, 'X-Remote-Group: system:masters'), 'nobody')
    })
  }

  test("takes a client certificate with the proxy's name for the user it names, whatever its headers say", async () => {
    const impostor = await issue('CN=front-proxy-client,O=ops,O=dev', { issuer: clientCa })
    assert.deepEqual(await seen(impostor, ...alice, 'X-Remote-Group: system:masters'), {
      name: 'front-proxy-client',
      groups: ['ops', 'dev', 'system:authenticated'],
      via: 'certificate',
    })
  })

  test('believes any name of the CA where no names are listed', async () => {
    const any = authConfig({ proxyCa: proxyCa.cert, names: [] })
    const trusted = listening.trust
    listening.trust = parseTrust(any, undefined)
    const other = await issue('CN=whoever', { issuer: proxyCa })
    assert.deepEqual(await seen(other, ...alice), believed)
    listening.trust = trusted
  })

  const chains: [name: string, expected: unknown, make: () => Promise<Issued>][] = [
    [
      'follows a presented intermediate',
      believed,
      async () =>
        issue('CN=front-proxy-client', {
          issuer: await issue('CN=mid', { issuer: proxyCa, ca: true }),
        }),
    ],
    [
      'refuses an intermediate longer than the path length allows',
      'nobody',
      async () => {
        const upper = await issue('CN=upper', { issuer: proxyCa, ca: true, pathLength: 0 })
        const lower = await issue('CN=lower', { issuer: upper, ca: true })
        return issue('CN=front-proxy-client', { issuer: lower })
      },
    ],
    [
      'refuses an intermediate that is no CA',
      'nobody',
      async () =>
        issue('CN=front-proxy-client', { issuer: await issue('CN=mid', { issuer: proxyCa }) }),
    ],
    [
      'refuses an intermediate that may not sign certificates',
      'nobody',
      async () => {
        const mid = await issue('CN=mid', {
          issuer: proxyCa,
          ca: true,
          extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true)],
        })
        return issue('CN=front-proxy-client', { issuer: mid })
      },
    ],
    [
      'refuses an intermediate limited to servers',
      'nobody',
      async () =>
        issue('CN=front-proxy-client', {
          issuer: await issue('CN=mid', { issuer: proxyCa, ca: true, usages: [serverAuth] }),
        }),
    ],
  ]
  for (const [name, expected, make] of chains) {
    test(name, async () => assert.deepEqual(await seen(await make(), ...alice), expected))
  }

  test('reads header names without regard to case, and every value of a group', async () => {
    const lines = ['x-REMOTE-user: alice', 'X-Remote-Group: dev', 'x-remote-group: a, b']
    assert.deepEqual(await seen(proxy, ...lines), {
      ...believed,
      groups: ['dev', 'a, b', 'system:authenticated'],
    })
  })

  test('takes the first of several users and passes over an empty header', async () => {
    const first = await seen(
      proxy,
      'X-Remote-User: alice',
      'X-Remote-User: system:admin',
      'X-Remote-Group: dev',
    )
    assert.deepEqual(first, believed)
    assert.equal(await seen(proxy, 'X-Remote-User:', 'X-Remote-Group: dev'), 'nobody')
  })

  test('reads extras with escaped keys, the uid, and names in UTF-8', async () => {
    const socket = await dial(listening.port, proxy)
    const { body } = await ask(socket, [
      'X-Remote-User: jürgen',
      'X-Remote-Uid: 42',
      'X-Remote-Extra-Example.com%2fscope: one',
      'x-remote-extra-example.com%2Fscope: two',
      'X-Remote-Extra-Bad%zz: kept',
    ])
    socket.destroy()
    const { user } = JSON.parse(body)
    assert.equal(user.name, 'jürgen')
    assert.equal(user.uid, '42')
    assert.deepEqual(user.extra, { 'example.com/scope': ['one', 'two'], 'bad%zz': ['kept'] })
  })

  test('does not take a header of a similar name', async () => {
    assert.equal(await seen(proxy, 'X_Remote_User: alice', 'X-Remote-User2: bob'), 'nobody')
  })

  test('refuses a request whose header carries a bare line feed or a folded line', async () => {
    for (const line of [
      'X-Remote-User: alice\nX-Remote-Group: system:masters',
      'X-Remote-User: al\r\n ice',
    ]) {
      const socket = await dial(listening.port, proxy)
      const answer = await ask(socket, [line]).catch(() => ({ code: 0, body: '' }))
      assert.notEqual(answer.code, 200, line)
      socket.destroy()
    }
  })

  test('asks the next proof where the front proxy names nobody', async () => {
    listening.tokens = async (token) =>
      token === 'good' ? { username: 'sa', groups: ['g'] } : undefined
    assert.deepEqual(await seen(proxy, 'Authorization: bearer good'), {
      name: 'sa',
      groups: ['g', 'system:authenticated'],
      via: 'token',
    })
    assert.equal(await seen(proxy, 'Authorization: Bearer bad'), 'nobody')
    assert.equal(await seen(undefined, 'Authorization: Basic good'), 'nobody')
  })

  test('verifies an open connection anew when the CA was rotated', async () => {
    const trusted = listening.trust
    const newCa = await issue('CN=front-proxy-ca-2', { ca: true })
    const newProxy = await issue('CN=front-proxy-client', { issuer: newCa })
    const socket = await dial(listening.port, proxy)
    const newSocket = await dial(listening.port, newProxy)
    assert.deepEqual(summary(await ask(socket, alice)), believed)
    assert.equal(summary(await ask(newSocket, alice)), 'nobody')

    listening.trust = parseTrust(authConfig({ proxyCa: `${proxyCa.cert}${newCa.cert}` }), undefined)
    assert.deepEqual(summary(await ask(socket, alice)), believed)
    assert.deepEqual(summary(await ask(newSocket, alice)), believed)

    listening.trust = parseTrust(authConfig({ proxyCa: newCa.cert }), undefined)
    assert.equal(summary(await ask(socket, alice)), 'nobody')
    assert.deepEqual(summary(await ask(newSocket, alice)), believed)
    socket.destroy()
    newSocket.destroy()
    listening.trust = trusted
  })

  test('stops believing an open connection when its certificate expires', async () => {
    const socket = await dial(listening.port, proxy)
    assert.deepEqual(summary(await ask(socket, alice)), believed)
    await listening.clock.advance(2 * hour)
    assert.equal(summary(await ask(socket, alice)), 'nobody')
    socket.destroy()
  })

  test('says that it cannot tell while the API server does not answer, and remembers what it said before', async () => {
    let calls = 0
    let up = true
    listening.tokens = async () => {
      calls++
      if (!up) throw failure('CLUSTER_UNREACHABLE', { server: 'https://x', why: 'refused' })
      return { username: 'sa' }
    }
    const line = 'Authorization: Bearer t1'
    const known = { name: 'sa', groups: ['system:authenticated'], via: 'token' }
    assert.deepEqual(await seen(undefined, line), known)
    up = false
    assert.deepEqual(await seen(undefined, line), known)
    assert.equal(calls, 1)
    await listening.clock.advance(10_001)
    assert.equal(await seen(undefined, line), 'unknown')
    assert.equal(await seen(undefined, 'Authorization: Bearer t2'), 'unknown')
  })

  test('refuses a bad token again without asking, for two seconds', async () => {
    let calls = 0
    listening.tokens = async () => {
      calls++
      return undefined
    }
    const line = 'Authorization: Bearer nope'
    assert.deepEqual(
      [await seen(undefined, line), await seen(undefined, line)],
      ['nobody', 'nobody'],
    )
    assert.equal(calls, 1)
    await listening.clock.advance(2_001)
    await seen(undefined, line)
    assert.equal(calls, 2)
  })
})

function summary(answer: { readonly code: number; readonly body: string }): unknown {
  assert.equal(answer.code, 200)
  const caller = JSON.parse(answer.body)
  if (caller.kind !== 'user') return caller.kind
  const { name, groups, via } = caller.user
  return { name, groups, via }
}
