import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { Job, ScaledJob, ScaledJobSpec } from '../../src/resources.ts'
import { error, type Answer } from '../../src/scaler.ts'
import { forever, openBench, type Bench, type BenchOptions } from './controller.ts'

export const namespace = 'default'
/** Of a ScaledJob (ms); the first poll comes at once, the second within two of these. */
export const period = 10_000
export const ref = { namespace, name: 'work' }
export const unreachable: Answer<number> = error(
  failure('SOURCE_UNREACHABLE', { address: 'queue', why: 'gone' }),
)

export const scaledJob = (
  spec: Partial<ScaledJobSpec> = {},
  metadata: Partial<ScaledJob['metadata']> = {},
): ScaledJob => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledJob',
  metadata: { ...ref, ...metadata },
  spec: {
    jobTargetRef: { template: { spec: { containers: [{ name: 'main', image: 'image' }] } } },
    pollingInterval: 10,
    triggers: [{ type: 'queue', metadata: { queue: 'work', length: '1' } }],
    ...spec,
  },
})

/** A controller with one ScaledJob; its Jobs run for an hour unless the options say otherwise. */
export async function stage(
  t: TestContext,
  spec: Partial<ScaledJobSpec>,
  queue: number | Answer<number>,
  options: BenchOptions & { readonly metadata?: Partial<ScaledJob['metadata']> } = {},
) {
  const bench = await openBench({
    ...options,
    embedded: { jobRun: 3_600_000, ...options.embedded },
  })
  t.after(() => bench.close())
  bench.source.queues.set('work', queue)
  await bench.cluster.create(kinds.scaledJob, scaledJob(spec, options.metadata), forever)
  await bench.clock.advance(2_000)
  return { bench, ...looks(bench) }
}

export function looks(bench: Bench) {
  const { cluster, clock, controller } = bench
  const jobs = async (): Promise<readonly Job[]> =>
    (await cluster.list(kinds.job, { namespace }, forever)).items
  const object = async (): Promise<ScaledJob> => {
    const found = await cluster.get(kinds.scaledJob, ref, forever)
    return found ?? assert.fail('no ScaledJob')
  }
  return {
    jobs,
    object,
    events: async () => (await bench.events('work')).map((line) => line.split(':')[0]),
    names: async () => (await jobs()).map((job) => job.metadata.name),
    change: async (patch: object) => {
      await cluster.patch(kinds.scaledJob, ref, patch, {}, forever)
      await clock.advance(1_000)
    },
    condition: async (type: string) => {
      const found = (await object()).status?.conditions?.find((c) => c.type === type)
      return `${found?.status} ${found?.reason ?? ''}`
    },
    records: async () =>
      (await controller().insight.get(namespace, 'work'))?.records.map((r) => r.decision.because) ??
      [],
    because: async () =>
      (await controller().insight.get(namespace, 'work'))?.decision?.because ?? 'none',
    finish: async (name: string, how: 'Complete' | 'Failed' = 'Complete') => {
      const lastTransitionTime = new Date(clock.now()).toISOString()
      await cluster.patch(
        kinds.job,
        { namespace, name },
        {
          status: {
            ...(how === 'Complete' && { completionTime: lastTransitionTime }),
            conditions: [{ type: how, status: 'True', lastTransitionTime }],
          },
        },
        { subresource: 'status' },
        forever,
      )
    },
  }
}

/** A trigger for each queue, one Job for a message. */
export const queues = (...names: string[]) =>
  names.map((queue) => ({ type: 'queue', metadata: { queue, length: '1' } }))
