import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEmbedded } from '../src/embedded/cluster.ts'
import { kinds } from '../src/kinds.ts'
import { createPods } from '../src/pods.ts'
import type { Pod } from '../src/resources.ts'
import { manualClock } from './support/clock.ts'

const signal = new AbortController().signal
const pod = (name: string, app: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name, labels: { app, 'job-name': 'work' } },
  spec: { containers: [{ name: 'main', image: 'image' }] },
})

async function stage() {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  const asked: string[] = []
  const counted: typeof cluster = {
    ...cluster,
    list(kind, where, s) {
      asked.push(`list ${kind.plural} ${where.namespace} ${where.labelSelector}`)
      return cluster.list(kind, where, s)
    },
  }
  const pods = createPods(counted, clock, () => 0.5)
  return { clock, cluster, pods, asked }
}

test('pods are followed by one watch for all who want the same, and told of together', async () => {
  const { clock, cluster, pods, asked } = await stage()
  await cluster.create(kinds.pod, pod('a', 'web'), signal)
  const one = pods.follow('ns', 'app=web')
  const two = pods.follow('ns', 'app=web')
  await clock.advance(0)
  await one.synced
  const names = (): string[] => [...two.list()].map((p) => p.name).sort()
  assert.deepEqual(names(), ['a'])
  let told = 0
  two.onChange(() => told++)
  await clock.advance(1_000)
  told = 0
  for (const name of ['b', 'c', 'd']) await cluster.create(kinds.pod, pod(name, 'web'), signal)
  await cluster.create(kinds.pod, pod('e', 'db'), signal)
  await clock.advance(90)
  const early = told
  await clock.advance(1_000)
  assert.deepEqual(names(), ['a', 'b', 'c', 'd'])
  assert.ok(early <= 1 && told >= 1 && told < 3, `${early}, ${told}`)
  assert.equal([...two.list()][0]?.job, 'work')
  assert.deepEqual(asked, ['list pods ns app=web'])
  one.release()
  two.release()
  await pods.close()
  await cluster.close()
})

test('a label that is asked for is reported, by a watch of its own for each', async () => {
  const { clock, cluster, pods, asked } = await stage()
  await cluster.create(kinds.pod, pod('a', 'web'), signal)
  const there = pods.follow('ns', '', { idle: { key: 'app', value: undefined } })
  const blank = pods.follow('ns', '', { idle: { key: 'app', value: '' } })
  const plain = pods.follow('ns', '')
  await clock.advance(0)
  const idle = [there, blank, plain].map((view) => [...view.list()].map((p) => p.report?.idle))
  assert.deepEqual(idle, [[true], [false], [undefined]])
  assert.equal(asked.length, 3)
  await pods.close()
  await cluster.close()
})

test('a view that nobody wants stays for a while, and ends then', async () => {
  const { clock, cluster, pods, asked } = await stage()
  pods.follow('ns', 'app=web').release()
  await clock.advance(59_000)
  assert.equal(pods.size, 1)
  const again = pods.follow('ns', 'app=web')
  await clock.advance(120_000)
  assert.equal(pods.size, 1)
  assert.equal(asked.length, 1)
  again.release()
  again.release()
  await clock.advance(61_000)
  assert.equal(pods.size, 0)
  await pods.close()
  await cluster.close()
})
