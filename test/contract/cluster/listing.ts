import assert from 'node:assert/strict'
import type { Where } from '../../../src/cluster.ts'
import { kinds } from '../../../src/kinds.ts'
import { configMap } from './fixtures.ts'
import { check, type Open, type Stage } from './stage.ts'

export function listing(open: Open): void {
  check(open, 'pages hold every object once, whatever their size', [], async (s, signal) => {
    const names = Array.from({ length: 7 }, (_, i) => `a${i}`)
    await fill(s, names, signal)
    for (const limit of [1, 3, 7, 100]) {
      assert.deepEqual(await paged(s, limit, signal), names, `limit ${limit}`)
    }
  })

  check(
    open,
    'a list is of one moment: objects made while it is paged are not in it',
    [],
    async (s, signal) => {
      await fill(s, ['a', 'c'], signal)
      const where = { ...own(s), limit: 1 }
      const first = await s.cluster.list(kinds.configMap, where, signal)
      assert.ok(first.next)
      await fill(s, ['b'], signal)
      const second = await s.cluster.list(kinds.configMap, { ...where, next: first.next }, signal)
      assert.deepEqual(
        second.items.map((i) => i.metadata.name),
        ['c'],
      )
      assert.equal(second.resourceVersion, first.resourceVersion)
    },
  )

  check(
    open,
    'a list that is continued too late is CLUSTER_GONE',
    ['forget'],
    async (s, signal) => {
      await fill(s, ['a', 'b', 'c'], signal)
      const where = { ...own(s), limit: 1 }
      const first = await s.cluster.list(kinds.configMap, where, signal)
      await fill(s, ['d'], signal)
      await s.forget?.()
      const late = s.cluster.list(kinds.configMap, { ...where, next: first.next }, signal)
      await assert.rejects(late, { code: 'CLUSTER_GONE' })
    },
  )

  check(open, 'a list without a namespace spans all', [], async (s, signal) => {
    await fill(s, ['a'], signal)
    const fieldSelector = `metadata.namespace=${s.namespace}`
    const all = await s.cluster.list(kinds.configMap, { fieldSelector }, signal)
    assert.ok(all.items.some((i) => i.metadata.namespace === s.namespace))
    const elsewhere = await s.cluster.list(
      kinds.configMap,
      { namespace: `${s.namespace}-no` },
      signal,
    )
    assert.deepEqual(elsewhere.items, [])
  })

  check(open, 'objects of cluster scope are listed and read', [], async (s, signal) => {
    const page = await s.cluster.list(kinds.namespace, {}, signal)
    assert.ok(page.items.some((n) => n.metadata.name === s.namespace))
    const own = await s.cluster.get(kinds.namespace, { namespace: '', name: s.namespace }, signal)
    assert.equal(own?.metadata.name, s.namespace)
  })

  selecting(open)
}

function selecting(open: Open): void {
  const rows: readonly [selector: string, expected: readonly string[]][] = [
    ['tier=web', ['a', 'b']],
    ['tier==web', ['a', 'b']],
    ['tier!=web', ['c', 'd']],
    ['tier=web,zone=x', ['a']],
    ['tier', ['a', 'b', 'c']],
    ['!tier', ['d']],
    ['tier in (web, job)', ['a', 'b', 'c']],
    ['zone notin (x)', ['b', 'd']],
    ['zone in (x),tier notin (web)', ['c']],
  ]
  check(open, 'label selectors choose as Kubernetes defines them', [], async (s, signal) => {
    const labels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      a: { tier: 'web', zone: 'x' },
      b: { tier: 'web' },
      c: { tier: 'job', zone: 'x' },
      d: {},
    }
    for (const [name, set] of Object.entries(labels)) {
      const metadata = { labels: { ...set, ours: 'yes' } }
      await s.cluster.create(kinds.configMap, configMap(s.namespace, name, { metadata }), signal)
    }
    for (const [selector, expected] of rows) {
      const where = { namespace: s.namespace, labelSelector: `${selector},ours=yes` }
      const page = await s.cluster.list(kinds.configMap, where, signal)
      assert.deepEqual(
        page.items.map((i) => i.metadata.name),
        expected,
        selector,
      )
    }
  })

  check(open, 'a field selector finds an object by its name', [], async (s, signal) => {
    await fill(s, ['a', 'b'], signal)
    const where = { namespace: s.namespace, fieldSelector: 'metadata.name=b' }
    const page = await s.cluster.list(kinds.configMap, where, signal)
    assert.deepEqual(
      page.items.map((i) => i.metadata.name),
      ['b'],
    )
  })
}

/** The test's own objects: a control plane puts a ConfigMap of its own into every namespace. */
const own = (s: Stage): Where => ({ namespace: s.namespace, labelSelector: 'ours=yes' })

async function fill(s: Stage, names: readonly string[], signal: AbortSignal): Promise<void> {
  for (const name of names) {
    const metadata = { labels: { ours: 'yes' } }
    await s.cluster.create(kinds.configMap, configMap(s.namespace, name, { metadata }), signal)
  }
}

async function paged(s: Stage, limit: number, signal: AbortSignal): Promise<readonly string[]> {
  const names: string[] = []
  let next: string | undefined
  do {
    const page = await s.cluster.list(kinds.configMap, { ...own(s), limit, next }, signal)
    assert.ok(page.items.length <= limit)
    names.push(...page.items.map((i) => i.metadata.name))
    next = page.next
  } while (next !== undefined)
  return names
}
