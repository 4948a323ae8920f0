import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { EmbeddedOptions } from '../../src/embedded/cluster.ts'
import { kinds } from '../../src/kinds.ts'
import { names, ref, stage } from './stage.ts'

async function job(t: TestContext, spec: object, options: Partial<EmbeddedOptions> = {}) {
  const made = stage(t, { podStart: 1_000, jobRun: 5_000, ...options })
  const { cluster, signal } = made
  const template = { spec: { containers: [{ name: 'app' }], restartPolicy: 'Never' } }
  const object = { metadata: ref('work'), spec: { template, ...spec } }
  const created = await cluster.create(kinds.job, object, signal)
  const status = async () => (await cluster.get(kinds.job, ref('work'), signal))?.status
  return { ...made, created, status, pods: () => cluster.pods('ns', 'job-name=work') }
}

test('a Job runs one pod and is complete when it is done', async (t) => {
  const { clock, created, status, pods } = await job(t, {})
  assert.partialDeepStrictEqual(created.spec, { parallelism: 1, completions: 1, backoffLimit: 6 })
  await clock.advance(5_999)
  assert.partialDeepStrictEqual(await status(), { active: 1, ready: 1 })
  await clock.advance(1)
  assert.partialDeepStrictEqual(await status(), {
    succeeded: 1,
    ready: 0,
    conditions: [{ type: 'Complete', status: 'True' }],
  })
  assert.equal(pods().length, 1)
})

test('a Job keeps to its parallelism until it has all of its completions', async (t) => {
  const { clock, status, pods } = await job(t, { parallelism: 2, completions: 3 })
  await clock.advance(0)
  assert.equal(pods().length, 2)
  await clock.advance(6_000)
  assert.equal(pods().length, 3)
  assert.partialDeepStrictEqual(await status(), { active: 1, succeeded: 2 })
  await clock.advance(6_000)
  assert.partialDeepStrictEqual(await status(), { succeeded: 3 })
  assert.equal(pods().length, 3)
})

test('a pod of a Job whose program fails is followed by another, up to backoffLimit', async (t) => {
  const program = async () => {
    throw new Error('no')
  }
  const { clock, status, pods } = await job(t, { backoffLimit: 2 }, { program })
  await clock.advance(60_000)
  assert.equal(pods().length, 3)
  assert.partialDeepStrictEqual(await status(), { failed: 3, conditions: [{ type: 'Failed' }] })
})

test('a Job without completions is done when one pod has succeeded and the others have ended', async (t) => {
  const { clock, status, pods } = await job(t, { parallelism: 2 })
  await clock.advance(6_000)
  assert.partialDeepStrictEqual(await status(), {
    succeeded: 2,
    conditions: [{ type: 'Complete' }],
  })
  await clock.advance(60_000)
  assert.equal(pods().length, 2)
})

test('a suspended Job has no pods until it goes on', async (t) => {
  const { cluster, clock, signal, status, pods } = await job(t, { suspend: true })
  await clock.advance(60_000)
  assert.deepEqual(pods(), [])
  await cluster.patch(kinds.job, ref('work'), { spec: { suspend: false } }, {}, signal)
  await clock.advance(60_000)
  assert.partialDeepStrictEqual(await status(), { succeeded: 1 })
})

test('a Job goes with its pods some time after it has ended', async (t) => {
  const { cluster, clock, signal, pods } = await job(t, { ttlSecondsAfterFinished: 30 })
  await clock.advance(35_999)
  assert.ok(await cluster.get(kinds.job, ref('work'), signal))
  await clock.advance(1)
  assert.equal(await cluster.get(kinds.job, ref('work'), signal), undefined)
  await clock.advance(0)
  assert.deepEqual(pods(), [])
})

test('a pod that has ended is removed at once', async (t) => {
  const { cluster, clock, signal, pods } = await job(t, {})
  await clock.advance(60_000)
  const [name = ''] = names(pods())
  await cluster.remove(kinds.pod, ref(name), {}, signal)
  assert.deepEqual(pods(), [])
})

test('a Job that is removed takes its running pods with it', async (t) => {
  const { cluster, clock, signal, pods } = await job(t, { parallelism: 3, completions: 3 })
  await clock.advance(2_000)
  assert.equal(names(pods()).length, 3)
  await cluster.remove(kinds.job, ref('work'), {}, signal)
  await clock.advance(0)
  assert.deepEqual(pods(), [])
})
