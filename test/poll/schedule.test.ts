import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Clock } from '../../src/clock.ts'
import { createHeap } from '../../src/poll/heap.ts'
import { alarm, createSchedule } from '../../src/poll/schedule.ts'
import { manualClock } from '../support/clock.ts'

describe('heap', () => {
  test('gives items back in due order, also when some are taken out of its middle', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean())), (given) => {
        const heap = createHeap<{ due: number; place: number; stays: boolean }>()
        const items = given.map(([due, stays]) => ({ due, place: -1, stays }))
        for (const item of items) heap.push(item)
        for (const item of items) if (!item.stays) heap.remove(item)
        const out: number[] = []
        for (let first = heap.peek(); first; first = heap.peek()) {
          heap.remove(first)
          out.push(first.due)
        }
        const stayed = items.filter(({ stays }) => stays).map(({ due }) => due)
        assert.deepEqual(
          out,
          stayed.sort((a, b) => a - b),
        )
        assert.ok(items.every(({ place }) => place === -1))
      }),
    )
  })
})

describe('schedule', () => {
  test('rings in due order, never early without slack, with one timer for all', async () => {
    const clock = manualClock(0)
    const schedule = createSchedule(clock)
    const rung: [string, number][] = []
    for (const [name, due] of [
      ['c', 300],
      ['a', 100],
      ['b', 200],
      ['b too', 200],
    ] as const) {
      schedule.set(
        alarm(name, (owner) => rung.push([owner, clock.now()])),
        due,
      )
    }
    assert.equal(clock.pending(), 1)
    await clock.advance(1_000)
    assert.deepEqual(
      rung.map(([, at]) => at),
      [100, 200, 200, 300],
    )
    assert.deepEqual(rung.map(([name]) => name).sort(), ['a', 'b', 'b too', 'c'])
    assert.equal(clock.pending(), 0)
  })

  test('lets a neighbour ring along within its slack, which saves a wake-up', async () => {
    const manual = manualClock(0)
    const schedule = createSchedule(manual)
    const rung: number[] = []
    const note = (): number => rung.push(manual.now())
    schedule.set(alarm(undefined, note), 100, 0)
    schedule.set(alarm(undefined, note), 140, 50)
    schedule.set(alarm(undefined, note), 160, 50)
    await manual.advance(1_000)
    assert.deepEqual(rung, [100, 100, 160])
  })

  test('sets its timer anew only for an alarm that is sooner than all others', () => {
    let timers = 0
    const clock: Clock = {
      now: () => 0,
      after: () => {
        timers++
        return () => {}
      },
      sleep: () => Promise.resolve(),
    }
    const schedule = createSchedule(clock)
    for (const due of [100, 200, 300, 100, 50])
      schedule.set(
        alarm(undefined, () => {}),
        due,
      )
    assert.equal(timers, 2)
  })

  test('moves an alarm that is set again and forgets one that is cancelled', async () => {
    const clock = manualClock(0)
    const schedule = createSchedule(clock)
    const rung: number[] = []
    const moved = alarm(undefined, () => rung.push(clock.now()))
    schedule.set(moved, 100)
    schedule.set(moved, 700)
    const cancelled = alarm(undefined, () => rung.push(-1))
    schedule.set(cancelled, 50)
    schedule.cancel(cancelled)
    schedule.cancel(cancelled)
    await clock.advance(1_000)
    assert.deepEqual(rung, [700])
  })

  test('an alarm that always sets itself for now leaves turns of the event loop to others', () => {
    const wakes: (() => void)[] = []
    const clock: Clock = {
      now: () => 0,
      after: (_ms, fire) => {
        wakes.push(fire)
        return () => {}
      },
      sleep: () => Promise.resolve(),
    }
    const schedule = createSchedule(clock)
    let spins = 0
    const spinner = alarm(undefined, () => {
      spins++
      schedule.set(spinner, 0)
    })
    schedule.set(spinner, 0)
    wakes.pop()?.()
    assert.equal(spins, 1)
    assert.equal(wakes.length, 1)
  })

  test('one that throws leaves the others set', async () => {
    const clock = manualClock(0)
    const schedule = createSchedule(clock)
    let rang = false
    schedule.set(
      alarm(undefined, () => {
        throw new Error('mine')
      }),
      10,
    )
    schedule.set(
      alarm(undefined, () => (rang = true)),
      20,
    )
    await assert.rejects(clock.advance(15), /mine/)
    await clock.advance(15)
    assert.ok(rang)
  })

  test('leaves no timer when it is closed', () => {
    const clock = manualClock(0)
    const schedule = createSchedule(clock)
    schedule.after(10, () => {})
    const cancel = schedule.after(20, () => {})
    cancel()
    schedule.close()
    assert.equal(clock.pending(), 0)
    assert.equal(schedule.size, 0)
  })
})
