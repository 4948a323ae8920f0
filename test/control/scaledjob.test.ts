import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decideJobs } from '../../src/core/decide-jobs.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { createEmbedded } from '../../src/embedded/cluster.ts'
import { createJobBook, type JobBook } from '../../src/control/jobs/book.ts'
import type { KeptJob } from '../../src/control/jobs/kept.ts'
import { makeJobs } from '../../src/control/jobs/make.ts'
import { limit } from '../../src/limit.ts'
import { manualClock } from '../support/clock.ts'
import { forever, openBench } from '../support/controller.ts'
import {
  looks,
  namespace,
  period,
  ref,
  scaledJob,
  stage,
  unreachable,
} from '../support/scaledjob.ts'

describe('a round', () => {
  test('creates as many Jobs as wait, at most maxReplicaCount, and says so', async (t) => {
    const { bench, names, condition, records, object } = await stage(t, { maxReplicaCount: 3 }, 5)
    assert.deepEqual(await names(), ['work-1', 'work-2', 'work-3'])
    assert.equal(await condition('Ready'), 'True ScaledJobReady')
    assert.equal(await condition('Active'), 'True ScalerActive')
    assert.ok((await records()).includes('queued'))
    const { status, metadata } = await object()
    assert.equal(status?.triggersTypes, 'queue')
    assert.ok(status?.lastActiveTime)
    assert.deepEqual(metadata.finalizers, ['finalizer.keda.sh'])
    const told = (await bench.events('work')).map((line) => line.split(':')[0])
    for (const reason of [
      'KEDAScalersStarted',
      'ScaledJobReady',
      'ScaledJobActive',
      'KEDAJobsCreated',
    ])
      assert.ok(told.includes(`Normal ${reason}`), `${reason} in ${told.join()}`)
  })

  test('comes once a period, and counts the Jobs that run', async (t) => {
    const { bench, names, because } = await stage(t, { maxReplicaCount: 10 }, 2)
    await bench.clock.advance(7_000)
    assert.equal((await names()).length, 2)
    bench.source.queues.set('work', 5)
    await bench.clock.advance(2 * period)
    assert.equal((await names()).length, 5)
    await bench.clock.advance(30_000)
    assert.equal((await names()).length, 5)
    assert.equal(await because(), 'enough')
  })

  test('makes Jobs as KEDA makes them: labels, annotations, owner, template', async (t) => {
    const { jobs, object } = await stage(t, { maxReplicaCount: 1 }, 1, {
      metadata: {
        labels: { team: 'a', secret: 'b' },
        annotations: { note: 'n', 'scaledjob.keda.sh/job-excluded-labels': 'secret' },
      },
    })
    const [job] = await jobs()
    const { uid, generation } = (await object()).metadata
    assert.partialDeepStrictEqual(job, {
      metadata: {
        labels: {
          'app.kubernetes.io/name': 'work',
          'app.kubernetes.io/part-of': 'work',
          'app.kubernetes.io/managed-by': 'keda-operator',
          'scaledjob.keda.sh/name': 'work',
          team: 'a',
        },
        annotations: { note: 'n', 'scaledjob.keda.sh/generation': String(generation) },
        ownerReferences: [{ kind: 'ScaledJob', name: 'work', uid, controller: true }],
      },
      spec: {
        template: {
          metadata: { labels: { 'scaledjob.keda.sh/name': 'work' } },
          spec: { restartPolicy: 'OnFailure' },
        },
      },
    })
    assert.equal(job?.metadata.labels?.['secret'], undefined)
  })

  test('keeps minReplicaCount Jobs running whatever waits', async (t) => {
    const { bench, names, finish, records } = await stage(t, { minReplicaCount: 2 }, 0)
    assert.deepEqual(await names(), ['work-1', 'work-2'])
    assert.ok((await records()).includes('below-min'))
    await finish('work-1')
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-1', 'work-2', 'work-3'])
  })

  test('with accurate, counts those that wait for a node as taking from the queue', async (t) => {
    const { bench, names } = await stage(
      t,
      { maxReplicaCount: 10, scalingStrategy: { strategy: 'accurate' } },
      3,
      { embedded: { podStart: 3_600_000 } },
    )
    await bench.clock.advance(41_000)
    assert.equal((await names()).length, 3)
  })

  test('with accurate, creates for what waits beside Jobs that run', async (t) => {
    const { bench, names } = await stage(
      t,
      { maxReplicaCount: 10, scalingStrategy: { strategy: 'accurate' } },
      3,
    )
    // the next poll, whenever it is
    while ((await names()).length === 3) await bench.clock.advance(100)
    assert.equal((await names()).length, 6)
    await bench.clock.advance(30_000)
    assert.equal((await names()).length, 10)
  })

  test('creates nothing on an unread source, and goes on when it is back', async (t) => {
    const { bench, names, condition, because } = await stage(t, {}, unreachable)
    await bench.clock.advance(60_000)
    assert.deepEqual(await names(), [])
    assert.equal(await condition('Ready'), 'False TriggerError')
    assert.equal(await because(), 'failing-blind')
    bench.source.queues.set('work', 1)
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-1'])
    assert.equal(await condition('Ready'), 'True ScaledJobReady')
  })

  test('goes by the triggers that can be read', async (t) => {
    const triggers = ['work', 'other'].map((queue) => ({
      type: 'queue',
      metadata: { queue, length: '1' },
    }))
    const { bench, names, condition } = await stage(t, { triggers }, unreachable)
    bench.source.queues.set('other', 2)
    await bench.clock.advance(22_000)
    assert.equal((await names()).length, 2)
    assert.equal(await condition('Ready'), 'Unknown PartialTriggerError')
  })

  test('writes nothing where it finds the same', async (t) => {
    const { bench } = await stage(t, { maxReplicaCount: 2 }, 2)
    await bench.clock.advance(30_000)
    bench.writes.length = 0
    await bench.clock.advance(3_600_000 / 2)
    assert.deepEqual(bench.writes, [])
  })

  test('is recorded so that it can be decided again', async (t) => {
    const { bench } = await stage(t, { maxReplicaCount: 3 }, 2)
    bench.source.queues.set('work', 9)
    await bench.clock.advance(40_000)
    const view = await bench.controller().insight.get(namespace, 'work')
    assert.ok((view?.records.length ?? 0) >= 2)
    for (const { situation, decision } of view?.records ?? [])
      assert.deepEqual(decideJobs(JSON.parse(JSON.stringify(situation))), decision)
  })
})

