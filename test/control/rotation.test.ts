import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { error } from '../../src/scaler.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { AuthenticationSpec } from '../../src/auth/shapes.ts'
import {
  deployment,
  forever,
  openBench,
  scaledObject,
  secret,
  type Bench,
} from '../support/controller.ts'
import { startVault, type Vault } from '../support/vault.ts'

const second = 1_000
const minute = 60 * second

interface Stage {
  readonly bench: Bench
  readonly vault: Vault
  /** A workload of this name whose password comes from there. */
  follow(name: string, spec: AuthenticationSpec): Promise<void>
  /** Lets time go by in steps, so that answers of real servers arrive between them. */
  pass(ms: number): Promise<void>
  /** Reads of a path of Vault so far. */
  reads(path: string): number
}

async function open(t: TestContext): Promise<Stage> {
  const bench = await openBench()
  const vault = await startVault(() => bench.clock.now())
  vault.issue('hvs.t', 0)
  t.after(async () => {
    await bench.close()
    await vault.close()
  })
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) {
      await bench.clock.advance(Math.min(500, left))
      await settle(vault)
    }
  }
  return {
    bench,
    vault,
    pass,
    reads: (path) => vault.seen.filter((each) => each.path === `/v1/${path}`).length,
    async follow(name, spec) {
      await bench.cluster.apply(
        kinds.triggerAuthentication,
        { metadata: { namespace: 'default', name }, spec },
        forever,
      )
      await bench.cluster.apply(kinds.deployment, deployment(name), forever)
      const trigger = {
        type: 'queue',
        metadata: { queue: name },
        authenticationRef: { name },
      }
      await bench.cluster.apply(
        kinds.scaledObject,
        scaledObject({ triggers: [trigger] }, { name }),
        forever,
      )
      await pass(2 * second)
    },
  }
}

/** Real requests under way end before time goes on. */
async function settle(vault: Vault): Promise<void> {
  for (let quiet = 0, seen = -1; quiet < 2; quiet = vault.seen.length === seen ? quiet + 1 : 0) {
    seen = vault.seen.length
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const ofVault = (vault: Vault, path: string): AuthenticationSpec => ({
  hashiCorpVault: {
    address: vault.url,
    authentication: 'token',
    credential: { token: 'hvs.t' },
    secrets: [{ parameter: 'password', path, key: 'password' }],
  },
})

const needs =
  (taken: () => string) =>
  (password: string): ReturnType<typeof error> | { kind: 'value'; value: number } =>
    password === taken()
      ? { kind: 'value', value: 0 }
      : error(failure('SOURCE_DENIED', { address: 'memory', why: 'wrong password' }))

describe('a secret that changes in its store', { timeout: 60_000 }, () => {
  test('reaches the source within a minute, and only the sources that use it', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    s.vault.kv.set('kv/b', { password: 'b1' })
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    await s.follow('two', ofVault(s.vault, 'kv/b'))
    assert.deepEqual(s.bench.source.opened, ['a1', 'b1'])
    s.vault.kv.set('kv/a', { password: 'a2' })
    await s.pass(minute)
    assert.deepEqual(s.bench.source.opened, ['a1', 'b1', 'a2'])
  })
  test('reaches it at once where the source refuses the old one, without a failed poll', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    let taken = 'a1'
    s.bench.source.queues.set(
      'one',
      needs(() => taken),
    )
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    assert.equal((await s.bench.condition('Ready', 'one')).status, 'True')
    s.vault.kv.set('kv/a', { password: 'a2' })
    taken = 'a2'
    for (let i = 0; i < 25; i++) {
      await s.pass(second)
      assert.equal((await s.bench.condition('Ready', 'one')).status, 'True')
    }
    assert.deepEqual(s.bench.source.opened.slice(-1), ['a2'])
  })
  test('is read once for all workloads, every 45 s', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    for (const name of ['one', 'two', 'three']) await s.follow(name, ofVault(s.vault, 'kv/a'))
    assert.equal(s.reads('kv/a'), 1)
    await s.pass(3 * minute)
    assert.ok(s.reads('kv/a') >= 4 && s.reads('kv/a') <= 5, `${s.reads('kv/a')}`)
    assert.equal(s.bench.source.opened.length, 1)
  })
  test('is not asked for more than twice a second, however many sources refuse', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'wrong' })
    s.bench.source.queues.set(
      'one',
      needs(() => 'right'),
    )
    s.bench.source.queues.set(
      'two',
      needs(() => 'right'),
    )
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    await s.follow('two', ofVault(s.vault, 'kv/a'))
    const before = s.reads('kv/a')
    await s.pass(minute)
    assert.ok(s.reads('kv/a') - before <= 20, `${s.reads('kv/a') - before}`)
    assert.match(
      (await s.bench.condition('Ready', 'one')).message ?? '',
      /refused the credentials \(wrong password\)/,
    )
  })
})

