import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createJudge, type Facts } from '../../src/admission/judge.ts'
import { neighboursAmong } from '../../src/admission/neighbours.ts'
import { fieldText } from '../../src/admission/problem.ts'
import { kinds } from '../../src/kinds.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { type Bench, deployment, forever, openBench, scaledObject } from '../support/controller.ts'

type Spec = Partial<ScaledObject['spec']>

interface Row {
  readonly name: string
  readonly spec?: Spec
  readonly annotations?: Readonly<Record<string, string>>
  /** The field that the webhook names; none where only the cluster knows. */
  readonly field?: string
  /** What the Ready condition says where the webhook was not there. */
  readonly says: RegExp
}

const queue = (metadata: Readonly<Record<string, string>>): Spec => ({
  triggers: [{ type: 'queue', metadata }],
})
const named = (...names: readonly string[]): Spec['triggers'] =>
  names.map((name) => ({ type: 'queue', name, metadata: { queue: name } }))
const formula = (text: string, more: object = {}): Spec => ({
  triggers: named('a', 'b') ?? [],
  advanced: { scalingModifiers: { formula: text, target: '2', ...more } },
})
const hpa = (config: object): Spec => ({ advanced: { horizontalPodAutoscalerConfig: config } })

/** Fields that have the form of their type and mean nothing: whoever sees them first names them. */
const rows: readonly Row[] = [
  {
    name: 'a target that is not there',
    spec: { scaleTargetRef: { name: 'nobody' } },
    says: /Deployment nobody does not exist; .*spec\.scaleTargetRef/,
  },
  {
    name: 'a target of a kind that is not there',
    spec: { scaleTargetRef: { name: 'bad', kind: 'Robot', apiVersion: 'e.com/v1' } },
    says: /no kind Robot in e\.com\/v1; correct spec\.scaleTargetRef/,
  },
  {
    name: 'a version that is none',
    spec: { scaleTargetRef: { name: 'bad', apiVersion: '///' } },
    says: /spec\.scaleTargetRef/,
  },
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
  ...['many', '1.5', '05', '1e3', 'NaN', '9223372036854775808', '\u0665'].map((length): Row => ({
    name: `a whole number that is none: ${length}`,
    spec: queue({ queue: 'bad', length }),
    field: 'spec.triggers[0].metadata.length',
    says: /length must be a whole number/,
  })),
  {
    name: 'every parameter of every trigger at once',
    spec: {
      triggers: [
        { type: 'queue', metadata: { length: 'x' } },
        { type: 'queue', metadata: { queue: 'q', activation: 'y' } },
      ],
    },
    field: 'spec.triggers[0].metadata',
    says: /queue is required.*length must be.*activation must be/,
  },
  {
    name: 'a metric type that no HPA takes',
    spec: { triggers: [{ type: 'queue', metadata: { queue: 'q' }, metricType: 'Median' }] },
    field: 'spec.triggers[0].metricType',
    says: /metricType .* must be AverageValue or Value, not "Median"/,
  },
  {
    name: 'a name twice',
    spec: { triggers: named('a', 'a') ?? [] },
    field: 'spec.triggers[1].name',
    says: /two triggers are named a/,
  },
  {
    name: 'a minimum above the maximum',
    spec: { minReplicaCount: 11 },
    field: 'spec.minReplicaCount',
    says: /minReplicaCount 11 must not be above maxReplicaCount 10/,
  },
  {
    name: 'an idle count that is not below the minimum',
    spec: { idleReplicaCount: 3, minReplicaCount: 3 },
    field: 'spec.idleReplicaCount',
    says: /idleReplicaCount 3 must be below/,
  },
  ...(
    [
      ['a +', 'formula'],
      ['a > b', 'formula'],
      ['c', 'formula'],
      ['import("fs")', 'formula'],
      ['a'.repeat(20_000), 'formula'],
      ['('.repeat(1_000), 'formula'],
    ] as const
  ).map(([text, part]): Row => ({
    name: `a formula that is none: ${text.slice(0, 20)}`,
    spec: formula(text),
    field: `spec.advanced.scalingModifiers.${part}`,
    says: /scalingModifiers: formula /,
  })),
  {
    name: 'a target of the formula that is none',
    spec: formula('a', { target: '-1' }),
    field: 'spec.advanced.scalingModifiers.target',
    says: /scalingModifiers: target must be/,
  },
  {
    name: 'an activation that is none',
    spec: formula('a', { activationTarget: 'some' }),
    field: 'spec.advanced.scalingModifiers.activationTarget',
    says: /scalingModifiers: activationTarget must be a number/,
  },
  {
    name: 'a name for the HPA that is too long',
    spec: hpa({ name: 'n'.repeat(64) }),
    // the definition sees to it: the form of a name
    field: 'spec.advanced.horizontalPodAutoscalerConfig.name',
    says: /advanced\.horizontalPodAutoscalerConfig\.name/,
  },
  {
    name: 'a pause that is no number',
    annotations: { 'autoscaling.keda.sh/paused-replicas': '-1' },
    field: 'metadata.annotations["autoscaling.keda.sh/paused-replicas"]',
    says: /paused-replicas must be a whole number, not "-1"/,
  },
  {
    name: 'a mode that is none',
    annotations: { 'ebb.dev/mode': 'shadwo' },
    field: 'metadata.annotations["ebb.dev/mode"]',
    says: /annotation ebb\.dev\/mode must be shadow or active, not "shadwo"/,
  },
]

void describe('a field that means nothing', () => {
  const judge = createJudge()
  let bench: Bench
  before(async () => {
    bench = await openBench()
    await bench.cluster.create(kinds.deployment, deployment('bad'), forever)
  })
  after(() => bench.close())

  for (const { name, spec = {}, annotations, field, says } of rows)
    void it(`is named by the webhook, and by the condition without it: ${name}`, async () => {
      const object = scaledObject(spec, { name: 'bad', ...(annotations && { annotations }) })
      const facts: Facts = {
        neighbours: neighboursAmong([], []),
        target: undefined,
        judgesTarget: true,
        limits: [],
        types: ['queue'],
        scaler: () => bench.source.scaler,
        authentication: () => undefined,
      }
      const problems = judge.judge('ScaledObject', object, facts)
      const fields = problems.map(({ path }) => fieldText(path))
      assert.ok(field === undefined ? fields.length === 0 : fields.includes(field), fields.join())
      // refused by the definition, it never reaches the controller
      if (problems.some(({ rule }) => rule === 'structure')) {
        assert.match(fields.join(), says)
        return
      }
      await bench.cluster.create(kinds.scaledObject, object, forever)
      await bench.clock.advance(3_000)
      const { status, message } = await bench.condition('Ready', 'bad')
      const replicas = await bench.replicas('bad')
      const ref = { namespace: 'default', name: 'bad' }
      await bench.cluster.remove(kinds.scaledObject, ref, {}, forever)
      await bench.clock.advance(1_000)
      assert.equal(status, 'False', message)
      assert.match(message ?? '', says)
      assert.equal(replicas, 0)
    })
})