describe('Jobs that have ended', () => {
  test('go beyond the history limits, those first that ended first', async (t) => {
    const { bench, names, finish } = await stage(
      t,
      { maxReplicaCount: 4, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 },
      4,
    )
    bench.source.queues.set('work', 0)
    await finish('work-2')
    await bench.clock.advance(1_000)
    await finish('work-1')
    await finish('work-3', 'Failed')
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-1', 'work-4'])
  })
  test('go after a conflict too: one whose deletion met one is deleted once the conflict has passed', async (t) => {
    const { bench, finish, names } = await stage(t, { successfulJobsHistoryLimit: 0 }, 2)
    let conflicts = 1
    bench.cluster.setFaults({
      before({ verb, resource, name }) {
        if (verb === 'remove' && resource === 'jobs' && conflicts-- > 0)
          throw failure('CLUSTER_CONFLICT', { what: name })
      },
    })
    bench.source.queues.set('work', 0)
    await finish('work-1')
    await finish('work-2')
    await bench.clock.advance(3_000)
    assert.deepEqual(await names(), [])
  })
})

describe('a change of the spec', () => {
  const template = { metadata: { labels: { v: '2' } } }
  test('deletes the Jobs of the version before, and none of its own', async (t) => {
    const { bench, names, change } = await stage(t, { maxReplicaCount: 2 }, 2)
    await change({ spec: { jobTargetRef: { template } } })
    await bench.clock.advance(20_000)
    assert.deepEqual(await names(), ['work-3', 'work-4'])
    const told = (await bench.events('work')).map((line) => line.split(':')[0])
    assert.ok(told.includes('Normal ScaledJobRolloutCleanupStarted'))
    assert.ok(told.includes('Normal ScaledJobRolloutCleanupCompleted'))
  })
  test('keeps them where the rollout is gradual', async (t) => {
    const rollout = { strategy: 'gradual' }
    const { bench, names, change } = await stage(t, { maxReplicaCount: 2, rollout }, 2)
    await change({ spec: { jobTargetRef: { template } } })
    await bench.clock.advance(20_000)
    assert.deepEqual(await names(), ['work-1', 'work-2'])
  })
  test('that cannot be followed deletes and creates nothing, and says what is wrong', async (t) => {
    const { bench, names, change, condition } = await stage(t, { maxReplicaCount: 2 }, 2)
    bench.source.queues.set('work', 9)
    await change({ spec: { maxReplicaCount: 5, triggers: [{ type: 'unknown', metadata: {} }] } })
    await bench.clock.advance(60_000)
    assert.deepEqual(await names(), ['work-1', 'work-2'])
    assert.equal(await condition('Ready'), 'False ScaledJobCheckFailed')
  })
})

