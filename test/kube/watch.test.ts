import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import type { WatchEvent } from '../../src/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import type { Resource } from '../../src/resources.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'
import { connect, fakeApi, status, type FakeApi } from './fake-api.ts'

const pod = (name: string, resourceVersion: string): object => ({
  metadata: { name, resourceVersion },
})
const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`

interface Watched {
  readonly api: FakeApi
  readonly events: AsyncIterator<WatchEvent<Resource>>
  readonly clock: ManualClock
  readonly abort: (reason: Error) => void
  /** What the server writes to. */
  readonly open: Promise<ServerResponse>
}

async function watching(t: TestContext): Promise<Watched> {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>()
  const api = await fakeApi(t, (_, response) => {
    response.writeHead(200).flushHeaders()
    resolve(response)
  })
  const clock = manualClock()
  const cluster = await connect(t, api.url, {}, clock)
  const own = new AbortController()
  const where = { namespace: 'shop', labelSelector: 'a=b', resourceVersion: '7' }
  const events = cluster.watch(kinds.pod, where, own.signal)[Symbol.asyncIterator]()
  return { api, events, clock, abort: (reason) => own.abort(reason), open: promise }
}

async function rest(
  events: AsyncIterator<WatchEvent<Resource>>,
): Promise<readonly WatchEvent<Resource>[]> {
  const all: WatchEvent<Resource>[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done === true) return all
    all.push(value)
  }
}

void describe('a watch', () => {
  void test('asks for bookmarks and for an end within five to ten minutes', async (t) => {
    const w = await watching(t)
    await w.events.next()
    const { path, query } = await w.api.next()
    assert.equal(path, '/api/v1/namespaces/shop/pods')
    assert.deepEqual(
      { ...query },
      {
        labelSelector: 'a=b',
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: '7',
        timeoutSeconds: '450',
      },
    )
    w.abort(new Error('over'))
  })

  void test('opens with a bookmark of its start and ends when the server ends it', async (t) => {
    const w = await watching(t)
    assert.deepEqual((await w.events.next()).value, { type: 'BOOKMARK', resourceVersion: '7' })
    const response = await w.open
    response.write(line('ADDED', pod('a', '8')))
    assert.deepEqual((await w.events.next()).value, { type: 'ADDED', object: pod('a', '8') })
    response.write(line('BOOKMARK', { metadata: { resourceVersion: '9' } }))
    assert.deepEqual((await w.events.next()).value, { type: 'BOOKMARK', resourceVersion: '9' })
    response.end(line('DELETED', pod('a', '10')))
    assert.deepEqual(await rest(w.events), [{ type: 'DELETED', object: pod('a', '10') }])
  })

  void test('reads the same events however the stream is cut into pieces', async (t) => {
    const names = ['a', 'ü€𝄞', 'a\nb', '']
    const bytes = Buffer.from(names.map((name) => line('ADDED', pod(name, '8'))).join(''))
    const pieces: Buffer[][] = []
    const api = await fakeApi(t, (_, response) => {
      void write(response, pieces.pop() ?? [])
    })
    const cluster = await connect(t, api.url)
    const read = async (cuts: readonly number[]): Promise<void> => {
      const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]
      pieces.push(at.slice(1).map((end, i) => bytes.subarray(at[i], end)))
      const events = cluster.watch(kinds.pod, { resourceVersion: '7' }, t.signal)
      const seen = (await rest(events[Symbol.asyncIterator]())).slice(1)
      assert.deepEqual(
        seen,
        names.map((name) => ({ type: 'ADDED', object: pod(name, '8') })),
      )
    }
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(), { maxLength: 6 }), read), { numRuns: 40 })
  })

  void test('lets go of its connection when nobody wants more events', async (t) => {
    const w = await watching(t)
    await w.events.next()
    const response = await w.open
    const closed = new Promise((resolve) => response.on('close', resolve))
    await w.events.return?.()
    await closed
  })

  void test('throws the reason of its signal when that aborts', async (t) => {
    const w = await watching(t)
    await w.events.next()
    const ended = assert.rejects(rest(w.events), { message: 'enough' })
    w.abort(new Error('enough'))
    await ended
  })
})

void describe('a watch that goes wrong', () => {
  const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
  const rows = [
    ['an ERROR event with 410', line('ERROR', gone), 'CLUSTER_GONE'],
    ['an ERROR event with 500', line('ERROR', { ...gone, code: 500 }), 'CLUSTER_FAILED'],
    ['an ERROR event without a Status', line('ERROR', {}), 'CLUSTER_FAILED'],
    ['a line that is not JSON', 'garbage\n', 'CLUSTER_FAILED'],
    ['a line that is no event', 'null\n', 'CLUSTER_FAILED'],
    ['an event without an object', '{"type":"ADDED"}\n', 'CLUSTER_FAILED'],
    ['an event of an unknown type', line('ODD', pod('a', '8')), 'CLUSTER_FAILED'],
    ['an end in the middle of a line', '{"type":"ADD', 'CLUSTER_UNREACHABLE'],
  ] as const
  for (const [name, text, code] of rows) {
    void test(`${name} is ${code}, after the events before it`, async (t) => {
      const w = await watching(t)
      await w.events.next()
      const response = await w.open
      response.end(line('ADDED', pod('a', '8')) + text)
      assert.deepEqual((await w.events.next()).value, { type: 'ADDED', object: pod('a', '8') })
      await assert.rejects(rest(w.events), { code })
    })
  }

  void test('a connection that is cut is CLUSTER_UNREACHABLE', async (t) => {
    const w = await watching(t)
    await w.events.next()
    const response = await w.open
    const ended = assert.rejects(rest(w.events), { code: 'CLUSTER_UNREACHABLE' })
    response.socket?.destroy()
    await ended
  })

  for (const [code, reason, expected] of [
    [410, 'Expired', 'CLUSTER_GONE'],
    [403, 'Forbidden', 'CLUSTER_FORBIDDEN'],
    [429, 'TooManyRequests', 'CLUSTER_THROTTLED'],
    [404, 'NotFound', 'CLUSTER_NOT_FOUND'],
  ] as const) {
    void test(`an answer ${code} is ${expected}`, async (t) => {
      const api = await fakeApi(t, status(code, reason))
      const cluster = await connect(t, api.url)
      const events = cluster.watch(kinds.pod, { resourceVersion: '7' }, t.signal)
      await assert.rejects(rest(events[Symbol.asyncIterator]()), { code: expected })
    })
  }

  void test('one that the server does not open is left after 30 s', async (t) => {
    const api = await fakeApi(t, () => undefined)
    const clock = manualClock()
    const cluster = await connect(t, api.url, {}, clock)
    const events = cluster.watch(kinds.pod, { resourceVersion: '7' }, t.signal)
    const ended = assert.rejects(rest(events[Symbol.asyncIterator]()), {
      code: 'CLUSTER_UNREACHABLE',
    })
    await api.next()
    await clock.advance(30_000)
    await ended
  })

  void test('one that outlives its time is left', async (t) => {
    const w = await watching(t)
    await w.events.next()
    const ended = assert.rejects(rest(w.events), { code: 'CLUSTER_UNREACHABLE' })
    await w.clock.advance(450_000)
    await w.clock.advance(30_000)
    await ended
  })
})

async function write(response: ServerResponse, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    response.write(piece)
    await turn()
  }
  response.end()
}
