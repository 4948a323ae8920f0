import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openQueueService } from '../../../scalers/azure-queue/client.ts'
import { azureQueue } from '../../../scalers/azure-queue/index.ts'
import { reasonOf } from '../../../src/errors.ts'
import type { Values } from '../../../src/metadata/fields.ts'
import { connectionOf, read } from '../../../src/metadata/schema.ts'
import { givenBy, openTrigger, askAll } from '../../contract/scaler.ts'
import { type Azurite, startAzurite } from '../../support/azurite.ts'
import { testHost } from '../../support/host.ts'
import { startHttpSource } from '../../support/http-source.ts'

const connection = 'AccountName=acc;AccountKey=S0VZ'
const spec = { name: 'azure-queue-orders', target: 5, form: 'integer' } as const
const reading = (
  trigger: Record<string, string>,
  auth: Record<string, string> = { connection },
  identity: Record<string, string> = {},
): Values<typeof azureQueue.fields> =>
  read(
    'azure-queue',
    azureQueue.fields,
    { ...givenBy({ queueName: 'orders', ...trigger }, auth), identity },
    azureQueue.check,
  )

test('defaults follow KEDA', () => {
  const m = reading({})
  assert.deepEqual(
    azureQueue.specs(m, () => assert.fail('asks nothing')),
    [spec],
  )
  assert.deepEqual(azureQueue.query(m, spec), { queue: 'orders', strategy: 'all' })
  assert.equal(m.activationQueueLength, 0)
})

test('the connection may come from the container of the workload', () => {
  const given = {
    ...givenBy({ queueName: 'q', connectionFromEnv: 'STORAGE' }),
    env: { STORAGE: connection },
  }
  const m = read('azure-queue', azureQueue.fields, given, azureQueue.check)
  assert.equal(m.connection, connection)
})

test('activation is strictly greater', () => {
  const m = reading({ activationQueueLength: '10' })
  assert.deepEqual(azureQueue.conclude(10, m, undefined, spec), { value: 10, active: false })
  assert.deepEqual(azureQueue.conclude(11, m, undefined, spec), { value: 11, active: true })
})

describe('a trigger is refused', () => {
  const required =
    "connection is required without pod identity: set it in the TriggerAuthentication, or in the trigger's metadata, or name a variable of the container's environment in connectionFromEnv"
  const clouds =
    'AzurePublicCloud, AzureUSGovernmentCloud, AzureChinaCloud, AzureGermanCloud, AzureStackCloud, Private'
  const workload = { provider: 'azure-workload' }
  const rows: readonly (readonly [
    name: string,
    trigger: Record<string, string>,
    problem: string,
    auth?: Record<string, string>,
    identity?: Record<string, string>,
  ])[] = [
    [
      'with every problem at once',
      { queueName: '', queueLength: 'AA', queueLengthStrategy: 'all,visibleonly' },
      `queueName is required: set it in the trigger's metadata; queueLength must be a whole number, not "AA"; queueLengthStrategy must be one of all, visibleonly, not "all,visibleonly"; ${required}`,
      {},
    ],
    [
      'with a connection that is none',
      {},
      'connection is not a list of key=value parts separated by ";"',
      { connection: 'hunter2' },
    ],
    [
      'with an identity and no account',
      {},
      "accountName is required with pod identity: set it in the trigger's metadata",
      {},
      workload,
    ],
    [
      'with an account that would name another host',
      { accountName: 'evil.example/' },
      'accountName must be the name of a storage account, without dots and slashes',
      {},
      workload,
    ],
    [
      'with an identity that cannot read queues',
      {},
      'pod identity aws cannot read Azure queues; use azure-workload or connection',
      {},
      { provider: 'aws' },
    ],
    [
      'with an unknown cloud, even beside a connection',
      { cloud: 'Mars' },
      `cloud must be one of ${clouds}, not "Mars"`,
    ],
    [
      'with a private cloud and no suffix, even beside a connection',
      { cloud: 'PRIVATE' },
      "endpointSuffix is required with cloud Private: set it in the trigger's metadata",
    ],
  ]
  for (const [name, trigger, problem, auth, identity] of rows) {
    test(name, () =>
      assert.throws(
        () => reading(trigger, auth, identity),
        (error) => {
          assert.equal(reasonOf(error), `trigger azure-queue is misconfigured: ${problem}`)
          return true
        },
      ),
    )
  }
})

