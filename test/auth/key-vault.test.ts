import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { KeyVaultAsk } from '../../src/auth/key-vault.ts'
import type { Read } from '../../src/auth/store.ts'
import { createStores } from '../../src/auth/stores.ts'
import { systemClock } from '../../src/clock.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { anywhere } from '../../src/http.ts'
import { startEntra, type Entra } from '../support/entra.ts'
import { startKeyVault, type KeyVaultServer } from '../support/key-vault.ts'
import { loopback } from '../support/store-server.ts'
import { forever } from '../support/controller.ts'

const tenant = '11111111-2222-3333-4444-555555555555'

interface Stage {
  readonly entra: Entra
  readonly vault: KeyVaultServer
  read(ask?: Partial<KeyVaultAsk>): Promise<Read>
}

async function open(t: TestContext): Promise<Stage> {
  const entra = await startEntra(tenant)
  const vault = await startKeyVault(`${entra.url}/${tenant}`)
  const folder = await mkdtemp(join(tmpdir(), 'ebb-identity-'))
  await writeFile(join(folder, 'token'), 'assertion')
  entra.clients.set('ebb', 'assertion')
  vault.taken.add('entra-ebb-1')
  vault.secrets.set('password', 'one')
  vault.secrets.set('password/0aa', 'zero')
  const stores = createStores({
    cluster: createEmbedded({ clock: systemClock }),
    clock: systemClock,
    outward: { ...anywhere, trust: [entra.ca, vault.ca], lookup: loopback },
    timeout: 1_000,
    env: {
      AZURE_CLIENT_ID: 'ebb',
      AZURE_TENANT_ID: tenant,
      AZURE_FEDERATED_TOKEN_FILE: join(folder, 'token'),
      AZURE_AUTHORITY_HOST: entra.url,
    },
  })
  t.after(async () => {
    stores.close()
    await Promise.all([entra.close(), vault.close()])
    await rm(folder, { recursive: true })
  })
  const identity = { clientId: undefined, tenantId: undefined, authorityHost: undefined }
  return {
    entra,
    vault,
    read: (ask) =>
      stores
        .keyVault({ vaultUri: vault.url, name: 'password', version: '', identity, ...ask })
        .read(forever),
  }
}

const problem = (read: Read): string => ('problem' in read ? read.problem : '')

describe('secrets of Azure Key Vault', { timeout: 30_000 }, () => {
  test('are read by the identity that the challenge asks for, in the latest version or a named one', async (t) => {
    const s = await open(t)
    assert.deepEqual(await s.read(), { data: { value: 'one' } })
    assert.deepEqual(await s.read({ version: '0aa' }), { data: { value: 'zero' } })
    assert.ok(s.entra.given[0]?.scope.includes('https://vault.test/.default'))
    assert.equal(s.entra.given.length, 1)
  })
  test('are read as a client with a secret', async (t) => {
    const s = await open(t)
    s.entra.clients.set('reader', 'hunter2')
    s.vault.taken.add('entra-reader-1')
    const identity = {
      clientId: 'reader',
      tenantId: tenant,
      authorityHost: undefined,
      clientSecret: 'hunter2',
    }
    assert.deepEqual(await s.read({ identity }), { data: { value: 'one' } })
  })
  test('are read with another token where the first is not taken any more', async (t) => {
    const s = await open(t)
    await s.read()
    s.vault.taken.delete('entra-ebb-1')
    s.vault.taken.add('entra-ebb-2')
    assert.deepEqual(await s.read(), { data: { value: 'one' } })
  })
  test('that are not there are missing', async (t) => {
    const s = await open(t)
    const read = await s.read({ name: 'none' })
    assert.ok('problem' in read && read.missing)
    assert.match(read.problem, /has no secret none/)
  })
  test('that are refused say which role is needed', async (t) => {
    const s = await open(t)
    s.vault.forbidden.add('password')
    const read = await s.read()
    assert.ok('problem' in read && !read.missing && !read.passing)
    assert.match(read.problem, /refuses secret password \(HTTP 403\): give the identity the role/)
  })
  test('of an identity without a token say why', async (t) => {
    const s = await open(t)
    s.entra.clients.clear()
    assert.match(problem(await s.read()), /no token for https:\/\/vault\.test.*AADSTS700016/)
  })
  test('a challenge for another domain gets no token', async (t) => {
    const s = await open(t)
    s.vault.resource = 'https://storage.azure.com'
    assert.match(problem(await s.read()), /asks for a token of another domain/)
    assert.equal(s.entra.given.length, 0)
  })
  for (const outage of [503, 'cut', 'silent'] as const)
    test(`pass while the vault is out (${outage})`, async (t) => {
      const s = await open(t)
      s.vault.outage = outage
      const read = await s.read()
      assert.ok('problem' in read && read.passing === true, JSON.stringify(read))
    })
  test('pass while Entra is out', async (t) => {
    const s = await open(t)
    s.entra.outage = 503
    const read = await s.read()
    assert.ok('problem' in read && read.passing === true, JSON.stringify(read))
  })
  test('are not asked for at an address that is no https', async (t) => {
    const s = await open(t)
    assert.match(
      problem(await s.read({ vaultUri: 'http://orders.vault.test' })),
      /must be an https/,
    )
    assert.match(problem(await s.read({ vaultUri: 'nonsense' })), /must be an https/)
  })
})
