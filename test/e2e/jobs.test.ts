import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { listOf, prometheusTrigger } from '../support/objects.ts'

/** A ScaledJob of one prometheus trigger whose query is its name; its Jobs run for so many seconds. */
const scaledJob = (name: string, url: string, seconds: number, spec: object = {}): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledJob',
  metadata: { name, namespace: 'default' },
  spec: {
    jobTargetRef: {
      template: {
        spec: {
          containers: [{ name: 'main', image: 'none', command: ['sh', '-c', `sleep ${seconds}`] }],
          restartPolicy: 'Never',
        },
      },
    },
    pollingInterval: 2,
    triggers: [prometheusTrigger(name, { url, metadata: { threshold: '1' } })],
    ...spec,
  },
})

test('ScaledJobs on a real control plane', { timeout: 300_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ pods: true, audit: true })
  const { plane, until } = installed
  const look = looksAt(plane)
  const source = await startFakePrometheus()
  t.after(() => source.close())

  const jobsOf = async (name: string): Promise<readonly string[]> => {
    const line = 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'
    const found = await plane.kubectl(
      'get',
      'jobs',
      '-l',
      `scaledjob.keda.sh/name=${name}`,
      '-o',
      line,
    )
    return found.split('\n').filter(Boolean)
  }
  const ready = (name: string): Promise<string> =>
    look.path('sj', name, '{.status.conditions[?(@.type=="Ready")].reason}')

  await t.test('what waits becomes Jobs, which end, and what has ended is trimmed', async () => {
    source.values.set('short', 3)
    const limits = { maxReplicaCount: 3, successfulJobsHistoryLimit: 1 }
    await plane.apply(listOf(scaledJob('short', source.url, 1, limits)))
    await until(
      'three Jobs are there',
      () => jobsOf('short'),
      (names) => names.length >= 3,
    )
    source.values.set('short', 0)
    await until(
      'one of them is kept',
      () => jobsOf('short'),
      (names) => names.length === 1,
      60,
    )
    assert.equal(await ready('short'), 'ScaledJobReady')
    await until(
      'it is not active any more',
      () => look.path('sj', 'short', '{.status.conditions[?(@.type=="Active")].status}'),
      (status) => status === 'False',
    )
  })

  await t.test(
    'killed in the middle of creating and started again, it doubles nothing',
    async () => {
      const wanted = 100
      const since = new Date().toISOString()
      const made = async (): Promise<number> =>
        (await look.requests(since)).filter(
          ({ verb, objectRef, responseStatus }) =>
            verb === 'create' && objectRef?.resource === 'jobs' && responseStatus?.code === 201,
        ).length
      source.values.set('long', wanted)
      await plane.apply(listOf(scaledJob('long', source.url, 600, { maxReplicaCount: wanted })))
      while ((await made()) === 0) await delay(2)
      await installed.ebb.kill()
      const before = await made()
      assert.ok(before < wanted, `all ${before} were created before it could be killed`)
      await installed.start()
      await until(
        'all are there',
        () => jobsOf('long'),
        (names) => names.length >= wanted,
        60,
      )
      const polls = source.exchanges.length
      await until(
        'it was polled again',
        async () => source.exchanges.length,
        (n) => n > polls + 4,
      )
      // those under way when it was killed may leave a number out, but none is there twice
      assert.equal((await jobsOf('long')).length, wanted)
      assert.equal(await made(), wanted)
    },
  )

  await t.test('another version of the spec takes the place of the Jobs before', async () => {
    source.values.set('rolled', 2)
    const limit = { maxReplicaCount: 2 }
    await plane.apply(listOf(scaledJob('rolled', source.url, 600, limit)))
    await until(
      'two Jobs are there',
      () => jobsOf('rolled'),
      (names) => names.length === 2,
    )
    await plane.apply(listOf(scaledJob('rolled', source.url, 601, limit)))
    await until(
      'two others are there',
      () => jobsOf('rolled'),
      (names) => names.length === 2 && !names.includes('rolled-1') && !names.includes('rolled-2'),
    )
    await plane.kubectl('delete', 'sj', 'rolled', '--timeout=30s')
    await until(
      'they go with their owner',
      () => jobsOf('rolled'),
      (names) => names.length === 0,
    )
  })
})