describe('a pause', () => {
  const annotations = { 'autoscaling.keda.sh/paused': 'true' }
  test('creates nothing, leaves Jobs alone, and ends at once', async (t) => {
    const { bench, names, change, condition } = await stage(t, {}, 3, { metadata: { annotations } })
    await bench.clock.advance(60_000)
    assert.deepEqual(await names(), [])
    assert.equal(await condition('Paused'), 'True ScaledJobPaused')
    await change({ metadata: { annotations: { 'autoscaling.keda.sh/paused': null } } })
    assert.equal((await names()).length, 3)
    assert.equal(await condition('Paused'), 'False ScaledJobUnpaused')
  })
})

describe('deletion', () => {
  test('takes the finalizer off; the Jobs go with their owner', async (t) => {
    const { bench, names } = await stage(t, {}, 2)
    await bench.cluster.remove(kinds.scaledJob, ref, {}, forever)
    await bench.clock.advance(10_000)
    assert.equal(await bench.cluster.get(kinds.scaledJob, ref, forever), undefined)
    assert.deepEqual(await names(), [])
  })
})

describe('in shadow', () => {
  test('decides and records, and writes nothing', async (t) => {
    const { bench, names, because } = await stage(t, {}, 3, { shared: { writes: () => false } })
    await bench.clock.advance(60_000)
    assert.deepEqual(await names(), [])
    assert.equal(await because(), 'queued')
    assert.deepEqual(bench.writes, [])
  })

  test('and one whose Lease is gone says standby', async (t) => {
    const shared = { writes: () => false, standsBy: () => true }
    const { bench, names } = await stage(t, {}, 3, { shared })
    await bench.clock.advance(60_000)
    assert.deepEqual(await names(), [])
    assert.deepEqual(bench.writes, [])
    const view = await bench.controller().insight.get(namespace, 'work')
    assert.equal(view?.mode, 'standby')
    assert.deepEqual(view.records.at(-1)?.write, { kind: 'standby', from: 0, to: 3 })
  })

  test('by its annotation, writes nothing until that goes; deletion waits for nobody', async (t) => {
    const annotations = { 'ebb.dev/mode': 'shadow' }
    const { bench, names, because, change, finish } = await stage(
      t,
      { maxReplicaCount: 3, successfulJobsHistoryLimit: 0 },
      3,
      { metadata: { annotations } },
    )
    await bench.clock.advance(60_000)
    assert.deepEqual(bench.writes, [])
    assert.equal(await because(), 'queued')
    assert.equal((await bench.controller().insight.get(namespace, 'work'))?.mode, 'shadow')
    await change({ metadata: { annotations: { 'ebb.dev/mode': null } } })
    await bench.clock.advance(2 * period)
    assert.equal((await names()).length, 3)
    await change({ metadata: { annotations } })
    bench.writes.length = 0
    await finish('work-1')
    await change({ spec: { jobTargetRef: { template: { metadata: { labels: { v: '2' } } } } } })
    await bench.clock.advance(3 * period)
    assert.deepEqual(bench.writes, [])
    await bench.cluster.remove(kinds.scaledJob, ref, {}, forever)
    await bench.clock.advance(2_000)
    assert.equal(await bench.cluster.get(kinds.scaledJob, ref, forever), undefined)
  })
})

