import assert from 'node:assert/strict'
import { kinds } from '../../../src/kinds.ts'
import { mirror, type Mirror } from '../../../src/mirror.ts'
import type { ConfigMap } from '../../../src/resources.ts'
import { configMap } from './fixtures.ts'
import { check, eventually, type Open, type Stage } from './stage.ts'

export function mirroring(open: Open): void {
  check(open, 'a mirror holds what is there and follows what changes', [], async (s, signal) => {
    for (const name of ['a', 'b', 'c']) await make(s, name, '1', signal)
    const held = await reflect(s, signal)
    assert.deepEqual(state(held), ['a=1', 'b=1', 'c=1'])
    await set(s, 'a', '2', signal)
    await drop(s, 'b', signal)
    await make(s, 'd', '1', signal)
    await same(s, held, ['a=2', 'c=1', 'd=1'])
  })

  check(
    open,
    'a mirror misses nothing that happens while its watch is cut',
    ['cutWatches'],
    async (s, signal) => {
      for (const name of ['a', 'b']) await make(s, name, '1', signal)
      const held = await reflect(s, signal)
      await s.cutWatches?.()
      await set(s, 'a', '2', signal)
      await drop(s, 'b', signal)
      await make(s, 'c', '1', signal)
      await same(s, held, ['a=2', 'c=1'])
    },
  )

  check(
    open,
    'a mirror lists anew when its version is forgotten, and sees what was deleted meanwhile',
    ['cutWatches', 'forget'],
    async (s, signal) => {
      for (const name of ['a', 'b']) await make(s, name, '1', signal)
      const held = await reflect(s, signal)
      const gone: string[] = []
      held.onChange(({ before, after }) => after ?? gone.push(before?.metadata.name ?? ''))
      await s.cutWatches?.()
      await drop(s, 'b', signal)
      await set(s, 'a', '2', signal)
      await s.forget?.()
      await same(s, held, ['a=2'])
      assert.deepEqual(gone, ['b'])
    },
  )

  check(
    open,
    'a mirror leaves a watch that has fallen silent',
    ['muteWatches'],
    async (s, signal) => {
      await make(s, 'a', '1', signal)
      const held = await reflect(s, signal)
      await s.muteWatches?.()
      await set(s, 'a', '2', signal)
      await s.pass(10 * 60_000)
      await same(s, held, ['a=2'])
    },
  )
}

async function reflect(s: Stage, signal: AbortSignal): Promise<Mirror<ConfigMap>> {
  const where = { namespace: s.namespace, labelSelector: 'ours=yes' }
  const options = { random: () => 0.5, pageSize: 2 }
  const held = mirror(s.cluster, s.clock, kinds.configMap, where, (o) => o, options, signal)
  let synced = false
  void held.synced.then(() => (synced = true))
  await eventually(s, 'the mirror is synced', () => synced)
  return held
}

const state = (held: Mirror<ConfigMap>): readonly string[] =>
  [...held.values()].map((o) => `${o.metadata.name}=${o.data?.['n']}`).sort()

async function same(s: Stage, held: Mirror<ConfigMap>, expected: readonly string[]): Promise<void> {
  await eventually(s, `the mirror holds ${expected.join(', ')}`, () => {
    return state(held).join() === expected.join()
  })
}

const make = (s: Stage, name: string, n: string, signal: AbortSignal): Promise<ConfigMap> =>
  s.cluster.create(
    kinds.configMap,
    configMap(s.namespace, name, { data: { n }, metadata: { labels: { ours: 'yes' } } }),
    signal,
  )

const set = (s: Stage, name: string, n: string, signal: AbortSignal): Promise<ConfigMap> =>
  s.cluster.patch(kinds.configMap, { namespace: s.namespace, name }, { data: { n } }, {}, signal)

const drop = (s: Stage, name: string, signal: AbortSignal): Promise<void> =>
  s.cluster.remove(kinds.configMap, { namespace: s.namespace, name }, {}, signal)
