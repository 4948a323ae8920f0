import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import { request } from '../src/request.ts'

async function served(
  listener: RequestListener,
  options: Pool.Options = {},
): Promise<AsyncDisposable & { readonly pool: Pool }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options)
  return {
    pool,
    async [Symbol.asyncDispose]() {
      await pool.destroy()
      server.close()
    },
  }
}

const get = { path: '/', method: 'GET' } as const
const never = new AbortController().signal

const answers: Readonly<Record<string, { said: readonly (string | Buffer)[]; text: string }>> = {
  'nothing at all': { said: [], text: '' },
  'one piece': { said: ['{"a":1}'], text: '{"a":1}' },
  'many pieces': { said: ['{"a"', ':', '1}'], text: '{"a":1}' },
  'a letter cut in two': {
    said: [Buffer.from([0xc3]), Buffer.from([0xa9])],
    text: 'é',
  },
  'a byte order mark': { said: ['\uFEFF{}'], text: '{}' },
}

for (const [name, { said, text }] of Object.entries(answers)) {
  test(`the whole text of an answer: ${name}`, async () => {
    await using s = await served((_, response) => {
      response.writeHead(418, { 'X-Kept': 'yes' })
      const send = async (): Promise<void> => {
        for (const piece of said) {
          response.write(piece)
          await delay(5)
        }
        response.end()
      }
      void send()
    })
    const answer = await request(s.pool, get, never)
    assert.equal(answer.status, 418)
    assert.equal(answer.headers['x-kept'], 'yes')
    assert.equal(answer.text, text)
  })
}

test('interim answers are passed over', async () => {
  await using s = await served((_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
    response.writeHead(201).end('done')
  })
  const { status, text } = await request(s.pool, get, never)
  assert.deepEqual([status, text], [201, 'done'])
})

test('an answer above the limit of the connections is refused', async () => {
  await using s = await served((_, response) => response.end('x'.repeat(2_000)), {
    maxResponseSize: 1_000,
  })
  await assert.rejects(request(s.pool, get, never), { code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' })
})

test('a connection that breaks in the middle of an answer is an error, never half an answer', async () => {
  await using s = await served((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setTimeout(() => response.destroy(), 5)
  })
  await assert.rejects(request(s.pool, get, never), { code: 'UND_ERR_SOCKET' })
})

test('rejects with the reason as soon as the signal aborts: before, while it waits for a connection, while the answer comes', async () => {
  await using s = await served((_, response) => void response.writeHead(200).write('first'), {
    connections: 1,
  })
  const why = new Error('enough')
  await assert.rejects(request(s.pool, get, AbortSignal.abort(why)), why)
  const first = new AbortController()
  const answering = request(s.pool, get, first.signal)
  const second = new AbortController()
  const waiting = request(s.pool, get, second.signal)
  await once(s.pool, 'connect')
  second.abort(why)
  await assert.rejects(waiting, why)
  first.abort(why)
  await assert.rejects(answering, why)
})

test('listens to the signal no longer than the exchange lasts', async () => {
  await using s = await served((_, response) => response.end('done'))
  const { signal } = new AbortController()
  await request(s.pool, get, signal)
  await s.pool.destroy()
  await assert.rejects(request(s.pool, get, signal), { code: 'UND_ERR_DESTROYED' })
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})
