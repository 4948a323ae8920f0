import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldText, type Rule, type Weight } from '../../src/admission/problem.ts'
import { problemsOf, scaledObjectProblems } from '../../src/admission/scaledobject.ts'
import { cpu, memory, modifiers, named, queue, scaledObject, type Spec } from './objects.ts'

type Found = readonly [rule: Rule, field: string, weight?: Weight]

interface Row {
  readonly name: string
  readonly spec?: Partial<Spec>
  readonly metadata?: Parameters<typeof scaledObject>[1]
  /** None: it is accepted. */
  readonly found?: readonly Found[]
  readonly says?: RegExp
}

const replicas = (field: string): readonly Found[] => [['incorrect-replicas', `spec.${field}`]]
const part = (field: string, weight?: Weight): readonly Found[] => [
  weight
    ? ['scaling-modifiers', `spec.advanced.scalingModifiers.${field}`, weight]
    : ['scaling-modifiers', `spec.advanced.scalingModifiers.${field}`],
]
const fallback = { failureThreshold: 3, replicas: 2 }

const rows: readonly Row[] = [
  { name: 'a plain one' },

  // keda-behaviour-ops.md, Appendix B.3
  {
    name: 'incorrect-replicas: idle 0 alone',
    spec: { idleReplicaCount: 0 },
    found: replicas('idleReplicaCount'),
    says: /idleReplicaCount 0 must be below minReplicaCount \(not set\)/,
  },
  { name: 'B.3: min 0, idle 0', spec: { minReplicaCount: 0, idleReplicaCount: 0 } },
  { name: 'B.3: min 1, idle 0', spec: { minReplicaCount: 1, idleReplicaCount: 0 } },
  {
    name: 'incorrect-replicas: min 1, idle 1',
    spec: { minReplicaCount: 1, idleReplicaCount: 1 },
    found: replicas('idleReplicaCount'),
  },
  { name: 'B.3: min 0, max 1', spec: { minReplicaCount: 0, maxReplicaCount: 1 } },
  {
    name: 'incorrect-replicas: min 5, max 3',
    spec: { minReplicaCount: 5, maxReplicaCount: 3 },
    found: replicas('minReplicaCount'),
    says: /minReplicaCount 5 must not be above maxReplicaCount 3/,
  },
  {
    name: 'B.3: min 2, max 2, idle 1',
    spec: { minReplicaCount: 2, maxReplicaCount: 2, idleReplicaCount: 1 },
  },
  {
    name: 'incorrect-replicas: min above the max of 100 that is not written',
    spec: { minReplicaCount: 101 },
    found: replicas('minReplicaCount'),
  },
  {
    name: 'incorrect-replicas: both at once',
    spec: { minReplicaCount: 5, maxReplicaCount: 3, idleReplicaCount: 9 },
    found: [...replicas('minReplicaCount'), ...replicas('idleReplicaCount')],
  },

  { name: 'a fallback', spec: { fallback } },
  {
    name: 'incorrect-fallback: negative threshold',
    spec: { fallback: { failureThreshold: -1, replicas: 2 } },
    found: [['incorrect-fallback', 'spec.fallback']],
  },
  {
    name: 'incorrect-fallback: negative replicas',
    spec: { fallback: { failureThreshold: 3, replicas: -2 } },
    found: [['incorrect-fallback', 'spec.fallback']],
  },
  {
    name: 'incorrect-fallback: only cpu and memory',
    spec: { fallback, triggers: [cpu, memory], minReplicaCount: 1 },
    found: [['incorrect-fallback', 'spec.fallback']],
    says: /neither cpu nor memory/,
  },
  { name: 'a fallback beside a cpu trigger', spec: { fallback, triggers: [cpu, queue] } },
  {
    name: 'scaling-modifiers-fallback: behavior without a formula',
    spec: { fallback: { ...fallback, behavior: 'scalingModifiers' } },
    found: [['scaling-modifiers-fallback', 'spec.fallback.behavior']],
  },
  {
    name: 'fallback by the formula',
    spec: {
      ...modifiers({ formula: 'a ?? b ?? 8', target: '2' }),
      fallback: { ...fallback, behavior: 'scalingModifiers' },
    },
  },

  { name: 'a name of 54 characters', metadata: { name: 'n'.repeat(54) } },
  {
    name: 'hpa-name-too-long: 55 characters',
    metadata: { name: 'n'.repeat(55) },
    found: [['hpa-name-too-long', 'metadata.name']],
  },
  {
    name: 'a long name whose HPA has a short one',
    metadata: { name: 'n'.repeat(63) },
    spec: { advanced: { horizontalPodAutoscalerConfig: { name: 'short' } } },
  },
  {
    name: 'hpa-name-too-long: the one that is given',
    spec: { advanced: { horizontalPodAutoscalerConfig: { name: 'n'.repeat(64) } } },
    found: [['hpa-name-too-long', 'spec.advanced.horizontalPodAutoscalerConfig.name']],
  },
  {
    name: 'name-too-long: 64 characters',
    metadata: { name: 'n'.repeat(64) },
    found: [['name-too-long', 'metadata.name']],
  },

  {
    name: 'incorrect-triggers: none',
    spec: { triggers: [] },
    found: [['incorrect-triggers', 'spec.triggers']],
  },
  {
    name: 'incorrect-triggers: one name twice',
    spec: { triggers: [named('a'), named('b'), named('a')] },
    found: [['incorrect-triggers', 'spec.triggers[2].name']],
  },
  { name: 'triggers without names', spec: { triggers: [queue, queue, named(''), named('')] } },
  ...['cpu', 'memory', 'cron'].map((type): Row => ({
    name: `incorrect-triggers: useCachedMetrics of ${type}`,
    spec: { triggers: [queue, { type, useCachedMetrics: true, metadata: {} }] },
    found: [['incorrect-triggers', 'spec.triggers[1].useCachedMetrics']],
  })),
  { name: 'useCachedMetrics', spec: { triggers: [{ ...queue, useCachedMetrics: true }] } },
  {
    name: 'metric-type: Utilization of a metric from outside',
    spec: { triggers: [{ ...queue, metricType: 'Utilization' }] },
    found: [['metric-type', 'spec.triggers[0].metricType', 'broken']],
  },
  { name: 'metricType Value', spec: { triggers: [{ ...queue, metricType: 'Value' }] } },

  {
    name: 'scaling-modifiers: target without a formula',
    spec: modifiers({ target: '2' }),
    found: part('formula'),
  },
  {
    name: 'scaling-modifiers: formula without a target',
    spec: modifiers({ formula: 'a' }),
    found: part('target'),
  },
  ...['0', '-1', 'x', '', '5 '].map((target): Row => ({
    name: `scaling-modifiers: target "${target}"`,
    spec: modifiers({ formula: 'a', target }),
    found: part('target'),
  })),
  { name: 'target 2.5', spec: modifiers({ formula: 'a', target: '2.5' }) },
  {
    name: 'scaling-modifiers: a target below a thousandth, which no HPA holds',
    spec: modifiers({ formula: 'a', target: '0.0001' }),
    found: part('target', 'broken'),
  },
  {
    name: 'scaling-modifiers: metricType Utilization',
    spec: modifiers({ formula: 'a', target: '2', metricType: 'Utilization' }),
    found: part('metricType'),
  },
  {
    name: 'scaling-modifiers: activationTarget that is no number',
    spec: modifiers({ formula: 'a', target: '2', activationTarget: 'x' }),
    found: part('activationTarget', 'broken'),
  },
  {
    name: 'scaling-modifiers: everything at once, and the target once only',
    spec: { ...modifiers({ formula: 'x', target: 'y', metricType: 'z' }), fallback },
    found: [...part('formula'), ...part('target'), ...part('metricType')],
  },

  {
    name: 'annotation: paused-replicas that is no number',
    metadata: { annotations: { 'autoscaling.keda.sh/paused-replicas': 'many' } },
    found: [
      ['annotation', 'metadata.annotations["autoscaling.keda.sh/paused-replicas"]', 'broken'],
    ],
  },
  {
    name: 'annotation: a name that nobody looks at',
    metadata: { annotations: { 'autoscaling.keda.sh/pause': 'true', 'other.io/pause': 'x' } },
    found: [['annotation', 'metadata.annotations["autoscaling.keda.sh/pause"]', 'warning']],
    says: /did you mean autoscaling\.keda\.sh\/paused\?/,
  },
  {
    name: 'annotation: a value that means nothing',
    metadata: { annotations: { 'ebb.dev/scaling': 'dirct', 'ebb.dev/mode': 'shadow' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/scaling"]', 'broken']],
    says: /must be direct or hpa, not "dirct"/,
  },
  {
    name: 'annotation: the sum of demands with a formula',
    spec: modifiers({ formula: 'a', target: '2' }),
    metadata: { annotations: { 'ebb.dev/demand': 'sum' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/demand"]']],
  },
  {
    name: 'annotation: to hold on a trigger that is not there',
    spec: { triggers: [named('a'), named('b')] },
    metadata: { annotations: { 'ebb.dev/hold-on': 'a, c' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/hold-on"]', 'broken']],
    says: /names the trigger "c"/,
  },
  {
    name: 'annotation: to hold on a trigger of a formula',
    spec: modifiers({ formula: 'a', target: '2' }),
    metadata: { annotations: { 'ebb.dev/hold-on': 'a' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/hold-on"]']],
    says: /does not go together with scalingModifiers/,
  },
  {
    name: 'annotation: to hold on the same trigger twice, which is no other one',
    spec: { triggers: [named('a'), named('b')] },
    metadata: { annotations: { 'ebb.dev/hold-on': 'a, a' } },
  },
  {
    name: 'annotation: to hold on all triggers',
    spec: { triggers: [named('a'), named('b')] },
    metadata: { annotations: { 'ebb.dev/hold-on': 'b,a' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/hold-on"]', 'broken']],
    says: /none is left that could ever add a replica/,
  },
  {
    name: 'annotation: to hold on nothing',
    spec: { triggers: [named('a')] },
    metadata: { annotations: { 'ebb.dev/hold-on': '' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/hold-on"]', 'broken']],
  },
  {
    name: 'annotation: to hold on what an HPA measures',
    spec: {
      triggers: [
        named('a'),
        { type: 'cpu', name: 'c', metricType: 'Utilization', metadata: { value: '50' } },
      ],
    },
    metadata: { annotations: { 'ebb.dev/hold-on': 'c' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/hold-on"]', 'broken']],
    says: /the cpu trigger "c", which an HPA measures/,
  },
  {
    name: 'annotation: what is for an HPA where there is none',
    spec: { advanced: { horizontalPodAutoscalerConfig: { name: 'mine' } } },
    metadata: {
      annotations: {
        'ebb.dev/scaling': 'direct',
        'scaledobject.keda.sh/transfer-hpa-ownership': 'true',
        'scaledobject.keda.sh/hpa-excluded-labels': 'a',
      },
    },
    found: [
      [
        'annotation',
        'metadata.annotations["scaledobject.keda.sh/transfer-hpa-ownership"]',
        'warning',
      ],
      ['annotation', 'metadata.annotations["scaledobject.keda.sh/hpa-excluded-labels"]', 'warning'],
      ['no-effect', 'spec.advanced.horizontalPodAutoscalerConfig.name', 'warning'],
    ],
    says: /has no effect with ebb\.dev\/scaling: direct/,
  },
  {
    name: 'annotation: what is for another kind',
    metadata: { annotations: { 'ebb.dev/allowed-endpoints': 'a:1', 'ebb.dev/copied-keys': 'x' } },
    found: [
      ['annotation', 'metadata.annotations["ebb.dev/allowed-endpoints"]', 'warning'],
      ['annotation', 'metadata.annotations["ebb.dev/copied-keys"]', 'warning'],
    ],
    says: /means nothing on a ScaledObject: it is for a TriggerAuthentication or/,
  },
  {
    name: 'annotation: an idle label that is none',
    metadata: {
      annotations: { 'ebb.dev/scaling': 'direct', 'ebb.dev/idle-label': 'work is idle' },
    },
    found: [['annotation', 'metadata.annotations["ebb.dev/idle-label"]', 'broken']],
    says: /must be a label as KEY or KEY=VALUE, not "work is idle"/,
  },
  {
    name: 'annotation: an idle label with an HPA',
    metadata: { annotations: { 'ebb.dev/idle-label': 'work=idle' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/idle-label"]', 'warning']],
    says: /has no effect without ebb\.dev\/scaling: direct/,
  },
  {
    name: 'annotation: an idle label of a StatefulSet',
    spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'a' } },
    metadata: { annotations: { 'ebb.dev/scaling': 'direct', 'ebb.dev/idle-label': 'idle' } },
    found: [['annotation', 'metadata.annotations["ebb.dev/idle-label"]', 'warning']],
    says: /has no effect on a StatefulSet/,
  },
  {
    name: 'annotations of all sorts that mean something',
    spec: { triggers: [named('a'), named('b')] },
    metadata: {
      annotations: {
        'ebb.dev/hold-on': 'a',
        'ebb.dev/idle-label': 'shop.example/work=idle',
        'ebb.dev/demand': 'sum',
        'ebb.dev/scaling': 'direct',
        'autoscaling.keda.sh/paused': '',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
      },
    },
  },
  {
    name: 'no-effect: cooldownPeriod with a minimum',
    spec: { cooldownPeriod: 5, minReplicaCount: 1 },
    found: [['no-effect', 'spec.cooldownPeriod', 'warning']],
  },
  {
    name: 'cooldownPeriod with a minimum and an idle count',
    spec: { cooldownPeriod: 5, minReplicaCount: 1, idleReplicaCount: 0 },
  },
  { name: 'pollingInterval with a minimum', spec: { pollingInterval: 5, minReplicaCount: 1 } },
]

void describe('the rules of a ScaledObject by itself', () => {
  for (const { name, spec, metadata, found = [], says } of rows)
    void it(`${found.length > 0 ? 'find' : 'accept'} ${name}`, () => {
      const problems = scaledObjectProblems(scaledObject(spec, metadata))
      assert.deepEqual(
        problems.map(({ rule, path, weight }) => [rule, fieldText(path), weight]),
        found.map(([rule, field, weight = 'refused']) => [rule, field, weight]),
        problems.map(({ message }) => message).join('; '),
      )
      if (says) assert.match(problems[0]?.message ?? '', says)
    })

  void it('say in the condition all that keeps it from being followed, and no warning', () => {
    const object = scaledObject({ cooldownPeriod: 5, minReplicaCount: 5, maxReplicaCount: 3 })
    assert.deepEqual(problemsOf(object), ['minReplicaCount 5 must not be above maxReplicaCount 3'])
  })

  void it('name a trigger of two that share a name in no more than one short line', () => {
    const triggers = [named('x\n\u001b[2J'.repeat(99)), named('x\n\u001b[2J'.repeat(99))]
    const [message = ''] = problemsOf(scaledObject({ triggers }))
    // oxlint-disable-next-line no-control-regex -- what must not be there
    assert.ok(message.length < 120 && !/[\u0000-\u001f]/.test(message), message)
  })
})

/** keda-behaviour-ops.md, Appendix B.2: whether KEDA's webhook lets the formula in. Names: a, b; c is a cpu trigger. */
const formulas: readonly (readonly [formula: string, accepted: boolean])[] = [
  ['a+b', true],
  ['a>1?2:3', true],
  ['max([a,b])', true],
  ['count([a,b],{#>1}) > 1 ? 5 : 0', true],
  ['float(a)+1', true],
  ['let z = a; z*2', true],
  ['round(a)', true],
  ['ceil(a/b)', true],
  ['a ** 2', true],
  ['a/0', true],
  ['a ?? b', true],
  ['a ?? b ?? 8', true],
  ['min(a,b)', true],
  ['sum([a,b])', true],
  ['mean([a,b])', true],
  ['abs(-a)', true],
  ['int(a)', true],
  ['a > 2 && b < 5 ? 1 : 0', true],
  ['a in [1,2] ? 1 : 2', true],
  ['a == b ? 1 : 0', true],
  ['a > 1', false],
  ['true', false],
  ['"x"', false],
  ['a % 2', false],
  ['a ? 1 : 2', false],
  ['a and b', false],
  ['undefined1+1', false],
  ['c+1', false],
  ['trig-x + 1', false],
  ['[a][5]', false],
]

void describe('the rule scaling-modifiers', () => {
  for (const [formula, accepted] of formulas)
    void it(`${accepted ? 'accepts' : 'refuses'} ${formula}`, () => {
      const triggers = [named('a'), named('b', 'kafka'), { ...cpu, name: 'c' }, named('trig-x')]
      const spec = modifiers({ formula, target: '2' }, triggers)
      const rules = scaledObjectProblems(scaledObject(spec)).map(({ rule }) => rule)
      assert.deepEqual(rules, accepted ? [] : ['scaling-modifiers'])
    })
})
