import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { azureQueue } from '../../../scalers/azure-queue/index.ts'
import { createStores } from '../../../src/auth/stores.ts'
import { systemClock } from '../../../src/clock.ts'
import { createHost } from '../../../src/compose/host.ts'
import { createEmbedded } from '../../../src/embedded/cluster.ts'
import { anywhere } from '../../../src/http.ts'
import { connectionOf, read } from '../../../src/metadata/schema.ts'
import type { Answer } from '../../../src/scaler.ts'
import { givenBy } from '../../contract/scaler.ts'
import { startEntra, type Entra } from '../../support/entra.ts'
import { loopback, startStoreServer, type StoreServer } from '../../support/store-server.ts'

const tenant = '11111111-2222-3333-4444-555555555555'

const noPods = {
  follow() {
    throw new TypeError('no pods in this test')
  },
}

interface Stage {
  readonly entra: Entra
  readonly queue: StoreServer
  /** Tokens that the queue service takes. */
  readonly taken: Set<string>
  ask(): Promise<Answer<number>>
}

/** Entra ID, a queue service, and Ebb's host between them, as `ebb run` puts it together. */
async function open(t: TestContext): Promise<Stage> {
  const entra = await startEntra(tenant)
  const taken = new Set(['entra-ebb-1'])
  const queue = await startStoreServer(
    ({ headers }) =>
      taken.has(headers.authorization?.replace('Bearer ', '') ?? '')
        ? { status: 200, headers: { 'x-ms-approximate-messages-count': '12' } }
        : {
            status: 401,
            headers: {
              'www-authenticate': `Bearer authorization_uri=${entra.url}/${tenant}/oauth2/authorize resource_id=https://storage.azure.com`,
            },
          },
    ['account.queue.test'],
  )
  const folder = await mkdtemp(join(tmpdir(), 'ebb-identity-'))
  await writeFile(join(folder, 'token'), 'assertion')
  entra.clients.set('ebb', 'assertion')
  const outward = { ...anywhere, trust: [entra.ca, queue.ca], lookup: loopback }
  const stores = createStores({
    cluster: createEmbedded({ clock: systemClock }),
    clock: systemClock,
    outward,
    env: {
      AZURE_CLIENT_ID: 'nobody',
      AZURE_TENANT_ID: tenant,
      AZURE_FEDERATED_TOKEN_FILE: join(folder, 'token'),
      AZURE_AUTHORITY_HOST: entra.url,
    },
  })
  const host = { ...createHost(systemClock, 3_000, outward, stores, noPods), lookup: loopback }
  const given = {
    ...givenBy({
      queueName: 'q',
      accountName: 'account',
      cloud: 'Private',
      endpointSuffix: `queue.test:${queue.port}`,
    }),
    identity: { provider: 'azure-workload', identityId: 'ebb' },
  }
  const m = read('azure-queue', azureQueue.fields, given, azureQueue.check)
  const signal = AbortSignal.timeout(20_000)
  const service = await azureQueue.open(connectionOf(azureQueue.fields, m), host, signal)
  t.after(async () => {
    await service.close()
    stores.close()
    await Promise.all([entra.close(), queue.close()])
    await rm(folder, { recursive: true })
  })
  return {
    entra,
    queue,
    taken,
    ask: () => service.length({ queue: 'q', strategy: 'all' }, signal),
  }
}

describe('a queue read by a workload identity', { timeout: 30_000 }, () => {
  test('is read with one token of Entra ID for many polls', async (t) => {
    const s = await open(t)
    for (let i = 0; i < 3; i++) assert.deepEqual(await s.ask(), { kind: 'value', value: 12 })
    assert.equal(s.entra.given.length, 1)
    assert.ok(s.entra.given[0]?.scope.includes('https://storage.azure.com/.default'))
  })
  test('whose token is revoked is read with another, without a failed poll', async (t) => {
    const s = await open(t)
    await s.ask()
    s.taken.clear()
    s.taken.add('entra-ebb-2')
    assert.deepEqual(await s.ask(), { kind: 'value', value: 12 })
  })
  test('that takes no token is refused, and Entra is asked once more and not again', async (t) => {
    const s = await open(t)
    s.taken.clear()
    const answer = await s.ask()
    assert.ok(answer.kind === 'error')
    assert.equal(answer.error.code, 'SOURCE_DENIED')
    assert.equal(s.entra.given.length, 2)
  })
  test('says so when Entra is out, and so does when it refuses', async (t) => {
    const s = await open(t)
    s.entra.outage = 503
    const out = await s.ask()
    assert.ok(out.kind === 'error')
    assert.equal(out.error.code, 'IDENTITY_UNREACHABLE')
    s.entra.outage = undefined
    s.entra.clients.clear()
    await systemClock.sleep(1_000, t.signal)
    const refused = await s.ask()
    assert.ok(refused.kind === 'error')
    assert.equal(refused.error.code, 'IDENTITY_DENIED')
    assert.equal(s.queue.seen.length, 0)
  })
})
