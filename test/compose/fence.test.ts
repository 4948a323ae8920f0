import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fence, type Fence } from '../../src/compose/fence.ts'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { isFailure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { manualClock, settle, type ManualClock } from '../support/clock.ts'

const ref = { namespace: 'ebb', name: 'one' }
const map = (data: Record<string, string>) => ({ metadata: ref, data })
const scalable = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' }

interface World {
  readonly clock: ManualClock
  readonly cluster: EmbeddedCluster
  readonly fence: Fence
  /** Every call that reached the cluster. */
  readonly reached: string[]
  until: number
}

function world(t: TestContext): World {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  t.after(() => cluster.close())
  const reached: string[] = []
  cluster.setFaults({ before: ({ verb }) => void reached.push(verb) })
  const w = { clock, cluster, reached, until: clock.now() + 10_000 }
  const lease = () => ({ until: w.until, holder: 'other' })
  return Object.assign(w, { fence: fence(cluster, clock, lease) })
}

const isRefused = (error: unknown): boolean => isFailure(error, 'NOT_LEADING')

/** Each way to change something. */
const writes: Readonly<Record<string, (w: World, t: TestContext) => Promise<unknown>>> = {
  create: (w, t) => w.fence.cluster.create(kinds.configMap, map({}), t.signal),
  replace: (w, t) => w.fence.cluster.replace(kinds.configMap, map({}), t.signal),
  patch: (w, t) => w.fence.cluster.patch(kinds.configMap, ref, {}, {}, t.signal),
  apply: (w, t) => w.fence.cluster.apply(kinds.configMap, map({}), t.signal),
  remove: (w, t) => w.fence.cluster.remove(kinds.configMap, ref, {}, t.signal),
  writeScale: (w, t) =>
    w.fence.cluster.writeScale(
      scalable,
      { metadata: ref, spec: { replicas: 1 }, status: { replicas: 0, selector: undefined } },
      t.signal,
    ),
}

for (const [name, write] of Object.entries(writes)) {
  void test(`${name} does not reach the cluster once the Lease is over, though no timer could run`, async (t) => {
    const w = world(t)
    w.until = w.clock.now()
    await assert.rejects(write(w, t), isRefused)
    assert.deepEqual(w.reached, [])
  })

  void test(`${name} does not reach the cluster once the fence is shut, though the Lease still counts`, async (t) => {
    const w = world(t)
    await w.fence.shut()
    assert.equal(w.fence.open, false)
    await assert.rejects(write(w, t), isRefused)
    assert.deepEqual(w.reached, [])
  })
}

void test('while the Lease is held, writes pass', async (t) => {
  const w = world(t)
  await w.fence.cluster.create(kinds.configMap, map({ a: '1' }), t.signal)
  assert.deepEqual(w.reached, ['create'])
  assert.equal(w.fence.open, true)
})

void test('a clock that jumps ahead shuts the fence, and one that jumps back does not open it again', async (t) => {
  const w = world(t)
  await w.clock.advance(3_600_000)
  assert.equal(w.fence.open, false)
  await assert.rejects(w.fence.cluster.create(kinds.configMap, map({}), t.signal), isRefused)
})

void test('a write that hangs is cut off at the end of the Lease', async (t) => {
  const w = world(t)
  w.cluster.setFaults({ before: (_, signal) => w.clock.sleep(3_600_000, signal) })
  const write = w.fence.cluster.create(kinds.configMap, map({}), t.signal)
  const ended = assert.rejects(write, isRefused)
  await w.clock.advance(9_999)
  assert.equal(w.fence.open, true)
  await w.clock.advance(1)
  await ended
  assert.equal(w.clock.pending(), 0)
})

void test('shutting waits for the writes under way, and cuts off those that take too long', async (t) => {
  const w = world(t)
  let release: (() => void) | undefined
  w.cluster.setFaults({ before: () => new Promise<void>((resolve) => (release = resolve)) })
  const write = w.fence.cluster.create(kinds.configMap, map({}), t.signal)
  await settle()
  let shut = false
  const shutting = w.fence.shut().then(() => {
    shut = true
    return undefined
  })
  await settle()
  assert.equal(shut, false)
  release?.()
  await write
  await shutting
  const other = world(t)
  other.cluster.setFaults({ before: (_, signal) => other.clock.sleep(3_600_000, signal) })
  const ended = assert.rejects(
    other.fence.cluster.create(kinds.configMap, map({}), t.signal),
    isRefused,
  )
  const cut = other.fence.shut()
  await other.clock.advance(2_000)
  await Promise.all([ended, cut])
})

void test('events pass: they tell of what was done', async (t) => {
  const w = world(t)
  await w.fence.shut()
  const event = {
    metadata: { namespace: 'default', name: 'told' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reason: 'Told',
    action: 'Tell',
    type: 'Normal' as const,
    reportingController: 'ebb',
    reportingInstance: 'a',
    regarding: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'one' },
    note: 'told',
  }
  await w.fence.cluster.create(kinds.event, event, t.signal).catch(() => undefined)
  assert.deepEqual(w.reached, ['create'])
})
