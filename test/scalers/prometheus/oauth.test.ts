import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { prometheus } from '../../../scalers/prometheus/index.ts'
import { createStores } from '../../../src/auth/stores.ts'
import { systemClock } from '../../../src/clock.ts'
import { createHost } from '../../../src/compose/host.ts'
import { createEmbedded } from '../../../src/embedded/cluster.ts'
import { anywhere } from '../../../src/http.ts'
import { connectionOf, read } from '../../../src/metadata/schema.ts'
import type { Answer } from '../../../src/scaler.ts'
import { givenBy } from '../../contract/scaler.ts'
import { startHttpSource, type HttpSource } from '../../support/http-source.ts'
import { startOauth, type OauthServer } from '../../support/oauth.ts'

const noPods = {
  follow() {
    throw new TypeError('no pods in this test')
  },
}

interface Stage {
  readonly oauth: OauthServer
  readonly source: HttpSource
  readonly taken: Set<string>
  ask(): Promise<Answer<number>>
}

async function open(t: TestContext): Promise<Stage> {
  const oauth = await startOauth()
  oauth.clients.set('ebb', 'hunter2')
  const taken = new Set(['Bearer oauth-ebb-1'])
  const body = '{"status":"success","data":{"result":[{"value":[1,"4"]}]}}'
  const source = await startHttpSource(({ headers }) =>
    taken.has(headers.authorization ?? '') ? { body } : { status: 401 },
  )
  const stores = createStores({
    cluster: createEmbedded({ clock: systemClock }),
    clock: systemClock,
  })
  const given = givenBy(
    {
      serverAddress: source.url,
      query: 'x',
      threshold: '1',
      authModes: 'oauth',
      oauthTokenURI: 'http://elsewhere.example/',
    },
    {
      oauthTokenURI: `${oauth.url}/token`,
      clientID: 'ebb',
      clientSecret: 'hunter2',
      scopes: 'a,b',
      endpointParams: 'audience=queues',
    },
  )
  const m = read('prometheus', prometheus.fields, given, prometheus.check)
  const host = createHost(systemClock, 3_000, anywhere, stores, noPods)
  const signal = AbortSignal.timeout(10_000)
  const service = await prometheus.open(connectionOf(prometheus.fields, m), host, signal)
  t.after(async () => {
    await service.close()
    stores.close()
    await Promise.all([oauth.close(), source.close()])
  })
  return {
    oauth,
    source,
    taken,
    ask: () => service.instant({ query: 'x', namespace: undefined }, signal),
  }
}

describe('Prometheus by an OAuth client', () => {
  test('is asked with a token of the server that the authentication names, once for many polls', async (t) => {
    const s = await open(t)
    for (let i = 0; i < 3; i++) assert.deepEqual(await s.ask(), { kind: 'value', value: 4 })
    assert.equal(s.oauth.forms.length, 1)
    assert.equal(s.oauth.forms[0]?.get('scope'), 'a b')
    assert.equal(s.oauth.forms[0]?.get('audience'), 'queues')
  })
  test('that takes the token no more is asked with another at once', async (t) => {
    const s = await open(t)
    await s.ask()
    s.taken.clear()
    s.taken.add('Bearer oauth-ebb-2')
    assert.deepEqual(await s.ask(), { kind: 'value', value: 4 })
  })
  test('is not asked while no token can be had, and the secret is in no message', async (t) => {
    const s = await open(t)
    s.oauth.clients.clear()
    const answer = await s.ask()
    assert.ok(answer.kind === 'error')
    assert.equal(answer.error.code, 'IDENTITY_DENIED')
    assert.ok(!answer.error.message.includes('hunter2'))
    assert.equal(s.source.seen.length, 0)
  })
})
