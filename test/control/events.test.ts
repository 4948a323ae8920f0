import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Cluster } from '../../src/cluster.ts'
import { createEvents, type Events } from '../../src/control/events.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import { manualClock, settle, type ManualClock } from '../support/clock.ts'

const orders = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'orders', namespace: 'shop', uid: 'u1' },
}

interface World {
  readonly clock: ManualClock
  readonly events: Events
  /** What was logged, in order. */
  readonly logged: unknown[]
  readonly told: () => Promise<number>
  readonly stop: AbortController
}

function world(t: TestContext, before?: (signal: AbortSignal) => Promise<void>): World {
  const clock = manualClock()
  const embedded = createEmbedded({ clock })
  t.after(() => embedded.close())
  const cluster: Cluster = {
    ...embedded,
    async create(kind, object, signal) {
      await before?.(signal)
      return embedded.create(kind, object, signal)
    },
  }
  const stop = new AbortController()
  const logged: unknown[] = []
  const log = { warn: (...what: readonly unknown[]) => void logged.push(what) }
  return {
    clock,
    logged,
    stop,
    events: createEvents(cluster, clock, 'test', log, stop.signal),
    told: async () => (await embedded.list(kinds.event, {}, t.signal)).items.length,
  }
}

const happening = (reason: string) => ({ reason, type: 'Normal', note: 'so it was' }) as const

void test('the end waits for the events under way', async (t) => {
  const w = world(t, () => w.clock.sleep(900, t.signal))
  w.events.emit(orders, happening('A'))
  w.events.emit(orders, happening('B'))
  const closed = w.events.close()
  await w.clock.advance(900)
  await closed
  assert.equal(await w.told(), 2)
  assert.deepEqual(w.logged, [])
})

void test('an API server that hangs holds up the end for a second, and it is said what was lost', async (t) => {
  const w = world(t, (signal) => w.clock.sleep(3_600_000, signal))
  for (let i = 0; i < 10; i++) w.events.emit(orders, happening(`R${i}`))
  let over = false
  const closed = w.events.close().then(() => (over = true))
  await w.clock.advance(999)
  assert.equal(over, false)
  await w.clock.advance(1)
  await closed
  assert.deepEqual(w.logged, [[{ events: 10 }, 'events lost: no answer in time']])
  w.stop.abort()
  await settle()
  assert.equal(await w.told(), 0)
  assert.equal(w.clock.pending(), 0, 'no timer stays')
})
