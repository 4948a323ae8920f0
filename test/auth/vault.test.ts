import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Read } from '../../src/auth/store.ts'
import { createStores, type StoreParts } from '../../src/auth/stores.ts'
import type { VaultAsk } from '../../src/auth/vault.ts'
import type { VaultLogin } from '../../src/auth/vault-session.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'
import { forever } from '../support/controller.ts'
import { startVault, type Vault } from '../support/vault.ts'

const second = 1_000

interface Stage {
  readonly clock: ManualClock
  readonly vault: Vault
  read(ask?: Partial<VaultAsk>, login?: Partial<VaultLogin>): Promise<Read>
  paths(): readonly string[]
}

async function open(t: TestContext, parts: Partial<StoreParts> = {}): Promise<Stage> {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  await cluster.create(
    kinds.serviceAccount,
    { metadata: { namespace: 'shop', name: 'scaler' } },
    forever,
  )
  const vault = await startVault(() => clock.now())
  const stores = createStores({ cluster, clock, timeout: 2_000, ...parts })
  t.after(async () => {
    stores.close()
    await vault.close()
    await cluster.close()
  })
  vault.issue('hvs.static', 0)
  vault.kv.set('secret/data/queue', { password: 'one', number: 7 })
  vault.kv.set('kv/queue', { password: 'plain' })
  vault.kv.set('database/creds/queue', { username: 'u', password: 'p' })
  const login: VaultLogin = {
    address: vault.url,
    namespace: undefined,
    method: 'token',
    token: 'hvs.static',
    mount: undefined,
    role: undefined,
    account: undefined,
    file: undefined,
    own: false,
  }
  return {
    clock,
    vault,
    paths: () => vault.seen.map(({ path }) => path.replace('/v1/', '')),
    read: (ask, other) =>
      stores
        .vault({ ...login, ...other }, { path: 'secret/data/queue', type: '', pki: {}, ...ask })
        .read(forever),
  }
}

const data = (read: Read): unknown => ('data' in read ? read.data : read)
const problem = (read: Read): string => ('problem' in read ? read.problem : '')
const kubernetes = {
  method: 'kubernetes',
  mount: 'kubernetes',
  role: 'ebb',
  token: undefined,
  account: { namespace: 'shop', name: 'scaler' },
} as const

describe('secrets of HashiCorp Vault', () => {
  test('of both versions of the key-value engine, found out or named; what is no text is no value', async (t) => {
    const s = await open(t)
    assert.deepEqual(data(await s.read()), { password: 'one' })
    assert.deepEqual(data(await s.read({ type: 'secretV2' })), { password: 'one' })
    assert.deepEqual(data(await s.read({ path: 'kv/queue' })), { password: 'plain' })
    assert.deepEqual(data(await s.read({ path: '/kv/queue', type: 'secret' })), {
      password: 'plain',
    })
  })
  test('that last are read again at the usual time, those with a lease in its last third', async (t) => {
    const s = await open(t)
    assert.equal((await s.read({ path: 'kv/queue' })).renewAt, undefined)
    const leased = await s.read({ path: 'database/creds/queue' })
    assert.equal(leased.renewAt, s.clock.now() + 210 * second)
  })
  test('of pki are asked for with their fields, and renewed by their own date', async (t) => {
    const s = await open(t)
    const ask = {
      path: 'pki/issue/queue',
      type: 'pki',
      pki: { common_name: 'queue.example', ttl: '10m' },
    } as const
    const read = await s.read(ask)
    assert.deepEqual(data(read), {
      certificate: 'certificate 1 of queue.example',
      private_key: 'key 1',
      ca_chain: 'one\ntwo',
    })
    assert.ok((read.renewAt ?? 0) - s.clock.now() <= 421 * second)
    assert.deepEqual(JSON.parse(s.vault.seen.at(-1)?.text ?? ''), ask.pki)
  })
  test('that are not there are missing', async (t) => {
    const s = await open(t)
    assert.deepEqual(await s.read({ path: 'kv/none' }), {
      problem: `Vault ${s.vault.url} holds nothing at kv/none`,
      missing: true,
    })
  })
  test('a namespace is asked for in its header', async (t) => {
    const s = await open(t)
    await s.read({}, { namespace: 'team' })
    assert.equal(s.vault.seen.at(-1)?.headers['x-vault-namespace'], 'team')
  })
  for (const path of ['../sys/health', 'kv/../../x', '', 'a/./b'])
    test(`the path "${path}" leads nowhere`, async (t) => {
      const s = await open(t)
      assert.match(problem(await s.read({ path })), /is no path in Vault/)
      assert.ok(s.paths().every((each) => each.startsWith('auth/')))
    })
  test('a path cannot become a query', async (t) => {
    const s = await open(t)
    await s.read({ path: 'kv/queue?version=1' })
    assert.equal(s.paths().at(-1), 'kv/queue%3Fversion%3D1')
  })
})

