import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { httpListener } from '../../src/serve/http.ts'
import type { Check } from '../../src/serve/health.ts'
import type { Server } from '../../src/serve/server.ts'

function listener(checks: Record<string, Check> = {}): Server {
  return httpListener({
    health: { checks },
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' },
    page: async (app) => {
      app.get('/', (_request, reply) => reply.type('text/html').send('<p>page</p>'))
      app.get('/api/workloads', (_request, reply) => reply.send({ workloads: [] }))
    },
    onFault: () => undefined,
  })
}

const get = (app: Server, url: string, remoteAddress: string, host = 'localhost:8080') =>
  app.inject({ method: 'GET', url, remoteAddress, headers: { host } })

describe('the plain HTTP listener', () => {
  const shown = ['/', '/api/workloads', '/metrics']

  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    test(`shows the page, its API and metrics to ${address}`, async () => {
      for (const url of shown)
        assert.equal((await get(listener(), url, address)).statusCode, 200, url)
    })
  }

  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '127.0.0.6', '2001:db8::1']) {
    test(`shows them to nobody at ${address}, whatever the Host header says`, async () => {
      for (const url of [...shown, '/nowhere'])
        assert.equal((await get(listener(), url, address)).statusCode, 403, url)
    })
  }

  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '10.1.2.3:8080',
  ]) {
    test(`answers 403 on loopback to a request for the host "${host}"`, async () => {
      for (const url of shown)
        assert.equal((await get(listener(), url, '127.0.0.1', host)).statusCode, 403, url)
    })
  }

  test('tells health to everybody', async () => {
    for (const url of ['/healthz', '/livez', '/readyz']) {
      const answer = await get(listener(), url, '10.1.2.3', '10.9.9.9:8080')
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.body, 'ok')
    }
  })

  test('is not ready while a check fails, and says which', async () => {
    let why: string | undefined = 'ScaledObjects are not listed yet'
    const app = listener({ synced: () => why, certificates: () => undefined })
    const before = await get(app, '/readyz', '10.1.2.3')
    assert.equal(before.statusCode, 503)
    assert.match(
      before.body,
      /\[-\]synced failed: ScaledObjects are not listed yet\n\[\+\]certificates ok/,
    )
    assert.equal((await get(app, '/healthz', '10.1.2.3')).statusCode, 200)
    why = undefined
    assert.equal((await get(app, '/readyz', '10.1.2.3')).body, 'ok')
    assert.match((await get(app, '/readyz?verbose', '10.1.2.3')).body, /\[\+\]synced ok/)
  })

  test('changes nothing: no method but GET is answered', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
      const answer = await listener().inject({
        method,
        url: '/api/workloads',
        headers: { host: 'localhost' },
      })
      assert.equal(answer.statusCode, 405)
    }
  })
})
