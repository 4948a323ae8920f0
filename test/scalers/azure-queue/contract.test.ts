import { after, before } from 'node:test'
import { azureQueue } from '../../../scalers/azure-queue/index.ts'
import { givenBy, scalerContract } from '../../contract/scaler.ts'
import { faultContract } from '../../contract/scaler-faults.ts'
import { type Azurite, freePort, startAzurite } from '../../support/azurite.ts'

let azurite: Azurite
before(async () => {
  azurite = await startAzurite()
  await azurite.create('orders')
  await azurite.send('orders', 7)
  await azurite.create('mails')
  await azurite.send('mails', 3)
})
after(() => azurite.stop())

const trigger = (connection: string, queueName = 'orders') => givenBy({ queueName }, { connection })

scalerContract('azure-queue on a real queue service', azureQueue, async () => {
  const nobody = azurite.connection.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${await freePort()}`)
  return {
    good: { given: trigger(azurite.connection), value: 7 },
    other: { given: trigger(azurite.connection, 'mails'), value: 3 },
    bad: { given: trigger(azurite.connection, 'missing'), code: 'SOURCE_NOT_FOUND' },
    strangers: trigger(azurite.strangers),
    nobody: trigger(nobody),
    connections: () => undefined,
    close: async () => {},
  }
})

const key = Buffer.from('a key that nobody may see').toString('base64')
for (const queueLengthStrategy of ['all', 'visibleonly']) {
  faultContract(`azure-queue (${queueLengthStrategy}) on a queue service that fails`, azureQueue, {
    answer: (request) =>
      request.url?.includes('/messages')
        ? { headers: { 'content-type': 'application/xml' }, body: '<QueueMessagesList/>' }
        : { headers: { 'x-ms-approximate-messages-count': '0' } },
    trigger: ({ url }) => ({
      given: givenBy(
        { queueName: 'orders', queueLengthStrategy },
        { connection: `AccountName=a;AccountKey=${key};QueueEndpoint=${url}/a` },
      ),
      value: 0,
    }),
  })
}