describe('a login to Vault', () => {
  test('as a service account is made once for all reads, with a token for Vault alone', async (t) => {
    const s = await open(t)
    s.vault.roles.set('ebb', ['shop.scaler'])
    await Promise.all([s.read({}, kubernetes), s.read({ path: 'kv/queue' }, kubernetes)])
    assert.equal(s.paths().filter((path) => path.includes('login')).length, 1)
    assert.match(s.vault.seen[0]?.text ?? '', /embedded\.shop\.scaler/)
  })
  test('is made anew in the last third of its life, without a refusal', async (t) => {
    const s = await open(t)
    s.vault.roles.set('ebb', ['shop.scaler'])
    s.vault.ttl = 100
    await s.read({}, kubernetes)
    await s.clock.advance(69 * second)
    await s.read({}, kubernetes)
    assert.equal(s.paths().filter((path) => path.includes('login')).length, 1)
    await s.clock.advance(1 * second)
    assert.deepEqual(data(await s.read({}, kubernetes)), { password: 'one' })
    assert.equal(s.paths().filter((path) => path.includes('login')).length, 2)
  })
  test('whose token was revoked is made anew at once', async (t) => {
    const s = await open(t)
    s.vault.roles.set('ebb', ['shop.scaler'])
    await s.read({}, kubernetes)
    s.vault.revoke('hvs.login-1')
    await s.clock.advance(60 * second)
    assert.deepEqual(data(await s.read({}, kubernetes)), { password: 'one' })
  })
  test('is made anew once a minute at most for a path that stays forbidden', async (t) => {
    const s = await open(t)
    s.vault.roles.set('ebb', ['shop.scaler'])
    s.vault.forbidden.add('kv/queue')
    for (let i = 0; i < 10; i++) {
      assert.match(problem(await s.read({ path: 'kv/queue' }, kubernetes)), /refuses kv\/queue/)
      await s.clock.advance(15 * second)
    }
    const logins = s.paths().filter((path) => path.includes('login')).length
    assert.ok(logins <= 3, `${logins}`)
  })
  test('that is refused names role and mount', async (t) => {
    const s = await open(t)
    const text = problem(await s.read({}, kubernetes))
    assert.match(
      text,
      /the login as role ebb at auth\/kubernetes\/login \(invalid role name "ebb"\)/,
    )
    assert.match(text, /check mount, role and which service accounts/)
  })
  test('of an account that does not exist names it', async (t) => {
    const s = await open(t)
    const account = { namespace: 'shop', name: 'nobody' }
    assert.match(
      problem(await s.read({}, { ...kubernetes, account })),
      /no token of ServiceAccount shop\/nobody: it does not exist/,
    )
  })
  test('needs mount and role', async (t) => {
    const s = await open(t)
    assert.match(problem(await s.read({}, { ...kubernetes, role: '' })), /needs role/)
    assert.match(problem(await s.read({}, { ...kubernetes, mount: undefined })), /needs mount/)
  })
  test('a token that can be renewed is, before its end', async (t) => {
    const s = await open(t)
    s.vault.issue('hvs.short', 100)
    for (let i = 0; i < 5; i++) {
      assert.deepEqual(data(await s.read({}, { token: 'hvs.short' })), { password: 'one' })
      await s.clock.advance(80 * second)
    }
    assert.ok(s.paths().includes('auth/token/renew-self'))
  })
  test('a token that has ended is refused with what to do, and not repeated', async (t) => {
    const s = await open(t)
    s.vault.issue('hvs.ended', 10, false)
    await s.read({}, { token: 'hvs.ended' })
    await s.clock.advance(11 * second)
    const text = problem(await s.read({}, { token: 'hvs.ended' }))
    assert.match(text, /does not take the token \(permission denied\): it has expired/)
    assert.ok(!text.includes('hvs.ended'))
  })
  test('VAULT_TOKEN wins where the controller trusts the server, and is never sent elsewhere', async (t) => {
    const s = await open(t, { env: { VAULT_TOKEN: 'hvs.own' } })
    s.vault.issue('hvs.own', 0)
    const sent = (): (string | string[] | undefined)[] =>
      s.vault.seen.map(({ headers }) => headers['x-vault-token'])
    assert.match(problem(await s.read({}, { token: undefined })), /VAULT_TOKEN \(it is not sent/)
    await s.read()
    assert.ok(!sent().includes('hvs.own'))
    await s.read({}, { own: true })
    assert.equal(sent().at(-1), 'hvs.own')
  })
  test("the controller's own token is never sent on the word of a TriggerAuthentication", async (t) => {
    const s = await open(t)
    const text = problem(
      await s.read({}, { ...kubernetes, account: undefined, file: '/etc/passwd' }),
    )
    assert.match(text, /the controller's token \(it is not sent there/)
    assert.equal(s.vault.seen.length, 0)
  })
  test('a file that holds no token of a service account is not sent', async (t) => {
    const s = await open(t)
    const file = new URL('../../package.json', import.meta.url).pathname
    const text = problem(await s.read({}, { ...kubernetes, account: undefined, file, own: true }))
    assert.match(text, /it holds no token of a service account/)
    assert.equal(s.vault.seen.length, 0)
  })
})

describe('when Vault is out', () => {
  for (const [outage, words] of [
    [503, /asks for fewer requests \(HTTP 503\)|HTTP 503/],
    [500, /HTTP 500/],
    ['cut', /cannot reach/],
  ] as const)
    test(`with ${outage}, it passes, and says what to look at`, async (t) => {
      const s = await open(t)
      s.vault.outage = outage
      const read = await s.read()
      assert.ok('problem' in read && read.passing, JSON.stringify(read))
      assert.match(read.problem, words)
      assert.ok(!read.problem.includes('secret/data'), read.problem)
      assert.match(read.problem, /check that it runs, is unsealed and can be reached/)
    })
  test('a refusal is none: it says which policy is missing', async (t) => {
    const s = await open(t)
    s.vault.forbidden.add('secret/data/queue')
    const read = await s.read()
    assert.deepEqual(read, {
      problem: `Vault ${s.vault.url} refuses secret/data/queue (permission denied): give the token or role a policy with read of this path`,
      missing: false,
    })
  })
  test('a page of something before it is garbled, and passes', async (t) => {
    const s = await open(t)
    s.vault.outage = 200
    assert.ok('passing' in (await s.read()))
  })
})
