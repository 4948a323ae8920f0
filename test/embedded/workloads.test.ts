import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { isReady, names, ref, stage } from './stage.ts'

test('a Deployment gets its pods, which are ready after podStart, and its status follows', async (t) => {
  const { cluster, clock, signal, deploy, pods } = stage(t, { podStart: 2_000 })
  const status = async () => (await cluster.get(kinds.deployment, ref('app'), signal))?.status
  await deploy('Deployment', 3)
  await clock.advance(1_999)
  assert.equal(pods().length, 3)
  assert.deepEqual(pods().filter(isReady), [])
  assert.partialDeepStrictEqual(await status(), { replicas: 3, observedGeneration: 1 })
  assert.equal((await status())?.readyReplicas, undefined)
  await clock.advance(1)
  assert.equal(pods().filter(isReady).length, 3)
  assert.partialDeepStrictEqual(await status(), { replicas: 3, readyReplicas: 3 })
})

test('the pods of a Deployment are its own, carry its labels and have names of their own', async (t) => {
  const { clock, deploy, pods } = stage(t)
  const { metadata } = await deploy('Deployment', 50)
  await clock.advance(0)
  assert.equal(new Set(names(pods())).size, 50)
  for (const pod of pods()) {
    assert.match(pod.metadata.name, /^app-[a-z0-9]{5}$/)
    assert.partialDeepStrictEqual(pod.metadata.ownerReferences, [
      { uid: metadata.uid, controller: true },
    ])
  }
})

test('scaling a Deployment to zero leaves no pod, and its status says so at once', async (t) => {
  const { cluster, clock, signal, deploy, scale, pods } = stage(t)
  await deploy('Deployment', 2)
  await clock.advance(5_000)
  await scale('Deployment', 0)
  await clock.advance(0)
  assert.deepEqual(pods(), [])
  const app = await cluster.get(kinds.deployment, ref('app'), signal)
  assert.equal(app?.status?.replicas, undefined)
  assert.equal(app?.status?.observedGeneration, 2)
  const read = await cluster.readScale(kinds.deployment, ref('app'), signal)
  assert.deepEqual(read?.status, { replicas: 0, selector: 'app=app' })
})

test('a Deployment gives up pods that are not ready before those that are, and young before old', async (t) => {
  const { clock, deploy, scale, pods } = stage(t, { podStart: 5_000 })
  await deploy('Deployment', 1)
  await clock.advance(10_000)
  const [oldest] = names(pods())
  await scale('Deployment', 2)
  await clock.advance(10_000)
  const [younger] = names(pods()).filter((name) => name !== oldest)
  await scale('Deployment', 3)
  await clock.advance(1_000)
  const unready = pods().filter((pod) => !isReady(pod))
  assert.equal(unready.length, 1)
  await scale('Deployment', 2)
  await clock.advance(1_000)
  assert.deepEqual(new Set(names(pods())), new Set([oldest, younger]))
  await scale('Deployment', 1)
  await clock.advance(1_000)
  assert.deepEqual(names(pods()), [oldest])
})

test('the deletion cost of a pod counts before its age', async (t) => {
  const { cluster, clock, signal, deploy, scale, pods } = stage(t)
  await deploy('Deployment', 3)
  await clock.advance(5_000)
  const [cheap = '', ...rest] = names(pods())
  for (const [at, name] of rest.entries()) {
    const annotations = { 'controller.kubernetes.io/pod-deletion-cost': String(at + 1) }
    await cluster.patch(kinds.pod, ref(name), { metadata: { annotations } }, {}, signal)
  }
  await scale('Deployment', 2)
  await clock.advance(0)
  assert.ok(!names(pods()).includes(cheap))
})

test('a pod that is removed is replaced', async (t) => {
  const { cluster, clock, signal, deploy, pods } = stage(t)
  await deploy('Deployment', 1)
  await clock.advance(5_000)
  const [name = ''] = names(pods())
  await cluster.remove(kinds.pod, ref(name), {}, signal)
  await clock.advance(5_000)
  assert.equal(pods().filter(isReady).length, 1)
  assert.notEqual(pods()[0]?.metadata.name, name)
})

test('a StatefulSet makes its pods one after the other and removes the last one first', async (t) => {
  const { clock, deploy, scale, pods } = stage(t, { podStart: 1_000 })
  await deploy('StatefulSet', 3)
  await clock.advance(999)
  assert.deepEqual(names(pods()), ['app-0'])
  await clock.advance(1_000)
  assert.deepEqual(names(pods()), ['app-0', 'app-1'])
  await clock.advance(10_000)
  assert.deepEqual(names(pods().filter(isReady)), ['app-0', 'app-1', 'app-2'])
  await scale('StatefulSet', 1)
  await clock.advance(0)
  assert.deepEqual(names(pods()), ['app-0'])
})

test('a parallel StatefulSet makes all of its pods at once', async (t) => {
  const { clock, deploy, pods } = stage(t)
  await deploy('StatefulSet', 3, { podManagementPolicy: 'Parallel' })
  await clock.advance(0)
  assert.deepEqual(names(pods()), ['app-0', 'app-1', 'app-2'])
})

test('a pod of a StatefulSet comes back under its name', async (t) => {
  const { cluster, clock, signal, deploy, pods } = stage(t)
  await deploy('StatefulSet', 2)
  await clock.advance(10_000)
  const uid = pods()[0]?.metadata.uid
  await cluster.remove(kinds.pod, ref('app-0'), {}, signal)
  await clock.advance(10_000)
  assert.deepEqual(names(pods()), ['app-0', 'app-1'])
  assert.notEqual(pods()[0]?.metadata.uid, uid)
})

test('a Deployment that is removed takes its pods with it', async (t) => {
  const { cluster, clock, signal, deploy, pods } = stage(t)
  await deploy('Deployment', 3)
  await clock.advance(5_000)
  await cluster.remove(kinds.deployment, ref('app'), {}, signal)
  await clock.advance(0)
  assert.deepEqual(pods(), [])
})

test('a workload whose selector misses its own pods is refused', async (t) => {
  const { deploy } = stage(t)
  const wrong = deploy('Deployment', 1, { selector: { matchLabels: { app: 'other' } } })
  await assert.rejects(wrong, { code: 'CLUSTER_INVALID' })
  const none = deploy('Deployment', 1, { selector: undefined })
  await assert.rejects(none, { code: 'CLUSTER_INVALID' })
})

test('at rest nothing is written', async (t) => {
  const { cluster, clock, signal, deploy } = stage(t)
  await deploy('Deployment', 3)
  await clock.advance(60_000)
  const before = await cluster.list(kinds.pod, {}, signal)
  await clock.advance(24 * 3_600_000)
  const after = await cluster.list(kinds.pod, {}, signal)
  assert.equal(after.resourceVersion, before.resourceVersion)
})
