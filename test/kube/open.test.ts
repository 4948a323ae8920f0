import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import type { Code } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { authority } from '../control-plane/pki.ts'
import { manualClock } from '../support/clock.ts'
import { connect, fakeApi, folder, json, status, type Tls } from './fake-api.ts'

const ref = { namespace: 'shop', name: 'app' }
const object = { metadata: { ...ref, resourceVersion: '7' } }

void describe('failures of requests', () => {
  const rows: readonly [code: number, reason: string, expected: Code, retry: boolean][] = [
    [400, 'BadRequest', 'CLUSTER_INVALID', false],
    [401, 'Unauthorized', 'CLUSTER_FORBIDDEN', false],
    [403, 'Forbidden', 'CLUSTER_FORBIDDEN', false],
    [404, 'NotFound', 'CLUSTER_NOT_FOUND', false],
    [409, 'Conflict', 'CLUSTER_CONFLICT', true],
    [409, 'AlreadyExists', 'CLUSTER_EXISTS', false],
    [410, 'Expired', 'CLUSTER_GONE', true],
    [422, 'Invalid', 'CLUSTER_INVALID', false],
    [429, 'TooManyRequests', 'CLUSTER_THROTTLED', true],
    [500, 'InternalError', 'CLUSTER_FAILED', true],
    [503, 'ServiceUnavailable', 'CLUSTER_FAILED', true],
    [504, 'Timeout', 'CLUSTER_FAILED', true],
  ]
  for (const [code, reason, expected, retry] of rows) {
    void test(`${code} ${reason} is ${expected}, and is not tried again`, async (t) => {
      const api = await fakeApi(t, status(code, reason))
      const cluster = await connect(t, api.url)
      await assert.rejects(cluster.create(kinds.configMap, object, t.signal), {
        code: expected,
        retry,
      })
      assert.equal(api.got.length, 1)
    })
  }

  void test('they name the object and what the server said', async (t) => {
    const api = await fakeApi(t, status(403, 'Forbidden'))
    const cluster = await connect(t, api.url)
    await assert.rejects(cluster.patch(kinds.deployment, ref, {}, {}, t.signal), {
      message: 'not allowed: patching deployments.apps shop/app (Forbidden, it says)',
    })
  })

  void test('a page of a proxy in place of a Status is told in its first line', async (t) => {
    const api = await fakeApi(t, (_, r) => r.writeHead(502).end('bad gateway\n<html>…'))
    const cluster = await connect(t, api.url)
    await assert.rejects(cluster.get(kinds.pod, ref, t.signal), {
      code: 'CLUSTER_FAILED',
      message: 'getting pods shop/app failed: bad gateway',
    })
  })

  for (const text of ['<html>login</html>', '{"kind":"Pod","met']) {
    void test(`a good answer that is no JSON (${text}) is CLUSTER_FAILED`, async (t) => {
      const api = await fakeApi(t, (_, r) => r.end(text))
      const cluster = await connect(t, api.url)
      await assert.rejects(cluster.get(kinds.pod, ref, t.signal), {
        code: 'CLUSTER_FAILED',
        message: 'getting pods shop/app failed: the answer is not JSON',
      })
    })
  }

  void test('an answer that is no list, or no scale, is CLUSTER_FAILED', async (t) => {
    const api = await fakeApi(t, json({ kind: 'Pod' }))
    const cluster = await connect(t, api.url)
    await assert.rejects(cluster.list(kinds.pod, {}, t.signal), { code: 'CLUSTER_FAILED' })
    const scale = cluster.readScale(kinds.deployment, ref, t.signal)
    await assert.rejects(scale, { code: 'CLUSTER_FAILED' })
    await assert.rejects(cluster.resolve('v1', 'Pod', t.signal), { code: 'CLUSTER_FAILED' })
  })

  void test('a list of what is measured, and not stored, has no version', async (t) => {
    const item = { metadata: { name: 'app', namespace: 'shop' }, timestamp: '2026-01-01T00:00:00Z' }
    const answer = { kind: 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {} }
    const api = await fakeApi(t, json({ ...answer, items: [item] }))
    const cluster = await connect(t, api.url)
    const where = { namespace: 'shop', labelSelector: 'app=web' }
    const page = await cluster.list(kinds.podMetrics, where, t.signal)
    assert.deepEqual(page, { items: [item], resourceVersion: '', next: undefined })
  })
})

