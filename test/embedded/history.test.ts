import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster, WatchEvent } from '../../src/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import type { ConfigMap } from '../../src/resources.ts'
import { configMap } from '../contract/cluster/fixtures.ts'
import { settle } from '../support/clock.ts'
import { all, names, reader, stage } from './stage.ts'

const gone = { code: 'CLUSTER_GONE' }

async function fill(cluster: Cluster, count: number, signal: AbortSignal, namespace = 'ns') {
  for (let n = 0; n < count; n++)
    await cluster.create(kinds.configMap, configMap(namespace, `c${n}`), signal)
}

const told = (event: WatchEvent<ConfigMap> | undefined): string =>
  event?.type === 'BOOKMARK'
    ? `BOOKMARK ${event.resourceVersion}`
    : `${event?.type} ${event?.object.metadata.name}`

test('a watch can look back as far as the history and no further', async (t) => {
  const { cluster, signal } = stage(t, { history: 3 })
  await fill(cluster, 5, signal)
  const open = (resourceVersion: string) =>
    reader(cluster.watch(kinds.configMap, { resourceVersion }, signal))
  await assert.rejects(open('2').next(), gone)
  const watch = open('3')
  assert.equal(told((await watch.next()).value), 'BOOKMARK 3')
  assert.equal(told((await watch.next()).value), 'ADDED c2')
})

test('a watch that is read too slowly fails rather than keeping what it has not given', async (t) => {
  const { cluster, signal } = stage(t, { history: 3 })
  const watch = reader(cluster.watch(kinds.configMap, { resourceVersion: '1' }, signal))
  await watch.next()
  await fill(cluster, 1, signal, 'first')
  await watch.next()
  await fill(cluster, 5, signal)
  await assert.rejects(watch.next(), gone)
})

test('a quiet watch outlives any number of changes of other kinds and objects', async (t) => {
  const { cluster, signal } = stage(t, { history: 3 })
  const where = { namespace: 'quiet', resourceVersion: '1' }
  const watch = reader(cluster.watch(kinds.configMap, where, signal))
  await watch.next()
  const next = watch.next()
  await settle()
  await fill(cluster, 20, signal)
  cluster.compact()
  await cluster.create(kinds.configMap, configMap('quiet', 'mine'), signal)
  assert.equal(told((await next).value), 'ADDED mine')
})

test('bookmarks come at their period and move on with the changes of others', async (t) => {
  const { cluster, clock, signal } = stage(t, { bookmarks: 10_000 })
  const seen: string[] = []
  const run = async (): Promise<void> => {
    const where = { namespace: 'quiet', resourceVersion: '1' }
    for await (const event of cluster.watch(kinds.configMap, where, signal)) seen.push(told(event))
  }
  const running = run()
  await clock.advance(10_000)
  await fill(cluster, 2, signal)
  await clock.advance(10_000)
  assert.deepEqual(seen, ['BOOKMARK 1', 'BOOKMARK 1', 'BOOKMARK 3'])
  await cluster.close()
  await running
})

test('an object that leaves the selection is told as it was, with the version of the change', async (t) => {
  const { cluster, signal } = stage(t)
  const made = await cluster.create(
    kinds.configMap,
    configMap('ns', 'a', { metadata: { labels: { tier: 'web' } } }),
    signal,
  )
  const { resourceVersion = '' } = made.metadata
  const where = { labelSelector: 'tier=web', resourceVersion }
  const watch = reader(cluster.watch(kinds.configMap, where, signal))
  await watch.next()
  const patch = { metadata: { labels: { tier: 'job' } } }
  const now = await cluster.patch(
    kinds.configMap,
    { namespace: 'ns', name: 'a' },
    patch,
    {},
    signal,
  )
  const { value } = await watch.next()
  assert.partialDeepStrictEqual(value, {
    type: 'DELETED',
    object: {
      metadata: { labels: { tier: 'web' }, resourceVersion: now.metadata.resourceVersion },
    },
  })
})

test('the pages of a list show one moment, through changes and removals, for as long as the history reaches', async (t) => {
  const { cluster, signal } = stage(t, { history: 10 })
  await fill(cluster, 4, signal)
  const page = (next: string | undefined) =>
    cluster.list(kinds.configMap, { limit: 2, next }, signal)
  const first = await page(undefined)
  const ref = { namespace: 'ns', name: 'c2' }
  await cluster.patch(kinds.configMap, ref, { data: { late: 'yes' } }, {}, signal)
  await cluster.remove(kinds.configMap, ref, {}, signal)
  await cluster.create(kinds.configMap, configMap('ns', 'c9'), signal)
  const second = await page(first.next)
  assert.deepEqual(names(second.items), ['c2', 'c3'])
  assert.equal(second.items[0]?.data, undefined)
  assert.equal(second.next, undefined)
  await fill(cluster, 10, signal, 'other')
  await assert.rejects(page(first.next), gone)
})

test('a garbled continue token or version is refused', async (t) => {
  const { cluster, signal } = stage(t)
  const invalid = { code: 'CLUSTER_INVALID' }
  await assert.rejects(cluster.list(kinds.configMap, { next: 'x' }, signal), invalid)
  const watch = cluster.watch(kinds.configMap, { resourceVersion: 'x' }, signal)
  await assert.rejects(all(watch), invalid)
})

test('only the newest Events are kept', async (t) => {
  const { cluster, signal } = stage(t, { events: 2 })
  for (const name of ['a', 'b', 'c']) {
    const regarding = { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'ns' }
    await cluster.create(
      kinds.event,
      {
        metadata: { namespace: 'ns', name },
        eventTime: '2024-01-01T00:00:00.000000Z',
        reportingController: 'ebb',
        reportingInstance: 'ebb-0',
        action: 'Test',
        reason: 'Test',
        note: name,
        type: 'Normal',
        regarding,
      },
      signal,
    )
  }
  const page = await cluster.list(kinds.event, {}, signal)
  assert.deepEqual(names(page.items), ['b', 'c'])
})

test('nothing that is read can be changed', async (t) => {
  const { cluster, signal } = stage(t)
  const data = { k: 'v' }
  const made = await cluster.create(kinds.configMap, configMap('ns', 'a', { data }), signal)
  data.k = 'changed'
  assert.throws(() => Object.assign(made.data ?? {}, { k: 'changed' }), TypeError)
  const now = await cluster.get(kinds.configMap, { namespace: 'ns', name: 'a' }, signal)
  assert.deepEqual(now?.data, { k: 'v' })
})
