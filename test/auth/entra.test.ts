import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { createStores, type Stores } from '../../src/auth/stores.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { parseEndpoints } from '../../src/endpoints.ts'
import { reasonOf } from '../../src/errors.ts'
import { anywhere } from '../../src/http.ts'
import type { EntraRequest } from '../../src/scaler.ts'
import { systemClock } from '../../src/clock.ts'
import { entraHost, startEntra, type Entra } from '../support/entra.ts'
import { loopback } from '../support/store-server.ts'
import { forever } from '../support/controller.ts'

const tenant = '11111111-2222-3333-4444-555555555555'
const other = '99999999-2222-3333-4444-555555555555'
const scope = 'https://storage.azure.com/.default'

interface Stage {
  readonly entra: Entra
  readonly stores: Stores
  readonly file: string
  ask(request?: Partial<EntraRequest>, refused?: string): Promise<string>
  why(request?: Partial<EntraRequest>): Promise<string>
}

async function open(
  t: TestContext,
  env: Readonly<Record<string, string | undefined>> = {},
  allowed = '',
): Promise<Stage> {
  const entra = await startEntra(tenant)
  const folder = await mkdtemp(join(tmpdir(), 'ebb-identity-'))
  const file = join(folder, 'token')
  await writeFile(file, 'assertion-1')
  entra.clients.set('ebb', 'assertion-1')
  entra.clients.set('other', 'assertion-1')
  const list = parseEndpoints(allowed)
  const stores = createStores({
    cluster: createEmbedded({ clock: systemClock }),
    clock: systemClock,
    outward: { ...anywhere, trust: [entra.ca], lookup: loopback },
    timeout: 1_000,
    named: (endpoint) => 'names' in list && list.names(endpoint),
    env: {
      AZURE_CLIENT_ID: 'ebb',
      AZURE_TENANT_ID: tenant,
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_AUTHORITY_HOST: `${entra.url}/`,
      ...env,
    },
  })
  t.after(async () => {
    stores.close()
    await entra.close()
    await rm(folder, { recursive: true })
  })
  const request = (difference: Partial<EntraRequest> = {}): EntraRequest => ({
    scope,
    clientId: undefined,
    tenantId: undefined,
    authorityHost: undefined,
    ...difference,
  })
  return {
    entra,
    stores,
    file,
    ask: (difference, refused) => stores.token(request(difference), forever, refused),
    why: (difference) =>
      stores.token(request(difference), forever).then((token) => token, reasonOf),
  }
}

describe('a workload identity of Azure', { timeout: 30_000 }, () => {
  test('shows the federated token and gets one token for everyone', async (t) => {
    const s = await open(t)
    assert.deepEqual(await Promise.all([s.ask(), s.ask()]), ['entra-ebb-1', 'entra-ebb-1'])
    assert.equal(await s.ask(), 'entra-ebb-1')
    const [form] = s.entra.requests()
    assert.equal(s.entra.requests().length, 1)
    assert.equal(form?.get('client_assertion'), 'assertion-1')
    assert.equal(form?.get('grant_type'), 'client_credentials')
    assert.ok(form?.get('scope')?.includes(scope))
  })
  test('is the one that the authentication names', async (t) => {
    const s = await open(t, { AZURE_CLIENT_ID: undefined, AZURE_TENANT_ID: undefined })
    assert.match(await s.why(), /for want of AZURE_CLIENT_ID, AZURE_TENANT_ID: set/)
    assert.equal(await s.ask({ clientId: 'other', tenantId: tenant }), 'entra-other-1')
  })
  test('whose token was not taken gets another, with the federated token of now', async (t) => {
    const s = await open(t)
    const first = await s.ask()
    await writeFile(s.file, 'assertion-2')
    s.entra.clients.set('ebb', 'assertion-2')
    assert.equal(await s.ask({}, first), 'entra-ebb-2')
  })
  test('that Entra refuses says what it said and whom to ask, and nothing secret', async (t) => {
    const s = await open(t)
    s.entra.clients.delete('ebb')
    const why = await s.why()
    assert.match(why, /unauthorized_client: AADSTS700016: Application 'ebb' was not found/)
    assert.match(why, /check client ebb, its tenant and its federated credential/)
    assert.ok(!why.includes('assertion-1') && !why.includes('Trace ID'))
  })
  test('of a tenant that Entra does not know is refused', async (t) => {
    const s = await open(t)
    assert.match(
      await s.why({ tenantId: other }),
      /no token for .*AADSTS90002|endpoints_resolution/,
    )
  })
  test('without its file says which', async (t) => {
    const s = await open(t, { AZURE_FEDERATED_TOKEN_FILE: '/nowhere/token' })
    assert.match(await s.why(), /no token for .*ENOENT|\/nowhere\/token/)
    assert.match(
      await (await open(t, { AZURE_FEDERATED_TOKEN_FILE: '' })).why(),
      /for want of AZURE_FEDERATED_TOKEN_FILE/,
    )
  })
  for (const outage of [503, 'cut', 'silent'] as const)
    test(`passes while Entra is out (${outage})`, async (t) => {
      const s = await open(t)
      s.entra.outage = outage
      await assert.rejects(s.ask(), { code: 'IDENTITY_UNREACHABLE', retry: true })
    })
  test('shows its federated token to no authority that a tenant names', async (t) => {
    const s = await open(t, { AZURE_AUTHORITY_HOST: undefined })
    const why = await s.why({ authorityHost: s.entra.url })
    assert.match(why, /identityAuthorityHost login\.entra\.test:\d+ is no authority of Azure/)
    assert.equal(s.entra.seen.length, 0)
  })
  test('nor where the controller allows everything', async (t) => {
    const s = await open(t, { AZURE_AUTHORITY_HOST: undefined }, '*, *:443')
    assert.match(await s.why({ authorityHost: s.entra.url }), /is no authority of Azure/)
    assert.equal(s.entra.seen.length, 0)
  })
  test('does so where the controller allows that server by name', async (t) => {
    const s = await open(t, { AZURE_AUTHORITY_HOST: undefined }, entraHost)
    assert.equal(await s.ask({ authorityHost: s.entra.url }), 'entra-ebb-1')
  })
  test('a client with a secret shows that instead', async (t) => {
    const s = await open(t)
    s.entra.clients.set('reader', 'hunter2')
    assert.equal(await s.ask({ clientId: 'reader', clientSecret: 'hunter2' }), 'entra-reader-1')
    assert.match(
      await s.why({ clientId: 'reader', clientSecret: 'wrong' }),
      /invalid_client: AADSTS7000215/,
    )
  })
})
