import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createProxy } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { azureQueue } from '../../../scalers/azure-queue/index.ts'
import { openQueueService } from '../../../scalers/azure-queue/client.ts'
import { connectionOf, read } from '../../../src/metadata/schema.ts'
import type { TokenRequest } from '../../../src/scaler.ts'
import { issue } from '../../serve/pki.ts'
import { givenBy } from '../../contract/scaler.ts'
import { testHost } from '../../support/host.ts'

test('a federated identity asks with a bearer token, over the proxy and trusting the given authority', async () => {
  const authority = await issue('CN=authority', { ca: true })
  const own = await issue('CN=queue', { issuer: authority, hosts: ['acc.queue.my.cloud'] })
  const seen: (string | undefined)[] = []
  const server = createServer({ cert: own.chain, key: own.key }, (request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(200, { 'x-ms-approximate-messages-count': '12' }).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // The only way to an address of the cloud here: a proxy that takes it to the server above.
  const proxy = createProxy().on('connect', (request, socket) => {
    assert.equal(request.url, 'acc.queue.my.cloud:443')
    const { port } = server.address() as AddressInfo
    const onward = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    onward.pipe(socket).pipe(onward)
    for (const end of [onward, socket]) end.on('error', () => {})
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  process.env['https_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  delete process.env['no_proxy']
  delete process.env['NO_PROXY']

  const asked: TokenRequest[] = []
  const host = testHost({
    trust: [authority.cert],
    token: async (request) => {
      asked.push(request)
      return `token-${asked.length}`
    },
  })
  const given = {
    ...givenBy({
      queueName: 'q',
      accountName: 'acc',
      cloud: 'Private',
      endpointSuffix: 'queue.my.cloud',
    }),
    identity: { provider: 'azure-workload', identityId: 'id', identityTenantId: 'tenant' },
  }
  const m = read('azure-queue', azureQueue.fields, given, azureQueue.check)
  const service = await openQueueService(connectionOf(azureQueue.fields, m), host)
  try {
    const query = { queue: 'q', strategy: 'all' } as const
    const answer = await service.length(query, AbortSignal.timeout(10_000))
    assert.deepEqual(answer, { kind: 'value', value: 12 })
    assert.deepEqual(asked[0], {
      scope: 'https://storage.azure.com/.default',
      clientId: 'id',
      tenantId: 'tenant',
      authorityHost: undefined,
    })
    assert.equal(seen.at(-1), `Bearer token-${asked.length}`)
  } finally {
    await service.close()
    for (const each of [server, proxy]) {
      each.closeAllConnections()
      each.close()
    }
  }
})
