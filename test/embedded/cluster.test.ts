import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import type { Definition } from '../../src/embedded/custom.ts'
import { seededRandom } from '../../src/embedded/identity.ts'
import { type Kind, kinds } from '../../src/kinds.ts'
import type { Resource } from '../../src/resources.ts'
import { autoscaler, configMap, scaledObject, workload } from '../contract/cluster/fixtures.ts'
import { manualClock } from '../support/clock.ts'
import { names, ref, stage } from './stage.ts'

const widgets: Kind<Resource> = {
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
}

const widget: Definition = {
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [
      {
        name: 'v1',
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.size.count',
            statusReplicasPath: '.status.count',
            labelSelectorPath: '.status.selector',
          },
        },
      },
    ],
  },
}

test('a custom kind scales through the paths of its definition', async (t) => {
  const { cluster, signal } = stage(t)
  assert.equal(await cluster.resolve('example.com/v1', 'Widget', signal), undefined)
  cluster.define(widget)
  const target = await cluster.resolve('example.com/v1', 'Widget', signal)
  assert.ok(target)
  const object = { metadata: ref('w'), spec: { size: { count: 2, colour: 'red' } } }
  await cluster.create(widgets, object, signal)
  const status = { count: 2, selector: 'app=w' }
  await cluster.patch(widgets, ref('w'), { status }, { subresource: 'status' }, signal)
  const scale = await cluster.readScale(target, ref('w'), signal)
  assert.ok(scale)
  assert.deepEqual(
    [scale.spec, scale.status],
    [{ replicas: 2 }, { replicas: 2, selector: 'app=w' }],
  )
  await cluster.writeScale(target, { ...scale, spec: { replicas: 5 } }, signal)
  const now = await cluster.getAny(target, ref('w'), signal)
  assert.partialDeepStrictEqual(now, { spec: { size: { count: 5, colour: 'red' } }, status })
  assert.equal(now?.metadata.generation, 2)
})

test('an HPA scales a custom kind', async (t) => {
  const { cluster, clock, signal } = stage(t, {
    definitions: [widget],
    readExternalMetric: async () => ['15'],
  })
  const object = { metadata: ref('w'), spec: { size: { count: 1 } } }
  await cluster.create(widgets, object, signal)
  const status = { count: 1, selector: 'app=w' }
  await cluster.patch(widgets, ref('w'), { status }, { subresource: 'status' }, signal)
  const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w' }
  await cluster.create(kinds.hpa, autoscaler('ns', 'h', { scaleTargetRef }), signal)
  await clock.advance(15_000)
  assert.equal((await cluster.readScale(widgets, ref('w'), signal))?.spec.replicas, 3)
})

test('a custom resource is replaced only with the version that was read', async (t) => {
  const { cluster, signal } = stage(t)
  await cluster.create(kinds.scaledObject, scaledObject('ns', 'so'), signal)
  await assert.rejects(cluster.replace(kinds.scaledObject, scaledObject('ns', 'so'), signal), {
    code: 'CLUSTER_INVALID',
  })
})

test('the text of a Secret is stored as data', async (t) => {
  const { cluster, signal } = stage(t)
  const object = { metadata: ref('s'), data: { a: 'b2xk' }, stringData: { b: 'new' } }
  const made = await cluster.create(kinds.secret, object, signal)
  assert.deepEqual(made.data, { a: 'b2xk', b: 'bmV3' })
  assert.equal(made.type, 'Opaque')
  assert.ok(!('stringData' in made))
})

test('kinds without a spec have no generation', async (t) => {
  const { cluster, signal } = stage(t)
  await cluster.create(kinds.configMap, configMap('ns', 'a'), signal)
  const now = await cluster.patch(kinds.configMap, ref('a'), { data: { a: '1' } }, {}, signal)
  assert.equal(now.metadata.generation, undefined)
})

