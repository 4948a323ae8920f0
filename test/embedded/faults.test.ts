import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { configMap, workload } from '../contract/cluster/fixtures.ts'
import { all, ref, stage } from './stage.ts'

const away = failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'a test says so' })

test('a fault before a call keeps it from happening', async (t) => {
  const { cluster, signal } = stage(t)
  cluster.setFaults({
    before: () => {
      throw away
    },
  })
  const make = () => cluster.create(kinds.configMap, configMap('ns', 'a'), signal)
  await assert.rejects(make(), away)
  await assert.rejects(all(cluster.watch(kinds.configMap, { resourceVersion: '1' }, signal)), away)
  cluster.setFaults({})
  assert.equal(await cluster.get(kinds.configMap, ref('a'), signal), undefined)
})

test('a fault after a call loses its answer alone', async (t) => {
  const { cluster, signal } = stage(t)
  cluster.setFaults({
    after: () => {
      throw away
    },
  })
  await assert.rejects(cluster.create(kinds.configMap, configMap('ns', 'a'), signal), away)
  cluster.setFaults({})
  assert.ok(await cluster.get(kinds.configMap, ref('a'), signal))
})

test('a delayed call sees the cluster as it is when the delay is over, and ends with its signal', async (t) => {
  const { cluster, clock, signal } = stage(t)
  cluster.setFaults({
    before: ({ verb }, s) => (verb === 'get' ? clock.sleep(1_000, s) : undefined),
  })
  const slow = cluster.get(kinds.configMap, ref('a'), signal)
  const own = new AbortController()
  const given = cluster.get(kinds.configMap, ref('a'), own.signal)
  own.abort(new Error('enough'))
  await assert.rejects(given, { message: 'enough' })
  await cluster.create(kinds.configMap, configMap('ns', 'a'), signal)
  await clock.advance(1_000)
  assert.ok(await slow)
})

test('every call of the port is told by what it does and to what', async (t) => {
  const { cluster, signal } = stage(t)
  const calls: string[] = []
  cluster.setFaults({
    before: (call) => {
      const { verb, resource, namespace, name, subresource } = call
      calls.push([verb, resource, namespace, name, subresource].join(' ').trim())
    },
  })
  const app = ref('app')
  await cluster.create(kinds.deployment, workload('Deployment', 'ns', 'app', 0), signal)
  await cluster.patch(kinds.deployment, app, { status: {} }, { subresource: 'status' }, signal)
  const target = await cluster.resolve('apps/v1', 'Deployment', signal)
  assert.ok(target)
  await cluster.getAny(target, app, signal)
  const scale = await cluster.readScale(target, app, signal)
  assert.ok(scale)
  await cluster.writeScale(target, scale, signal)
  await cluster.list(kinds.pod, { namespace: 'ns' }, signal)
  await cluster.remove(kinds.deployment, app, {}, signal)
  assert.deepEqual(calls, [
    'create deployments ns app',
    'patch deployments ns app status',
    'resolve Deployment',
    'getAny deployments ns app',
    'readScale deployments ns app scale',
    'writeScale deployments ns app scale',
    'list pods ns',
    'remove deployments ns app',
  ])
})

test('the controllers of the cluster are not subject to faults', async (t) => {
  const { cluster, clock, deploy, pods } = stage(t)
  await deploy('Deployment', 2)
  cluster.setFaults({
    before: () => {
      throw away
    },
  })
  await clock.advance(5_000)
  assert.equal(pods().length, 2)
})

test('a closed cluster ends its watches and refuses calls', async (t) => {
  const { cluster, clock, signal } = stage(t)
  const watch = all(cluster.watch(kinds.pod, { resourceVersion: '1' }, signal))
  await clock.advance(0)
  await cluster.close()
  assert.equal((await watch).length, 1)
  await assert.rejects(cluster.list(kinds.pod, {}, signal), { code: 'CLUSTER_UNREACHABLE' })
})
