import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Control } from '../../src/compose/control.ts'
import { createLeadership, type Leadership } from '../../src/compose/leadership.ts'
import { silentLog } from '../../src/log.ts'
import type { Relay } from '../../src/serve/replicas/relay.ts'
import { manualClock, settle } from '../support/clock.ts'

interface Start {
  readonly signal: AbortSignal
  readonly done: (control: Control) => void
}

/** A replica whose loops start when the test says so. */
function replica(): { leadership: Leadership; starts: Start[] } {
  const starts: Start[] = []
  const leadership = createLeadership({
    clock: manualClock(),
    log: silentLog,
    // nothing is read through it here
    relay: {} as Relay,
    start: (signal) =>
      new Promise((resolve, reject) => {
        starts.push({ signal, done: resolve })
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
    leader: () => undefined,
    look() {},
  })
  return { leadership, starts }
}

const loops = (onClose: () => void = () => undefined): Control =>
  // only what leadership itself asks of the loops
  ({ size: 1, close: async () => onClose() }) as unknown as Control

void test('asked to end while the loops wait for their mirrors, it does not wait for them', async () => {
  const { leadership, starts } = replica()
  leadership.lead(true)
  await settle()
  assert.equal(starts.length, 1)
  await leadership.close()
  assert.ok(starts[0]?.signal.aborted)
  assert.equal(leadership.control, undefined)
})

void test('a Lease lost and won again while the loops start has them started anew', async () => {
  const { leadership, starts } = replica()
  leadership.lead(true)
  await settle()
  leadership.lead(false)
  leadership.lead(true)
  await settle()
  assert.deepEqual(
    starts.map(({ signal }) => signal.aborted),
    [true, false],
  )
  const control = loops()
  starts[1]?.done(control)
  await settle()
  assert.equal(leadership.control, control)
  await leadership.close()
})

void test('loops that run are closed when the Lease is lost', async () => {
  const { leadership, starts } = replica()
  let closed = 0
  leadership.lead(true)
  await settle()
  starts[0]?.done(loops(() => closed++))
  await settle()
  leadership.lead(false)
  await settle()
  assert.equal(closed, 1)
  assert.equal(leadership.control, undefined)
  await leadership.close()
})