test('a name can be left to the server', async (t) => {
  const { cluster, signal } = stage(t)
  const make = () => {
    const metadata = { namespace: 'ns', name: '', generateName: 'job-' }
    return cluster.create(kinds.configMap, { metadata }, signal)
  }
  const made = [await make(), await make()]
  for (const name of names(made)) assert.match(name, /^job-[a-z0-9]{5}$/)
  assert.equal(new Set(names(made)).size, 2)
})

test('an object under another kind, or not fully named, is refused', async (t) => {
  const { cluster, signal } = stage(t)
  const bad: readonly Resource[] = [
    { kind: 'Secret', metadata: ref('a') },
    { apiVersion: 'v2', metadata: ref('a') },
    { metadata: { name: 'a' } },
    { metadata: { namespace: 'ns', name: '' } },
    { metadata: { ...ref('a'), labels: { a: 'not a label' } } },
  ]
  for (const object of bad)
    await assert.rejects(cluster.create(kinds.configMap, object, signal), {
      code: 'CLUSTER_INVALID',
    })
})

test('the server alone sets what it counts and names', async (t) => {
  const { cluster, signal } = stage(t)
  const forged = {
    uid: 'x',
    generation: 7,
    creationTimestamp: '2000-01-01T00:00:00Z',
    deletionTimestamp: '2000-01-01T00:00:00Z',
  }
  const made = await cluster.create(
    kinds.configMap,
    { metadata: { ...ref('a'), ...forged } },
    signal,
  )
  for (const [key, value] of Object.entries(forged))
    assert.notEqual(Reflect.get(made.metadata, key), value, key)
})

test('reviews are answered by the policy and not kept', async (t) => {
  const { cluster, signal } = stage(t, {
    policy: {
      authenticate: (token) => (token === 'good' ? { username: 'ada' } : undefined),
      authorize: ({ user }) => user === 'ada',
    },
  })
  const review = (token: string) =>
    cluster.create(kinds.tokenReview, { metadata: { name: '' }, spec: { token } }, signal)
  assert.deepEqual((await review('good')).status, {
    authenticated: true,
    user: { username: 'ada' },
  })
  assert.notEqual((await review('bad')).status?.authenticated, true)
  const access = (user: string) =>
    cluster.create(kinds.subjectAccessReview, { metadata: { name: '' }, spec: { user } }, signal)
  assert.equal((await access('ada')).status?.allowed, true)
  assert.equal((await access('bob')).status?.allowed, false)
  assert.deepEqual((await cluster.list(kinds.tokenReview, {}, signal)).items, [])
})

/** Everything that happens to any object while a script runs, as one log. */
async function logOf(t: TestContext, seed: number): Promise<readonly string[]> {
  const clock = manualClock()
  let backlog = 30
  const cluster = createEmbedded({
    clock,
    random: seededRandom(seed),
    readExternalMetric: async () => [String(backlog)],
    program: async (_, signal) => {
      backlog = Math.max(0, backlog - 5)
      await clock.sleep(3_600_000, signal).catch(() => undefined)
    },
  })
  const log: string[] = []
  const follow = async (kind: Kind<Resource>): Promise<void> => {
    for await (const event of cluster.watch(kind, { resourceVersion: '1' }, t.signal))
      log.push(`${clock.now()} ${JSON.stringify(event)}`)
  }
  const following = [kinds.deployment, kinds.pod, kinds.hpa, kinds.configMap].map(follow)
  await cluster.create(kinds.deployment, workload('Deployment', 'ns', 'app', 1), t.signal)
  await cluster.create(kinds.hpa, autoscaler('ns', 'h'), t.signal)
  await cluster.create(kinds.configMap, configMap('ns', 'a'), t.signal)
  await clock.advance(120_000)
  await cluster.remove(kinds.deployment, ref('app'), {}, t.signal)
  await clock.advance(60_000)
  await cluster.close()
  await Promise.all(following)
  return log
}

test('the same script with the same seed gives the same log, another seed other names', async (t) => {
  const [once, again, other] = [await logOf(t, 1), await logOf(t, 1), await logOf(t, 2)]
  assert.ok(once.length > 30)
  assert.deepEqual(again, once)
  assert.notDeepEqual(other, once)
  assert.equal(other.length, once.length)
})
