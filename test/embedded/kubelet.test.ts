import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Program } from '../../src/embedded/kubelet.ts'
import { kinds } from '../../src/kinds.ts'
import { isReady, names, ref, stage } from './stage.ts'

/** A program that says when it starts and is told to stop, and ends when the test lets it. */
function scripted() {
  const log: string[] = []
  const pending: PromiseWithResolvers<void>[] = []
  const program: Program = (pod, signal) => {
    log.push(`${pod.metadata.name} starts`)
    signal.addEventListener('abort', () => log.push(`${pod.metadata.name} stops`))
    const end = Promise.withResolvers<void>()
    pending.push(end)
    return end.promise
  }
  return { log, program, last: () => pending.at(-1) }
}

test('the program of a pod starts when the pod is ready and is told to stop when it must go', async (t) => {
  const { log, program, last } = scripted()
  const { clock, deploy, scale, pods } = stage(t, { podStart: 1_000, program })
  await deploy('StatefulSet', 1)
  await clock.advance(999)
  assert.deepEqual(log, [])
  await clock.advance(1)
  assert.deepEqual(log, ['app-0 starts'])
  await scale('StatefulSet', 0)
  await clock.advance(1_000)
  assert.deepEqual(log, ['app-0 starts', 'app-0 stops'])
  assert.ok(pods()[0]?.metadata.deletionTimestamp, 'the pod is still ending')
  last()?.resolve()
  await clock.advance(0)
  assert.deepEqual(pods(), [])
})

test('a program that does not stop is given its grace period and no more', async (t) => {
  const { program, last } = scripted()
  const { clock, deploy, scale, pods } = stage(t, { program })
  const template = {
    metadata: { labels: { app: 'app' } },
    spec: { terminationGracePeriodSeconds: 10 },
  }
  await deploy('Deployment', 1, { template })
  await clock.advance(5_000)
  await scale('Deployment', 0)
  await clock.advance(9_999)
  assert.equal(pods().length, 1)
  await clock.advance(1)
  assert.deepEqual(pods(), [])
  last()?.resolve()
})

test('a program that fails is run again after a while, and its pod is not ready until then', async (t) => {
  const { log, program, last } = scripted()
  const { clock, deploy, pods } = stage(t, { program })
  await deploy('StatefulSet', 1)
  await clock.advance(5_000)
  last()?.reject(new Error('out of luck'))
  await clock.advance(9_999)
  assert.deepEqual(log, ['app-0 starts'])
  assert.partialDeepStrictEqual(pods()[0]?.status?.conditions, [
    { type: 'Ready', status: 'False', reason: 'CrashLoopBackOff', message: 'out of luck' },
  ])
  await clock.advance(1)
  assert.deepEqual(log, ['app-0 starts', 'app-0 starts'])
  assert.ok(pods().every(isReady))
  last()?.resolve()
})

test('pods go to the emptiest node and wait where there is no room', async (t) => {
  const { cluster, clock, deploy, pods } = stage(t)
  const placed = () =>
    pods()
      .map((pod) => pod.spec?.nodeName ?? '')
      .sort((a, b) => (b === '' || (a !== '' && a < b) ? -1 : 1))
  cluster.addNode('a', 1)
  cluster.addNode('b', 2)
  await deploy('Deployment', 4)
  await clock.advance(5_000)
  assert.deepEqual(placed(), ['a', 'b', 'b', ''])
  assert.equal(pods().filter(isReady).length, 3)
  cluster.addNode('c', 1)
  await clock.advance(5_000)
  assert.deepEqual(placed(), ['a', 'b', 'b', 'c'])
  assert.equal(pods().filter(isReady).length, 4)
})

test('a pod that goes makes room for one that waits', async (t) => {
  const { cluster, clock, signal, deploy, pods } = stage(t)
  cluster.addNode('a', 1)
  await deploy('Deployment', 2)
  await clock.advance(5_000)
  const [running] = pods().filter(isReady)
  assert.ok(running)
  await cluster.remove(kinds.pod, ref(running.metadata.name), {}, signal)
  await clock.advance(5_000)
  assert.equal(pods().filter(isReady).length, 1)
})

test('a pod with a finalizer stops and stays until the finalizer is removed', async (t) => {
  const { cluster, clock, signal, deploy, pods, scale } = stage(t)
  const template = { metadata: { labels: { app: 'app' }, finalizers: ['example.com/log'] } }
  await deploy('Deployment', 1, { template })
  await clock.advance(5_000)
  await scale('Deployment', 0)
  await clock.advance(60_000)
  const [name = ''] = names(pods())
  await cluster.patch(kinds.pod, ref(name), { metadata: { finalizers: null } }, {}, signal)
  assert.deepEqual(pods(), [])
})

test('closing the cluster stops the programs of all pods and waits for them', async (t) => {
  const { log, program, last } = scripted()
  const { cluster, clock, deploy } = stage(t, { program })
  await deploy('StatefulSet', 1)
  await clock.advance(5_000)
  let closed = false
  const closing = cluster.close().then(() => (closed = true))
  await clock.advance(0)
  assert.deepEqual([log.at(-1), closed], ['app-0 stops', false])
  last()?.resolve()
  await closing
})