void describe('a server that does not answer', () => {
  void test('is CLUSTER_UNREACHABLE when nobody listens', async (t) => {
    const api = await fakeApi(t, json({}))
    const cluster = await connect(t, api.url)
    await api.close()
    await assert.rejects(cluster.get(kinds.pod, ref, t.signal), (error: Error) => {
      assert.match(error.message, /^cannot reach .* at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/)
      return 'code' in error && error.code === 'CLUSTER_UNREACHABLE'
    })
  })

  for (const part of ['before its headers', 'in the middle of its body']) {
    void test(`is left after 30 s when it hangs ${part}`, async (t) => {
      const api = await fakeApi(t, (_, r) => {
        if (part.includes('body')) r.write('{"kind":')
      })
      const clock = manualClock()
      const cluster = await connect(t, api.url, {}, clock)
      const reading = assert.rejects(cluster.get(kinds.pod, ref, t.signal), {
        code: 'CLUSTER_UNREACHABLE',
        message: `cannot reach the Kubernetes API server at ${api.url}: no answer within 30 s`,
      })
      await api.next()
      await clock.advance(30_000)
      await reading
    })
  }

  void test('is left as soon as the signal aborts, with its reason', async (t) => {
    const api = await fakeApi(t, () => undefined)
    const cluster = await connect(t, api.url)
    const own = new AbortController()
    const reading = assert.rejects(cluster.get(kinds.pod, ref, own.signal), { message: 'enough' })
    await api.next()
    own.abort(new Error('enough'))
    await reading
    await assert.rejects(cluster.get(kinds.pod, ref, own.signal), { message: 'enough' })
    assert.equal(api.got.length, 1)
  })

  void test('is CLUSTER_UNREACHABLE when it cuts the connection', async (t) => {
    const api = await fakeApi(t, (_, r) => r.socket?.destroy())
    const cluster = await connect(t, api.url)
    await assert.rejects(cluster.get(kinds.pod, ref, t.signal), { code: 'CLUSTER_UNREACHABLE' })
    assert.equal(api.got.length, 1)
  })

  void test('is CLUSTER_UNREACHABLE when what listens speaks no HTTP', async (t) => {
    const server = createServer((socket) => socket.end('220 mail ready\r\n')).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address)
    const cluster = await connect(t, `http://127.0.0.1:${address.port}`)
    await assert.rejects(cluster.get(kinds.pod, ref, t.signal), { code: 'CLUSTER_UNREACHABLE' })
  })
})

void describe('connections', () => {
  void test('are kept and used again', async (t) => {
    const api = await fakeApi(t, json(object))
    const cluster = await connect(t, api.url)
    for (let i = 0; i < 20; i++) await cluster.get(kinds.pod, ref, t.signal)
    // The pool may open a second one before it knows that the first is free.
    assert.ok(api.connections() <= 2, String(api.connections()))
  })

  void test('are as many as there are requests under way, up to 32', async (t) => {
    const api = await fakeApi(t, json(object))
    const cluster = await connect(t, api.url)
    await Promise.all(Array.from({ length: 100 }, () => cluster.get(kinds.pod, ref, t.signal)))
    assert.ok(api.connections() > 1 && api.connections() <= 32, String(api.connections()))
  })

  void test('keep the path that the server is under', async (t) => {
    const api = await fakeApi(t, json(object))
    const cluster = await connect(t, `${api.url}/k8s/clusters/c1/`)
    await cluster.get(kinds.pod, ref, t.signal)
    assert.equal((await api.next()).path, '/k8s/clusters/c1/api/v1/namespaces/shop/pods/app')
    assert.equal(cluster.server, `${api.url}/k8s/clusters/c1`)
  })

  void test('trust the authority of the kubeconfig and show its certificate', async (t) => {
    const dir = await folder(t)
    const ca = await authority(dir, 'ca')
    const server = await ca.issue('server', [], ['127.0.0.1'])
    const client = await ca.issue('somebody')
    const api = await fakeApi(t, json(object), await pems({ ...server, ca: ca.cert }))
    const cluster = { 'certificate-authority': ca.cert }
    const user = { 'client-certificate': client.cert, 'client-key': client.key }
    const known = await connect(t, api.url, { cluster, user })
    assert.ok(await known.get(kinds.pod, ref, t.signal))
    const unknown = await connect(t, api.url, { cluster })
    await assert.rejects(unknown.get(kinds.pod, ref, t.signal), { code: 'CLUSTER_UNREACHABLE' })
  })

  void test('do not trust a server of another authority', async (t) => {
    const dir = await folder(t)
    const [ours, theirs] = [await authority(dir, 'ours'), await authority(dir, 'theirs')]
    const server = await theirs.issue('server', [], ['127.0.0.1'])
    const api = await fakeApi(t, json(object), await pems({ ...server, ca: undefined }))
    const data = Buffer.from(await readFile(ours.cert)).toString('base64')
    const cluster = { 'certificate-authority-data': data }
    const kube = await connect(t, api.url, { cluster })
    await assert.rejects(kube.get(kinds.pod, ref, t.signal), (error: Error) => {
      assert.match(error.message, /certificate/)
      return 'code' in error && error.code === 'CLUSTER_UNREACHABLE'
    })
    assert.equal(api.got.length, 0)
  })
})

/** The contents of the files that these are the paths of. */
async function pems(paths: {
  readonly key: string
  readonly cert: string
  readonly ca: string | undefined
}): Promise<Tls> {
  const [key, cert] = await Promise.all([readFile(paths.key, 'utf8'), readFile(paths.cert, 'utf8')])
  return { key, cert, ...(paths.ca && { ca: await readFile(paths.ca, 'utf8') }) }
}