describe('the address under a pod identity', () => {
  const rows: readonly (readonly [trigger: Record<string, string>, expected: string])[] = [
    [{}, 'https://acc.queue.core.windows.net'],
    [{ cloud: 'azureusgovernment' }, 'https://acc.queue.core.usgovcloudapi.net'],
    [{ cloud: 'AzureChinaCloud' }, 'https://acc.queue.core.chinacloudapi.cn'],
    [
      { cloud: 'AzureGermanCloud', endpointSuffix: 'ignored' },
      'https://acc.queue.core.cloudapi.de',
    ],
    [{ cloud: 'Private', endpointSuffix: 'queue.my.cloud' }, 'https://acc.queue.my.cloud'],
  ]
  for (const [trigger, expected] of rows) {
    test(`${trigger['cloud'] ?? 'no cloud'} is ${expected}`, async () => {
      const m = reading({ accountName: 'acc', ...trigger }, {}, { provider: 'azure-workload' })
      const service = await openQueueService(connectionOf(azureQueue.fields, m), testHost())
      assert.equal(service.address, expected)
      await service.close()
    })
  }
})

describe('counting messages', () => {
  let azurite: Azurite
  before(async () => {
    azurite = await startAzurite()
    await azurite.create('few')
    await azurite.send('few', 9)
    await azurite.take('few', 4)
    await azurite.create('many')
    await azurite.send('many', 40)
    await azurite.take('many', 5)
    await azurite.create('none')
  })
  after(() => azurite.stop())

  const rows: readonly (readonly [
    name: string,
    queueName: string,
    strategy: string,
    expected: number,
  ])[] = [
    ['all counts what a consumer has taken', 'few', 'all', 9],
    ['visibleonly does not', 'few', 'visibleonly', 5],
    ['visibleonly counts all where one peek does not show the end', 'many', 'visibleonly', 40],
    ['an empty queue has 0', 'none', 'visibleonly', 0],
  ]
  for (const [name, queueName, queueLengthStrategy, expected] of rows) {
    test(name, async () => {
      const given = givenBy({ queueName, queueLengthStrategy, connection: azurite.connection })
      const { service, queries } = await openTrigger(azureQueue, given)
      assert.deepEqual(await askAll(azureQueue, service, queries), [
        { kind: 'value', value: expected },
      ])
      await service.close()
    })
  }

  test('works with a shared access signature', async () => {
    const { service, queries } = await openTrigger(
      azureQueue,
      givenBy({ queueName: 'few' }, { connection: azurite.signed }),
    )
    assert.deepEqual(await askAll(azureQueue, service, queries), [{ kind: 'value', value: 9 }])
    await service.close()
  })
})

describe('an answer without a count is an error, never 0', () => {
  const rows: readonly (readonly [
    name: string,
    strategy: string,
    headers: Record<string, string>,
    body: string,
  ])[] = [
    ['no count', 'all', {}, ''],
    ['a count that is no number', 'all', { 'x-ms-approximate-messages-count': 'x' }, ''],
    ['a negative count', 'all', { 'x-ms-approximate-messages-count': '-1' }, ''],
    [
      'a peek that is XML of something else',
      'visibleonly',
      { 'content-type': 'application/xml' },
      '<html/>',
    ],
    ['a peek that is empty', 'visibleonly', { 'content-type': 'application/xml' }, ''],
  ]
  for (const [name, queueLengthStrategy, headers, body] of rows) {
    test(name, async () => {
      const source = await startHttpSource(() => ({ headers, body }))
      const { service, queries } = await openTrigger(
        azureQueue,
        givenBy({
          queueName: 'q',
          queueLengthStrategy,
          connection: `${connection};QueueEndpoint=${source.url}/acc`,
        }),
      )
      const [answer] = await askAll(azureQueue, service, queries)
      assert.equal(answer?.kind === 'error' && answer.error.code, 'SOURCE_GARBLED')
      await service.close()
      await source.close()
    })
  }
})