test('after a start, Jobs that no mirror shows yet are counted, and their numbers are not used again', async () => {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  const nobody = { of: () => new Map<string, KeptJob>(), stale: false, close() {} }
  const object = await cluster.create(kinds.scaledJob, scaledJob(), forever)
  const open = (): JobBook =>
    createJobBook({ ...ref, created: 0, madeBefore: false }, nobody, cluster, clock)
  const make = (book: JobBook, count: number): ReturnType<typeof makeJobs> => {
    const parts = { cluster, book, limited: limit(1), version: 'test', goesOn: () => true }
    return makeJobs(object, count, parts, forever)
  }
  const names = (book: JobBook): readonly string[] => Array.from(book.all(), (job) => job.name)

  const before = open()
  await before.list(forever)
  await make(before, 3)
  const book = open()
  assert.equal(book.listed, false)
  await book.list(forever)
  assert.deepEqual(names(book), ['work-1', 'work-2', 'work-3'])
  assert.equal((await make(book, 1)).made, 1)
  assert.deepEqual(names(book).at(-1), 'work-4')
  await cluster.remove(kinds.job, { namespace, name: 'work-4' }, {}, forever)
  await clock.advance(31_000)
  assert.equal(book.listed, false, 'a mirror that shows nothing for so long is not believed')
  assert.equal(book.doubtful, true)
  assert.equal(names(book).length, 4)
  await book.list(forever)
  assert.equal(book.doubtful, false)
  assert.equal(names(book).length, 3)
  await make(book, 1)
  assert.deepEqual(names(book).at(-1), 'work-5')
  await cluster.close()
})

test('Jobs that came and went before anybody looked take nobody’s place for ever', async (t) => {
  const { bench, names, because } = await stage(t, { maxReplicaCount: 2 }, 0)
  await bench.clock.advance(period)
  let gone = 0
  bench.cluster.setFaults({
    before({ verb, resource }) {
      if (verb === 'create' && resource === 'jobs' && gone === 0) bench.cluster.muteWatches()
    },
    after({ verb, resource }) {
      if (verb !== 'create' || resource !== 'jobs' || gone === 2) return
      const name = `work-${++gone}`
      void bench.cluster.remove(kinds.job, { namespace, name }, {}, forever)
    },
  })
  bench.source.queues.set('work', 5)
  await bench.clock.advance(2 * period)
  assert.deepEqual(await names(), [])
  assert.equal(await because(), 'enough')
  await bench.clock.advance(60_000)
  assert.deepEqual(await names(), ['work-3', 'work-4'])
})

describe('creation', () => {
  test('that is refused is told, and tried again', async (t) => {
    const bench = await openBench({ embedded: { jobRun: 3_600_000 } })
    t.after(() => bench.close())
    const { names } = looks(bench)
    bench.source.queues.set('work', 2)
    bench.cluster.setFaults({
      before({ verb, resource }) {
        if (verb === 'create' && resource === 'jobs')
          throw failure('CLUSTER_FORBIDDEN', { what: 'creating jobs', why: 'quota' })
      },
    })
    await bench.cluster.create(kinds.scaledJob, scaledJob(), forever)
    await bench.clock.advance(3_000)
    assert.ok((await bench.events('work')).some((e) => e.startsWith('Warning KEDAJobCreateFailed')))
    bench.cluster.setFaults({})
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-1', 'work-2'])
  })

  test('never makes a Job twice: answers lost, crashes and stale mirrors, any seed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.constantFrom('ok', 'lost', 'refused', 'crash'), { maxLength: 12 }),
        fc.boolean(),
        async (queue, faults, muted) => {
          const bench = await openBench({ embedded: { jobRun: 36_000_000 } })
          const { names } = looks(bench)
          bench.source.queues.set('work', queue)
          const script = [...faults]
          let crash = false
          const lost = (): never => {
            throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'cut' })
          }
          const isCreate = (verb: string, resource: string): boolean =>
            verb === 'create' && resource === 'jobs'
          bench.cluster.setFaults({
            before({ verb, resource }) {
              if (!isCreate(verb, resource)) return
              // from the first Job on, no mirror sees any
              if (muted) bench.cluster.muteWatches()
              if (script[0] === 'refused') {
                script.shift()
                lost()
              }
            },
            after({ verb, resource }) {
              if (!isCreate(verb, resource)) return
              const fate = script.shift()
              if (fate === 'crash') crash = true
              if (fate === 'lost' || fate === 'crash') lost()
            },
          })
          await bench.cluster.create(kinds.scaledJob, scaledJob({ maxReplicaCount: 20 }), forever)
          for (let i = 0; i < 40; i++) {
            await bench.clock.advance(5_000)
            if (crash) await bench.restart()
            crash = false
            const there = await names()
            assert.ok(there.length <= queue, `${there.join()} for ${queue}`)
          }
          bench.cluster.setFaults({})
          await bench.restart()
          await bench.clock.advance(25_000)
          assert.equal((await names()).length, queue)
          await bench.close()
        },
      ),
      { numRuns: 60, seed: 1 },
    )
  })
})
