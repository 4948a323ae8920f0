import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Queue } from '../../../src/cli/demo/storage.ts'
import { queuesAnnotation, workerProgram } from '../../../src/cli/demo/worker.ts'
import type { Pod } from '../../../src/resources.ts'
import { manualClock, settle } from '../../support/clock.ts'

const pod = (queues: string | undefined): Pod => ({
  metadata: {
    name: 'p',
    ...(queues === undefined ? {} : { annotations: { [queuesAnnotation]: queues } }),
  },
})

/** A queue that only counts. */
function counter(): Queue & { worked: number } {
  return {
    worked: 0,
    create: async () => {},
    send: async () => {},
    async work() {
      this.worked += 1
      return true
    },
  }
}

describe('a demo pod', () => {
  test('takes one message every two seconds from each of its queues until it must stop', async () => {
    const clock = manualClock()
    const queues = new Map([
      ['a', counter()],
      ['b', counter()],
    ])
    const stop = new AbortController()
    const program = workerProgram((name) => queues.get(name) ?? counter(), clock)
    const running = program(pod('a,b'), stop.signal)
    await settle()
    await clock.advance(6000)
    stop.abort()
    await running
    await clock.advance(5000)
    assert.deepEqual([queues.get('a')?.worked, queues.get('b')?.worked], [4, 4])
  })

  test('only waits where its workload is scaled on no queue', () => {
    const program = workerProgram(counter, manualClock())
    assert.equal(program(pod(undefined), new AbortController().signal), undefined)
  })
})
