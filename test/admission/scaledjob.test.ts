import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fieldText } from '../../src/admission/problem.ts'
import { scaledJobProblems } from '../../src/admission/scaledjob.ts'
import type { ScaledJob, ScaledJobSpec } from '../../src/resources.ts'

const queue = { type: 'azure-queue', metadata: { queueName: 'q' } }
const scaledJob = (difference: Partial<ScaledJobSpec>): ScaledJob => ({
  metadata: { namespace: 'shop', name: 'videos' },
  spec: {
    jobTargetRef: { template: { spec: { containers: [{ name: 'main' }] } } },
    triggers: [queue],
    ...difference,
  },
})

/** Each as `weight field: message`. */
const problems = (object: ScaledJob): readonly string[] =>
  scaledJobProblems(object).map(
    ({ weight, path, message }) => `${weight} ${fieldText(path)}: ${message}`,
  )

type Row = [name: string, difference: Partial<ScaledJobSpec>, expected: RegExp[]]

describe('a ScaledJob by itself (5.1, 9.4)', () => {
  const rows: Row[] = [
    ['that is in order', {}, []],
    ['with more at least than at most, as in KEDA', { minReplicaCount: 9, maxReplicaCount: 2 }, []],
    ['without triggers', { triggers: [] }, [/^refused spec\.triggers: .*at least one trigger/]],
    [
      'with two triggers of one name',
      { triggers: [queue, queue].map((one) => ({ ...one, name: 'a' })) },
      [/^refused spec\.triggers\[1\]\.name: two triggers are named a/],
    ],
    [
      'with a metricType',
      { triggers: [{ ...queue, metricType: 'Value' }] },
      [/^broken spec\.triggers\[0\]\.metricType: .*take it out/],
    ],
    [
      'with useCachedMetrics',
      { triggers: [{ ...queue, useCachedMetrics: true }] },
      [/^warning spec\.triggers\[0\]\.useCachedMetrics: .*no effect/],
    ],
    [
      'with a custom strategy',
      { scalingStrategy: { strategy: 'custom', customScalingRunningJobPercentage: '0.5' } },
      [],
    ],
    ...[
      [undefined, 'is not set'],
      ['half', 'is no number: "half"'],
    ].map(([percentage, why]): Row => [
      `with a custom strategy whose percentage ${why}`,
      {
        scalingStrategy: {
          strategy: 'custom',
          ...(percentage !== undefined && { customScalingRunningJobPercentage: percentage }),
        },
      },
      [
        new RegExp(
          `^warning spec\\.scalingStrategy\\.customScalingRunningJobPercentage: .*default is followed: .*${why}`,
        ),
      ],
    ]),
    [
      'on cpu',
      { triggers: [{ type: 'cpu', metadata: { value: '50' } }] },
      [/^warning spec\.triggers\[0\]\.type: trigger type cpu has no effect/],
    ],
    ['without a template', { jobTargetRef: {} }, [/^broken spec\.jobTargetRef: .*one container/]],
    [
      'without containers',
      { jobTargetRef: { template: { spec: { containers: [] } } } },
      [/^broken spec\.jobTargetRef: .*one container/],
    ],
  ]
  for (const [name, difference, expected] of rows)
    test(name, () => {
      const found = problems(scaledJob(difference))
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [at, pattern] of expected.entries()) assert.match(found[at] ?? '', pattern)
    })

  test('without a spec is refused for its triggers, and harms nobody', () => {
    const bare = { metadata: { name: 'bare' } } as ScaledJob // a definition of KEDA's lets it in
    assert.match(problems(bare).join('\n'), /spec\.triggers: .*at least one/)
  })
})
