import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Cluster } from '../../src/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import { connect, fakeApi, json, status, type Got } from './fake-api.ts'

const ref = { namespace: 'shop', name: 'app' }
const meta = { ...ref, uid: 'u1', resourceVersion: '7' }
const hpa = {
  metadata: meta,
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'app' }, maxReplicas: 3 },
}
const base = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers'
const scale = { metadata: meta, spec: { replicas: 3 }, status: { replicas: 1, selector: 'a=b' } }

interface Row {
  readonly name: string
  readonly ask: (cluster: Cluster, signal: AbortSignal) => Promise<unknown>
  readonly answer?: object
  readonly expected: Partial<Got> & { readonly type?: string }
}

const rows: readonly Row[] = [
  {
    name: 'list',
    ask: (c, signal) =>
      c.list(
        kinds.hpa,
        { namespace: 'shop', labelSelector: 'a in (b,c)', limit: 5, next: 'n' },
        signal,
      ),
    answer: { items: [], metadata: { resourceVersion: '1' } },
    expected: {
      method: 'GET',
      path: base,
      query: { labelSelector: 'a in (b,c)', limit: '5', continue: 'n' },
    },
  },
  {
    name: 'list of all namespaces',
    ask: (c, signal) => c.list(kinds.pod, {}, signal),
    answer: { items: null, metadata: { resourceVersion: '1' } },
    expected: { method: 'GET', path: '/api/v1/pods', query: {} },
  },
  {
    name: 'get',
    ask: (c, signal) => c.get(kinds.hpa, ref, signal),
    expected: { method: 'GET', path: `${base}/app`, query: {} },
  },
  {
    name: 'get of a kind without namespaces',
    ask: (c, signal) => c.get(kinds.apiService, { namespace: '', name: 'v1.x' }, signal),
    expected: { path: '/apis/apiregistration.k8s.io/v1/apiservices/v1.x' },
  },
  {
    name: 'create',
    ask: (c, signal) => c.create(kinds.hpa, hpa, signal),
    expected: {
      method: 'POST',
      path: base,
      query: { fieldManager: 'ebb' },
      type: 'application/json',
      body: { ...hpa, apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
    },
  },
  {
    name: 'replace',
    ask: (c, signal) => c.replace(kinds.hpa, hpa, signal),
    expected: {
      method: 'PUT',
      path: `${base}/app`,
      query: { fieldManager: 'ebb' },
      type: 'application/json',
    },
  },
  {
    name: 'patch',
    ask: (c, signal) => c.patch(kinds.hpa, ref, { spec: { minReplicas: null } }, {}, signal),
    expected: {
      method: 'PATCH',
      path: `${base}/app`,
      query: { fieldManager: 'ebb' },
      type: 'application/merge-patch+json',
      body: { spec: { minReplicas: null } },
    },
  },
  {
    name: 'patch of the status',
    ask: (c, signal) => c.patch(kinds.hpa, ref, {}, { subresource: 'status' }, signal),
    expected: { method: 'PATCH', path: `${base}/app/status`, type: 'application/merge-patch+json' },
  },
  {
    name: 'apply',
    ask: (c, signal) => c.apply(kinds.hpa, hpa, signal),
    expected: {
      method: 'PATCH',
      path: `${base}/app`,
      query: { fieldManager: 'ebb', force: 'true' },
      type: 'application/apply-patch+yaml',
      body: { ...hpa, apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
    },
  },
  {
    name: 'remove',
    ask: (c, signal) => c.remove(kinds.hpa, ref, { uid: 'u1' }, signal),
    expected: {
      method: 'DELETE',
      path: `${base}/app`,
      body: { propagationPolicy: 'Background', preconditions: { uid: 'u1' } },
    },
  },
  {
    name: 'remove, what it owns first',
    ask: (c, signal) => c.remove(kinds.hpa, ref, { uid: 'u1', foreground: true }, signal),
    expected: {
      method: 'DELETE',
      path: `${base}/app`,
      body: { propagationPolicy: 'Foreground', preconditions: { uid: 'u1' } },
    },
  },
  {
    name: 'readScale',
    ask: (c, signal) => c.readScale(kinds.deployment, ref, signal),
    answer: scale,
    expected: { method: 'GET', path: '/apis/apps/v1/namespaces/shop/deployments/app/scale' },
  },
  {
    name: 'writeScale',
    ask: (c, signal) => c.writeScale(kinds.deployment, scale, signal),
    answer: scale,
    expected: {
      method: 'PUT',
      path: '/apis/apps/v1/namespaces/shop/deployments/app/scale',
      body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: meta, spec: { replicas: 3 } },
    },
  },
  {
    name: 'a name that is no name stays in its place',
    ask: (c, signal) => c.get(kinds.pod, { namespace: '..', name: 'a/../b?x' }, signal),
    expected: { path: '/api/v1/namespaces/%2E%2E/pods/a%2F..%2Fb%3Fx', query: {} },
  },
]

void describe('what goes over the wire', () => {
  for (const { name, ask, answer = hpa, expected } of rows) {
    void test(name, async (t) => {
      const api = await fakeApi(t, json(answer))
      const cluster = await connect(t, api.url, { user: { token: 'secret' } })
      await ask(cluster, t.signal)
      const { headers, ...got } = await api.next()
      const { type, ...rest } = expected
      assert.partialDeepStrictEqual(got, rest)
      if (rest.query) assert.deepEqual({ ...got.query }, rest.query)
      assert.equal(headers.authorization, 'Bearer secret')
      assert.equal(headers.accept, 'application/json')
      if (type !== undefined) assert.equal(headers['content-type'], type)
    })
  }
})

void describe('what is not there', () => {
  const absent = (t: TestContext) =>
    fakeApi(t, status(404, 'NotFound', { name: 'app', kind: 'things' }))
  const nowhere = (t: TestContext) =>
    fakeApi(t, (_, r) => r.writeHead(404).end('404 page not found\n'))

  void test('an object is undefined, a kind is a failure', async (t) => {
    const one = await connect(t, (await absent(t)).url)
    assert.equal(await one.get(kinds.pod, ref, t.signal), undefined)
    assert.equal(await one.getAny(kinds.pod, ref, t.signal), undefined)
    const other = await connect(t, (await nowhere(t)).url)
    const expected = {
      code: 'CLUSTER_NOT_FOUND',
      message: 'the kind of pods shop/app does not exist',
    }
    await assert.rejects(other.get(kinds.pod, ref, t.signal), expected)
  })

  void test('removing an absent object is fine, one of an absent kind is not', async (t) => {
    const one = await connect(t, (await absent(t)).url)
    await one.remove(kinds.pod, ref, {}, t.signal)
    const other = await connect(t, (await nowhere(t)).url)
    await assert.rejects(other.remove(kinds.pod, ref, {}, t.signal), { code: 'CLUSTER_NOT_FOUND' })
  })

  void test('a target is undefined, a /scale that a kind does not have is CLUSTER_INVALID', async (t) => {
    const one = await connect(t, (await absent(t)).url)
    assert.equal(await one.readScale(kinds.deployment, ref, t.signal), undefined)
    const other = await connect(t, (await nowhere(t)).url)
    await assert.rejects(other.readScale(kinds.configMap, ref, t.signal), {
      code: 'CLUSTER_INVALID',
      message:
        'the API server refused reading the scale of configmaps shop/app: ConfigMap has no /scale',
    })
  })

  void test('zeros that the server leaves out of a scale are zeros', async (t) => {
    const api = await fakeApi(t, json({ metadata: meta }))
    const cluster = await connect(t, api.url)
    assert.deepEqual(await cluster.readScale(kinds.deployment, ref, t.signal), {
      metadata: meta,
      spec: { replicas: 0 },
      status: { replicas: 0, selector: undefined },
    })
  })

  void test('a scale is never written without the version it was read with', async (t) => {
    const api = await fakeApi(t, json(scale))
    const cluster = await connect(t, api.url)
    const bare = { ...scale, metadata: ref }
    await assert.rejects(cluster.writeScale(kinds.deployment, bare, t.signal), TypeError)
    assert.equal(api.got.length, 0)
  })
})
