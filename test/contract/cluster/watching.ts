import assert from 'node:assert/strict'
import type { WatchEvent, Where } from '../../../src/cluster.ts'
import { isFailure } from '../../../src/errors.ts'
import { kinds } from '../../../src/kinds.ts'
import type { ConfigMap } from '../../../src/resources.ts'
import { configMap } from './fixtures.ts'
import { check, drain, eventually, type Open, type Stage } from './stage.ts'

export function watching(open: Open): void {
  check(
    open,
    'a watch opens with a bookmark of its start and then tells what changes',
    [],
    async (s, signal) => {
      const { seen, from } = await follow(s, {}, signal)
      const ref = { namespace: s.namespace, name: 'a' }
      await s.cluster.create(
        kinds.configMap,
        configMap(s.namespace, 'a', { data: { n: '1' } }),
        signal,
      )
      await s.cluster.patch(kinds.configMap, ref, { data: { n: '2' } }, {}, signal)
      await s.cluster.remove(kinds.configMap, ref, {}, signal)
      await eventually(s, 'three changes are seen', () => changes(seen).length === 3)
      assert.deepEqual(seen[0], { type: 'BOOKMARK', resourceVersion: from })
      assert.deepEqual(changes(seen), ['ADDED a 1', 'MODIFIED a 2', 'DELETED a 2'])
    },
  )

  check(open, 'a watch goes on after the version it is given', [], async (s, signal) => {
    const made = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'old'), signal)
    await s.cluster.create(
      kinds.configMap,
      configMap(s.namespace, 'new', { data: { n: '1' } }),
      signal,
    )
    const { resourceVersion } = made.metadata
    assert.ok(resourceVersion)
    const { seen } = await follow(s, { resourceVersion }, signal)
    await eventually(s, 'the later object is seen', () => changes(seen).length > 0)
    assert.deepEqual(changes(seen), ['ADDED new 1'])
  })

  check(open, 'an object that leaves the selection is told as deleted', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    const metadata = { labels: { tier: 'web' } }
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a', { metadata }), signal)
    const { seen } = await follow(s, { labelSelector: 'tier=web' }, signal)
    const label = (tier: string): object => ({ metadata: { labels: { tier } } })
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'other'), signal)
    await s.cluster.patch(kinds.configMap, ref, label('job'), {}, signal)
    await s.cluster.patch(kinds.configMap, ref, label('web'), {}, signal)
    await eventually(s, 'both changes are seen', () => changes(seen).length === 2)
    assert.deepEqual(changes(seen), ['DELETED a', 'ADDED a'])
  })

  check(open, 'a no-op write is no event', [], async (s, signal) => {
    const ref = { namespace: s.namespace, name: 'a' }
    await s.cluster.create(
      kinds.configMap,
      configMap(s.namespace, 'a', { data: { n: '1' } }),
      signal,
    )
    const { seen } = await follow(s, {}, signal)
    await s.cluster.patch(kinds.configMap, ref, { data: { n: '1' } }, {}, signal)
    await s.cluster.patch(kinds.configMap, ref, { data: { n: '2' } }, {}, signal)
    await eventually(s, 'the change is seen', () => changes(seen).length > 0)
    assert.deepEqual(changes(seen), ['MODIFIED a 2'])
  })

  ending(open)
}

function ending(open: Open): void {
  check(open, 'a watch from a forgotten version is CLUSTER_GONE', ['forget'], async (s, signal) => {
    const made = await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
    await s.cluster.create(kinds.configMap, configMap(s.namespace, 'b'), signal)
    await s.forget?.()
    const { resourceVersion } = made.metadata
    assert.ok(resourceVersion)
    const watch = s.cluster.watch(kinds.configMap, { resourceVersion }, signal)
    await assert.rejects(drain(watch), { code: 'CLUSTER_GONE' })
  })

  check(open, 'a watch whose signal aborts throws the reason', [], async (s, signal) => {
    const own = new AbortController()
    const { ended } = await follow(s, {}, AbortSignal.any([signal, own.signal]))
    own.abort(new Error('enough'))
    const reason = await ended
    assert.ok(reason instanceof Error)
    assert.equal(reason.message, 'enough')
  })

  check(
    open,
    'a watch that is cut ends, or fails so that trying again helps',
    ['cutWatches'],
    async (s, signal) => {
      const { ended } = await follow(s, {}, signal)
      await s.cutWatches?.()
      const reason = await ended
      assert.ok(reason === undefined || (isFailure(reason) && reason.retry), String(reason))
    },
  )

  check(
    open,
    'a quiet watch gives bookmarks that move on',
    ['bookmarkPeriod'],
    async (s, signal) => {
      const { seen } = await follow(s, {}, signal)
      await s.cluster.create(kinds.configMap, configMap(s.namespace, 'a'), signal)
      await s.pass((s.bookmarkPeriod ?? 0) * 1.5)
      const last = await eventually(s, 'a bookmark follows the change', () => {
        const event = seen.at(-1)
        return event?.type === 'BOOKMARK' && seen.length > 1 ? event : undefined
      })
      const page = await s.cluster.list(kinds.configMap, { namespace: s.namespace }, signal)
      assert.ok(Number(last.resourceVersion) <= Number(page.resourceVersion))
    },
  )
}

interface Followed {
  /** Where the watch started. */
  readonly from: string
  readonly seen: readonly WatchEvent<ConfigMap>[]
  /** What the watch ended with: undefined for a plain end. */
  readonly ended: Promise<unknown>
}

/** Watches the ConfigMaps of the test from now (or the version given) and waits until the server has accepted it. */
async function follow(
  s: Stage,
  where: Where & { readonly resourceVersion?: string },
  signal: AbortSignal,
): Promise<Followed> {
  const page = await s.cluster.list(kinds.configMap, { namespace: s.namespace }, signal)
  const from = where.resourceVersion ?? page.resourceVersion
  const seen: WatchEvent<ConfigMap>[] = []
  const run = async (): Promise<undefined> => {
    const options = { ...where, namespace: s.namespace, resourceVersion: from }
    for await (const event of s.cluster.watch(kinds.configMap, options, signal)) {
      if (event.type === 'BOOKMARK' || event.object.metadata.name !== 'kube-root-ca.crt')
        seen.push(event)
    }
    return undefined
  }
  const ended = run().catch((error: unknown) => error)
  await eventually(s, 'the watch is accepted', () => seen.length > 0)
  return { from, seen, ended }
}

const changes = (seen: readonly WatchEvent<ConfigMap>[]): readonly string[] =>
  seen.flatMap((event) => {
    if (event.type === 'BOOKMARK') return []
    const { metadata, data } = event.object
    return [[event.type, metadata.name, data?.['n']].filter((part) => part !== undefined).join(' ')]
  })
