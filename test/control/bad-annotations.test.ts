import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { reasonOf } from '../../src/errors.ts'
import { kinds, type Kind } from '../../src/kinds.ts'
import type { Condition, Resource } from '../../src/resources.ts'
import { type Bench, deployment, forever, openBench, scaledObject } from '../support/controller.ts'
import { scaledJob } from '../support/scaledjob.ts'

const words = 'true false yes x __proto__ ../.. {} ,,, *'.split(' ')
const numbers = '-1 0 1.5 1e9 NaN Infinity 2147483648'.split(' ')
const values: readonly string[] = [
  ...words,
  ...numbers,
  '',
  '   ',
  '💥\u202Eπ\n',
  '9'.repeat(400),
  'x'.repeat(200_000),
  'a,'.repeat(60_000),
]

const keda = 'autoscaling.keda.sh/'
const pauses = ['paused', 'paused-replicas', 'paused-scale-in', 'paused-scale-out']
const forScaledObjects: readonly string[] = [
  ...[...pauses, 'force-activation'].map((name) => keda + name),
  'scaledobject.keda.sh/transfer-hpa-ownership',
  'scaledobject.keda.sh/hpa-excluded-labels',
  ...['scaling', 'mode', 'demand', 'hold-on', 'idle-label', 'copied-keys'].map(
    (name) => `ebb.dev/${name}`,
  ),
]
const forScaledJobs: readonly string[] = [
  `${keda}paused`,
  'scaledjob.keda.sh/job-excluded-labels',
  'scaledjob.keda.sh/generation',
  'ebb.dev/mode',
]
const forAuthentications: readonly string[] = [
  'ebb.dev/allowed-namespaces',
  'ebb.dev/allowed-endpoints',
]

let bench: Bench
let messages = 0
before(async () => {
  bench = await openBench({ hpasRead: true, embedded: { jobRun: 3_600_000 } })
  for (const name of ['orders', 'bad'])
    await bench.cluster.create(kinds.deployment, deployment(name), forever)
  const good = scaledObject({ pollingInterval: 1, cooldownPeriod: 1 })
  await bench.cluster.create(kinds.scaledObject, good, forever)
  await bench.clock.advance(1_000)
})
after(() => bench.close())

/** The other workload still follows its source, up and down again. */
async function unharmed(): Promise<void> {
  messages = messages === 0 ? 3 : 0
  bench.source.queues.set('orders', messages)
  await bench.clock.advance(4_000)
  assert.equal(await bench.replicas(), messages === 0 ? 0 : 1)
  assert.equal((await bench.condition('Ready')).status, 'True')
}

interface Stored extends Resource {
  readonly status?: { readonly conditions?: readonly Condition[] }
}

/** It is told how it stands in few words, no count is one that nobody asked for, and it can be deleted. */
async function stands(kind: Kind<Resource>, name: string, most: number): Promise<void> {
  const ref = { namespace: 'default', name }
  await bench.clock.advance(1_500)
  const found: Stored | undefined = await bench.cluster.get(kind, ref, forever)
  const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready')
  const { status = 'absent', message = '' } = ready ?? {}
  const replicas = await bench.replicas('bad')
  const jobs = (await bench.cluster.list(kinds.job, { namespace: 'default' }, forever)).items.length
  await bench.cluster.remove(kind, ref, {}, forever)
  await bench.clock.advance(500)
  assert.equal(await bench.cluster.get(kind, ref, forever), undefined, 'it can be deleted')
  assert.ok(Number.isInteger(replicas) && replicas >= 0 && replicas <= most, `${replicas}`)
  assert.ok(jobs <= 3, `${jobs} Jobs`)
  // in shadow mode nothing is written
  if (status === 'absent') return
  assert.ok(['True', 'False', 'Unknown'].includes(status), status)
  assert.ok(message !== '' && message.length <= 4_001, `${message.length} characters`)
  assert.ok(!/\bat .*\.ts:|undefined|\[object/.test(message), message.slice(0, 300))
}

const collect = async (tries: (value: string) => Promise<void>): Promise<void> => {
  const complaints: string[] = []
  for (const value of values)
    await tries(value).catch((error: unknown) =>
      complaints.push(`"${value.slice(0, 30)}": ${reasonOf(error).slice(0, 300)}`),
    )
  assert.deepEqual(complaints, [])
  await unharmed()
}

void describe('an annotation with a value that nobody means harms nobody', () => {
  for (const key of forScaledObjects)
    void it(`of a ScaledObject: ${key}`, () =>
      collect(async (value) => {
        bench.source.queues.set('bad', 7)
        const object = scaledObject(
          { pollingInterval: 1, cooldownPeriod: 1 },
          { name: 'bad', annotations: { [key]: value } },
        )
        await bench.cluster.create(kinds.scaledObject, object, forever)
        // a count to pause at is the user's word, beyond the maximum too
        await stands(kinds.scaledObject, 'bad', 10)
      }))
  for (const key of forScaledJobs)
    void it(`of a ScaledJob: ${key}`, () =>
      collect(async (value) => {
        bench.source.queues.set('work', 3)
        await bench.cluster.create(
          kinds.scaledJob,
          scaledJob({}, { annotations: { [key]: value } }),
          forever,
        )
        await stands(kinds.scaledJob, 'work', 10)
      }))
  for (const kind of [kinds.triggerAuthentication, kinds.clusterTriggerAuthentication])
    for (const key of forAuthentications)
      void it(`of a ${kind.kind}: ${key}`, () =>
        collect(async (value) => {
          const namespace = kind.namespaced ? { namespace: 'default' } : {}
          const metadata = { name: 'bad', annotations: { [key]: value }, ...namespace }
          await bench.cluster.create(kind, { metadata, spec: {} }, forever)
          const metadataOfTrigger = { queue: 'bad' }
          const authenticationRef = { name: 'bad', kind: kind.kind }
          const triggers = [{ type: 'queue', metadata: metadataOfTrigger, authenticationRef }]
          await bench.cluster.create(
            kinds.scaledObject,
            scaledObject({ triggers }, { name: 'bad' }),
            forever,
          )
          try {
            await stands(kinds.scaledObject, 'bad', 10)
          } finally {
            await bench.cluster.remove(kind, { namespace: '', ...metadata }, {}, forever)
          }
        }))
})
