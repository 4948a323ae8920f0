import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createJudge, type Facts } from '../../src/admission/judge.ts'
import { fieldText } from '../../src/admission/problem.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledJobSpec } from '../../src/resources.ts'
import { type Bench, forever, openBench } from '../support/controller.ts'
import { looks, ref, scaledJob } from '../support/scaledjob.ts'

interface Row {
  readonly name: string
  readonly spec: Partial<ScaledJobSpec>
  /** The field that the webhook names; none where only the cluster knows. */
  readonly field?: string
  /** What the Ready condition says; where it is in order, what it warns of is the webhook's alone. */
  readonly says: RegExp
}

const queue = (metadata: Readonly<Record<string, string>>, more: object = {}): Row['spec'] => ({
  triggers: [{ type: 'queue', metadata, ...more }],
})
const named = (name: string) => ({ type: 'queue', name, metadata: { queue: 'work' } })
const strategy = (scalingStrategy: NonNullable<ScaledJobSpec['scalingStrategy']>): Row['spec'] => ({
  scalingStrategy,
})

const rows: readonly Row[] = [
  {
    name: 'a type that there is none of',
    spec: { triggers: [{ type: 'unheard', metadata: {} }] },
    field: 'spec.triggers[0].type',
    says: /trigger type "unheard"/,
  },
  {
    name: 'a parameter that is missing',
    spec: queue({}),
    field: 'spec.triggers[0].metadata',
    says: /queue is required/,
  },
  ...['many', '1.5', 'NaN', '9'.repeat(30), '\u0665'].map((length): Row => ({
    name: `a whole number that is none: ${length}`,
    spec: queue({ queue: 'work', length }),
    field: 'spec.triggers[0].metadata.length',
    says: /length must be a whole number/,
  })),
  {
    name: 'a name twice',
    spec: { triggers: [named('a'), named('a')] },
    field: 'spec.triggers[1].name',
    says: /two triggers are named a/,
  },
  {
    name: 'a metricType, which there is no HPA for and which the definition drops',
    spec: queue({ queue: 'work' }, { metricType: 'Value' }),
    field: 'spec.triggers[0].metricType',
    says: /defined correctly/,
  },
  {
    name: 'a template without containers',
    spec: { jobTargetRef: { template: { spec: { containers: [] } } } },
    field: 'spec.jobTargetRef',
    says: /jobTargetRef needs a template with at least one container/,
  },
  {
    name: 'an authentication that is not there',
    spec: queue({}, { authenticationRef: { name: 'nobody' } }),
    says: /queue is required.*TriggerAuthentication nobody does not exist/,
  },
  {
    name: 'a container for the environment that is not there',
    spec: { ...queue({ queueFromEnv: 'QUEUE' }), envSourceContainerName: 'nobody' },
    says: /no container nobody/,
  },
  {
    name: 'a percentage that is none',
    spec: strategy({ strategy: 'custom', customScalingRunningJobPercentage: 'half' }),
    field: 'spec.scalingStrategy.customScalingRunningJobPercentage',
    says: /defined correctly/,
  },
]

void describe('a field of a ScaledJob that means nothing', () => {
  const judge = createJudge()
  let bench: Bench
  before(async () => {
    bench = await openBench({ embedded: { jobRun: 3_600_000 } })
    bench.source.queues.set('work', 3)
  })
  after(() => bench.close())

  for (const { name, spec, field, says } of rows)
    void it(`is named by the webhook, and by the condition without it: ${name}`, async () => {
      const object = scaledJob(spec)
      const facts: Facts = {
        neighbours: undefined,
        target: undefined,
        judgesTarget: true,
        limits: [],
        types: ['queue'],
        scaler: () => bench.source.scaler,
        authentication: () => undefined,
      }
      const fields = judge.judge('ScaledJob', object, facts).map(({ path }) => fieldText(path))
      if (field !== undefined) assert.ok(fields.includes(field), fields.join())
      await bench.cluster.create(kinds.scaledJob, object, forever)
      await bench.clock.advance(3_000)
      const { jobs, object: stored } = looks(bench)
      const ready = (await stored()).status?.conditions?.find(({ type }) => type === 'Ready')
      const count = (await jobs()).length
      await bench.cluster.remove(kinds.scaledJob, ref, {}, forever)
      await bench.clock.advance(2_000)
      assert.match(ready?.message ?? '', says)
      assert.equal(count > 0, ready?.status === 'True', `${count} Jobs`)
      assert.equal((await jobs()).length, 0)
    })
})
