import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../src/clock.ts'

const centuries = 2 ** 31 * 1_000

void describe('the clock of the machine', () => {
  void it('waits, and not for what was taken back', async () => {
    const fired: string[] = []
    systemClock.after(1, () => fired.push('kept'))
    systemClock.after(1, () => fired.push('taken back'))()
    await delay(20)
    assert.deepEqual(fired, ['kept'])
  })

  void it('does not take a very long time for none', async () => {
    const fired: number[] = []
    const cancels = [2 ** 31, centuries, 1e308].map((ms) =>
      systemClock.after(ms, () => fired.push(ms)),
    )
    const stop = new AbortController()
    const slept = systemClock.sleep(centuries, stop.signal).then(
      () => 'over',
      () => 'aborted',
    )
    await delay(20)
    for (const cancel of cancels) cancel()
    assert.deepEqual(fired, [])
    stop.abort()
    assert.equal(await slept, 'aborted')
  })
})
