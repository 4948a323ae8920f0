import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cron } from '../../../scalers/cron/index.ts'
import { kinds } from '../../../src/kinds.ts'
import { deployment, forever, openBench, scaledObject } from '../../support/controller.ts'

const second = 1_000
const minute = 60 * second

test('a workload wakes and rests at the minute, in a window that a restart falls into', async (t) => {
  const bench = await openBench({ hpasRead: true, shared: { load: async () => cron } })
  t.after(() => bench.close())
  const { cluster, clock } = bench
  const until = (time: string): Promise<void> =>
    clock.advance(Date.parse(`2023-11-14T${time}Z`) - clock.now())
  await cluster.create(kinds.deployment, deployment(), forever)
  const metadata = {
    timezone: 'Europe/Berlin',
    start: '20 23 * * *',
    end: '40 23 * * *',
    desiredReplicas: '3',
  }
  await cluster.create(
    kinds.scaledObject,
    scaledObject({ pollingInterval: 3_600, triggers: [{ type: 'cron', metadata }] }),
    forever,
  )
  await until('22:19:59')
  assert.equal(await bench.replicas(), 0)
  await until('22:20:01')
  assert.equal(await bench.replicas(), 1)
  await clock.advance(minute)
  assert.equal(await bench.replicas(), 3)
  await bench.restart()
  await until('22:39:59')
  assert.equal(await bench.replicas(), 3)
  await until('22:41:05')
  assert.equal(await bench.replicas(), 0)
})
