import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { mirror, mirrorAll } from '../../src/mirror.ts'
import type { ConfigMap } from '../../src/resources.ts'
import { manualClock, settle, type ManualClock } from '../support/clock.ts'
import { names } from './script.ts'

const map = (namespace: string, name: string, n = '1'): ConfigMap => ({
  metadata: { namespace, name },
  data: { n },
})

const options = { random: () => 0.5, pageSize: 2 }

function world(t: TestContext): { readonly clock: ManualClock; readonly cluster: EmbeddedCluster } {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  t.after(() => cluster.close())
  return { clock, cluster }
}

void describe('mirrors of several namespaces', () => {
  void test('are one: its objects, its changes and its state', async (t) => {
    const { clock, cluster } = world(t)
    for (const namespace of ['a', 'b', 'c'])
      await cluster.create(kinds.configMap, map(namespace, 'x'), t.signal)
    const where = { namespaces: ['a', 'b'] }
    const all = mirrorAll(cluster, clock, kinds.configMap, where, (o) => o, options, t.signal)
    await all.synced
    assert.equal(all.size, 2)
    assert.ok(all.get('a', 'x') && all.get('b', 'x'))
    assert.equal(all.get('c', 'x'), undefined)
    const heard: string[] = []
    const leave = all.onChange(({ after }) => heard.push(`${after?.metadata.namespace}`))
    await settle()
    for (const namespace of ['a', 'b', 'c'])
      await cluster.create(kinds.configMap, map(namespace, 'y'), t.signal)
    await settle()
    assert.deepEqual(heard, ['a', 'b'])
    const places = [...all.values()].map((o) => `${o.metadata.namespace}/${o.metadata.name}`)
    assert.deepEqual(places.sort(), ['a/x', 'a/y', 'b/x', 'b/y'])
    leave()
    await cluster.create(kinds.configMap, map('a', 'z'), t.signal)
    await settle()
    assert.equal(heard.length, 2)
  })

  void test('are stale as soon as one of them is', async (t) => {
    const { clock, cluster } = world(t)
    const where = { namespaces: ['a', 'b'] }
    cluster.setFaults({
      before: ({ namespace }) => {
        if (namespace === 'b')
          throw failure('CLUSTER_FORBIDDEN', { what: 'listing', why: 'no role' })
      },
    })
    const all = mirrorAll(cluster, clock, kinds.configMap, where, (o) => o, options, t.signal)
    await settle()
    assert.match(all.stale?.why ?? '', /no role/)
  })

  void test('are a single one for all namespaces, and for kinds that have none', async (t) => {
    const { clock, cluster } = world(t)
    const calls: string[] = []
    cluster.setFaults({
      before: ({ verb, resource, namespace }) =>
        void calls.push(`${verb} ${resource} ${namespace}`),
    })
    const kind = kinds.clusterTriggerAuthentication
    const one = mirrorAll(
      cluster,
      clock,
      kind,
      { namespaces: ['a', 'b'] },
      (o) => o,
      options,
      t.signal,
    )
    const every = mirrorAll(
      cluster,
      clock,
      kinds.pod,
      { namespaces: [] },
      (o) => o,
      options,
      t.signal,
    )
    await Promise.all([one.synced, every.synced])
    const lists = calls.filter((call) => call.startsWith('list'))
    assert.deepEqual(lists.sort(), ['list clustertriggerauthentications ', 'list pods '])
  })
})

void test('a mirror keeps what it is told to keep, and never who owns which field', async (t) => {
  const { clock, cluster } = world(t)
  const managed = { ...map('a', 'x').metadata, managedFields: [{ manager: 'kubectl' }] }
  const seen: string[] = []
  const server = {
    server: 'fake',
    list: async () => ({
      items: [{ metadata: managed }, map('a', 'left-out')] as never,
      resourceVersion: '1',
      next: undefined,
    }),
    // The bare list and watch of one kind.
    watch: () => cluster.watch(kinds.configMap, { resourceVersion: '1' }, t.signal) as never,
  }
  const keep = (o: ConfigMap): ConfigMap | undefined => {
    seen.push(...Object.keys(o.metadata))
    return o.metadata.name === 'left-out' ? undefined : { metadata: o.metadata }
  }
  const held = mirror(server, clock, kinds.configMap, {}, keep, options, t.signal)
  await held.synced
  assert.ok(!seen.includes('managedFields'))
  assert.equal(held.size, 1)
  assert.deepEqual(held.get('a', 'x'), { metadata: { namespace: 'a', name: 'x' } })
})

type Act = 'create' | 'change' | 'delete' | 'cut' | 'forget' | 'fail' | 'heal' | 'wait'

void test('whatever happens to the server, a mirror ends up with what is there', async () => {
  const acts = fc.array(
    fc.tuple(
      fc.constantFrom<Act>(
        'create',
        'create',
        'change',
        'delete',
        'cut',
        'forget',
        'fail',
        'heal',
        'wait',
      ),
      fc.integer({ min: 0, max: 4 }),
    ),
    { maxLength: 40 },
  )
  await fc.assert(fc.asyncProperty(acts, converges), { numRuns: 60 })
})

async function converges(script: readonly (readonly [Act, number])[]): Promise<void> {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  const end = new AbortController()
  const held = mirror(cluster, clock, kinds.configMap, {}, (o) => o, options, end.signal)
  const followed = new Map<string, string>()
  held.onChange(({ before, after }) => {
    const key = (after ?? before)?.metadata.name ?? ''
    assert.equal(followed.has(key), before !== undefined, 'what was before is what was told before')
    if (after) followed.set(key, after.metadata.resourceVersion ?? '')
    else followed.delete(key)
  })
  for (const [act, n] of script) await perform(act, `m${n}`, n, cluster, clock, end.signal)
  cluster.setFaults({})
  await clock.advance(120_000)
  const { items } = await cluster.list(kinds.configMap, {}, end.signal)
  const expected = items.map((o) => `${o.metadata.name}@${o.metadata.resourceVersion}`).sort()
  assert.deepEqual(names(held), expected)
  assert.deepEqual([...followed].map(([name, version]) => `${name}@${version}`).sort(), expected)
  assert.equal(held.stale, undefined)
  end.abort()
  await held.stopped
  await cluster.close()
}

async function perform(
  act: Act,
  name: string,
  n: number,
  cluster: EmbeddedCluster,
  clock: ManualClock,
  signal: AbortSignal,
): Promise<void> {
  const ignore = (): undefined => undefined
  const ref = { namespace: 'a', name }
  if (act === 'create') await cluster.create(kinds.configMap, map('a', name), signal).catch(ignore)
  if (act === 'change') {
    const data = { n: String(clock.now()) }
    await cluster.patch(kinds.configMap, ref, { data }, {}, signal).catch(ignore)
  }
  if (act === 'delete') await cluster.remove(kinds.configMap, ref, {}, signal).catch(ignore)
  if (act === 'cut') cluster.cutWatches()
  if (act === 'forget') cluster.compact()
  if (act === 'fail') cluster.setFaults({ before: failing(n) })
  if (act === 'heal') cluster.setFaults({})
  if (act === 'wait') await clock.advance(n * 700)
}

/** Reads fail; writes are the world's own and go on. */
const failing =
  (n: number) =>
  ({ verb }: { readonly verb: string }): void => {
    if (verb !== 'list' && verb !== 'watch') return
    throw n % 2 === 0
      ? failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'cut off' })
      : failure('CLUSTER_FAILED', { what: 'it', why: 'no' })
  }
