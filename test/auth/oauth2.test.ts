import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { createStores } from '../../src/auth/stores.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { failure, reasonOf } from '../../src/errors.ts'
import { anywhere, type Outward } from '../../src/http.ts'
import type { OauthRequest } from '../../src/scaler.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'
import { forever } from '../support/controller.ts'
import { startOauth, type OauthServer } from '../support/oauth.ts'

interface Stage {
  readonly clock: ManualClock
  readonly server: OauthServer
  ask(request?: Partial<OauthRequest>): Promise<string>
}

async function open(t: TestContext, outward: Partial<Outward> = {}): Promise<Stage> {
  const clock = manualClock()
  const server = await startOauth()
  const stores = createStores({
    cluster: createEmbedded({ clock }),
    clock,
    outward: { ...anywhere, ...outward },
  })
  server.clients.set('ebb', 'a secret: with/signs')
  t.after(async () => {
    stores.close()
    await server.close()
  })
  return {
    clock,
    server,
    ask: (request) =>
      stores.token(
        {
          tokenUrl: `${server.url}/token`,
          clientId: 'ebb',
          clientSecret: 'a secret: with/signs',
          scopes: ['read', 'list'],
          params: { audience: 'queues' },
          ...request,
        },
        forever,
      ),
  }
}

describe('a token by OAuth 2 client credentials', () => {
  test('is asked for with scopes and parameters, once for everyone', async (t) => {
    const s = await open(t)
    assert.deepEqual(await Promise.all([s.ask(), s.ask()]), ['oauth-ebb-1', 'oauth-ebb-1'])
    assert.deepEqual(Object.fromEntries(s.server.forms[0] ?? []), {
      audience: 'queues',
      grant_type: 'client_credentials',
      scope: 'read list',
    })
  })
  test('is had of a server that takes the form alone', async (t) => {
    const s = await open(t)
    s.server.formOnly = true
    assert.equal(await s.ask(), 'oauth-ebb-2')
  })
  test('whose end is not said is had anew after some minutes', async (t) => {
    const s = await open(t)
    s.server.life = 0
    await s.ask()
    await s.clock.advance(300_000)
    assert.equal(await s.ask(), 'oauth-ebb-2')
  })
  test('that is refused names the client and not its secret', async (t) => {
    const s = await open(t)
    const why = await s.ask({ clientSecret: 'hunter2' }).then(String, reasonOf)
    assert.match(why, /HTTP 401 invalid_client; check clientId ebb/)
    assert.ok(!why.includes('hunter2'))
  })
  for (const outage of [503, 429, 'cut'] as const)
    test(`passes while the server is out (${outage})`, async (t) => {
      const s = await open(t)
      s.server.outage = outage
      await assert.rejects(s.ask(), { code: 'IDENTITY_UNREACHABLE', retry: true })
    })
  test('is not asked for where Ebb may not go', async (t) => {
    const permit: Outward['permit'] = ({ host }) => {
      throw failure('ENDPOINT_FORBIDDEN', { endpoint: host, allowed: 'none', by: 'a test' })
    }
    const s = await open(t, { permit })
    await assert.rejects(s.ask(), { code: 'ENDPOINT_FORBIDDEN' })
    assert.equal(s.server.seen.length, 0)
  })
  for (const tokenUrl of ['ftp://a/', 'nonsense'])
    test(`is not asked for at ${tokenUrl}`, async (t) => {
      const s = await open(t)
      await assert.rejects(s.ask({ tokenUrl }), /must be an http or https URL/)
    })
})