describe('while a store is out', { timeout: 60_000 }, () => {
  test('what was last read is used, and a refusal by the source says why it is no newer', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    let taken = 'a1'
    s.bench.source.queues.set(
      'one',
      needs(() => taken),
    )
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    s.vault.outage = 503
    await s.pass(5 * minute)
    assert.equal((await s.bench.condition('Ready', 'one')).status, 'True')
    taken = 'a2'
    await s.pass(30 * second)
    const { message } = await s.bench.condition('Ready', 'one')
    assert.match(message ?? '', /refused the credentials .*; moreover: Vault http/)
    assert.match(message ?? '', /check that it runs, is unsealed and can be reached/)
    s.vault.kv.set('kv/a', { password: 'a2' })
    s.vault.outage = undefined
    await s.pass(30 * second)
    assert.equal((await s.bench.condition('Ready', 'one')).status, 'True')
  })
  test('a workload that is new waits, and begins when the store is back', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    s.vault.outage = 'cut'
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    const ready = await s.bench.condition('Ready', 'one')
    assert.equal(ready.status, 'False')
    assert.match(ready.message ?? '', /Vault .*cannot reach .*check that it runs/)
    s.vault.outage = undefined
    await s.pass(minute)
    assert.equal((await s.bench.condition('Ready', 'one')).status, 'True')
  })
})

describe('while a store refuses', { timeout: 60_000 }, () => {
  const events = async ({ bench }: Stage): Promise<readonly string[]> => {
    const { items } = await bench.cluster.list(kinds.event, { namespace: 'default' }, forever)
    return items.flatMap(({ reason, note }) => (reason === 'KEDAScalerInfo' ? [note] : []))
  }
  test('what was last read is used, one event says so, and it ends with the refusal', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    s.vault.revoke('hvs.t')
    await s.pass(3 * minute)
    assert.equal((await s.bench.condition('Ready', 'one')).status, 'True')
    const [said, ...more] = await events(s)
    assert.match(said ?? '', /does not take the token .*it has expired.*; what was last read stays/)
    assert.deepEqual(more, [])
    s.vault.issue('hvs.t', 0)
    s.vault.kv.set('kv/a', { password: 'a2' })
    await s.pass(30 * second)
    assert.equal(s.bench.source.opened.at(-1), 'a2')
  })
  test('a workload that is new does not go on without, and says which policy is missing', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    s.vault.forbidden.add('kv/a')
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    const { message } = await s.bench.condition('Ready', 'one')
    assert.match(
      message ?? '',
      /refuses kv\/a \(permission denied\): give the token or role a policy/,
    )
    assert.deepEqual(s.bench.source.opened, [])
  })
  test('a secret that was deleted is not used any more', async (t) => {
    const s = await open(t)
    s.vault.kv.set('kv/a', { password: 'a1' })
    await s.follow('one', ofVault(s.vault, 'kv/a'))
    s.vault.kv.delete('kv/a')
    await s.pass(minute)
    assert.deepEqual(s.bench.source.opened, ['a1', 'none'])
  })
})

describe('a token of a service account', () => {
  test('is replaced before it ends, and the source is opened with the new one', async (t) => {
    const s = await open(t)
    const account = { metadata: { namespace: 'default', name: 'scaler' } }
    await s.bench.cluster.create(kinds.serviceAccount, account, forever)
    const token = [{ parameter: 'password', serviceAccountName: 'scaler' }]
    await s.follow('one', { boundServiceAccountToken: token })
    const first = s.bench.source.opened.at(-1) ?? ''
    assert.match(first, /^embedded\.default\.scaler\./)
    await s.bench.clock.advance(41 * minute)
    assert.equal(s.bench.source.opened.length, 1)
    await s.bench.clock.advance(2 * minute)
    assert.equal(s.bench.source.opened.length, 2)
    assert.notEqual(s.bench.source.opened.at(-1), first)
  })
  test('that may not be made names the way out', async (t) => {
    const s = await open(t)
    const account = { metadata: { namespace: 'default', name: 'scaler' } }
    await s.bench.cluster.create(kinds.serviceAccount, account, forever)
    s.bench.source.queues.set(
      'one',
      needs(() => 'never'),
    )
    s.bench.cluster.setFaults({
      before({ verb }) {
        if (verb === 'issueToken')
          throw failure('CLUSTER_FORBIDDEN', { what: 'creating a token', why: 'no Role' })
      },
    })
    const spec = {
      boundServiceAccountToken: [{ parameter: 'password', serviceAccountName: 'scaler' }],
    }
    await s.follow('one', spec)
    const message = (await s.bench.condition('Ready', 'one')).message ?? ''
    assert.match(
      message,
      /no token of ServiceAccount default\/scaler: .*`ebb rbac` prints the Role/,
    )
  })
})

test('a Secret by another name is let go, and read no more', async (t) => {
  const s = await open(t)
  await s.bench.cluster.create(kinds.secret, secret('old', { k: '1' }), forever)
  await s.bench.cluster.create(kinds.secret, secret('new', { k: '2' }), forever)
  const of = (name: string): AuthenticationSpec => ({
    secretTargetRef: [{ parameter: 'password', name, key: 'k' }],
  })
  await s.follow('one', of('old'))
  await s.follow('one', of('new'))
  assert.deepEqual(s.bench.source.opened, ['1', '2'])
  const asked: string[] = []
  s.bench.cluster.setFaults({
    before: ({ resource, name }) => void (resource === 'secrets' && asked.push(name)),
  })
  await s.bench.clock.advance(2 * minute)
  assert.deepEqual([...new Set(asked)], ['new'])
})
