import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldText, type Rule } from '../../src/admission/problem.ts'
import { type Measured, usageProblems } from '../../src/admission/usage.ts'
import type { Container, LimitRange } from '../../src/resources.ts'
import { cpu, limitRange, memory, queue, scaledObject, type Spec } from './objects.ts'

const container = (name: string, resources?: Container['resources']): Container => ({
  name,
  ...(resources && { resources }),
})
const requests = { cpu: '100m', memory: '64Mi' }
const target = (...containers: readonly Container[]): Measured => ({ containers })
const whole = target(container('main', { requests }))

interface Row {
  readonly name: string
  readonly spec?: Partial<Spec>
  readonly on?: Measured
  readonly limits?: readonly LimitRange[]
  readonly found?: readonly (readonly [Rule, string])[]
}
const lacks: Row['found'] = [['missing-requests', 'spec.triggers[0]']]
const both: Partial<Spec> = { triggers: [cpu, queue] }

const rows: readonly Row[] = [
  { name: 'no cpu or memory trigger', spec: {}, on: 'missing' },
  { name: 'requests', spec: both },
  { name: 'limits alone', spec: both, on: target(container('main', { limits: { cpu: '1' } })) },
  { name: 'missing-requests: none', spec: both, on: target(container('main')), found: lacks },
  {
    name: 'missing-requests: only of memory',
    spec: both,
    on: target(container('main', { requests: { memory: '1Gi' } })),
    found: lacks,
  },
  {
    name: 'missing-requests: of zero',
    spec: both,
    on: target(container('main', { requests: { cpu: '0' }, limits: { cpu: '0m' } })),
    found: lacks,
  },
  {
    name: 'missing-requests: in one of two containers',
    spec: both,
    on: target(container('main', { requests }), container('side')),
    found: lacks,
  },
  {
    name: 'the container that is named has requests',
    spec: { triggers: [{ ...cpu, metadata: { value: '50', containerName: 'main' } }, queue] },
    on: target(container('main', { requests }), container('side')),
  },
  {
    name: 'missing-requests: in the container that is named',
    spec: { triggers: [{ ...cpu, metadata: { value: '50', containerName: 'side' } }, queue] },
    on: target(container('main', { requests }), container('side')),
    found: lacks,
  },
  {
    name: 'a LimitRange with a default',
    spec: both,
    on: target(container('main')),
    limits: [limitRange({ default: { cpu: '1' } })],
  },
  {
    name: 'a LimitRange with a default request',
    spec: both,
    on: target(container('main')),
    limits: [limitRange({ defaultRequest: { cpu: 1 } })],
  },
  {
    name: 'missing-requests: a LimitRange of pods',
    spec: both,
    on: target(container('main')),
    limits: [limitRange({ type: 'Pod', default: { cpu: '1' } })],
    found: lacks,
  },
  {
    name: 'missing-requests: a LimitRange of another resource',
    spec: both,
    on: target(container('main')),
    limits: [limitRange({ default: { memory: '1Gi' } })],
    found: lacks,
  },
  {
    name: 'scale-to-zero-requirements-not-met: no minimum',
    spec: { triggers: [cpu] },
    found: [['scale-to-zero-requirements-not-met', 'spec.minReplicaCount']],
  },
  {
    name: 'scale-to-zero-requirements-not-met: a minimum of zero',
    spec: { triggers: [cpu, memory], minReplicaCount: 0 },
    found: [['scale-to-zero-requirements-not-met', 'spec.minReplicaCount']],
  },
  { name: 'only cpu with a minimum', spec: { triggers: [cpu], minReplicaCount: 1 } },
  {
    name: 'missing-target: no such Deployment',
    spec: both,
    on: 'missing',
    found: [['missing-target', 'spec.scaleTargetRef.name']],
  },
  { name: 'a target nobody knows of yet', spec: both, on: undefined },
  {
    name: 'a target of another kind, whatever it lacks',
    spec: {
      triggers: [cpu],
      scaleTargetRef: { name: 'orders', apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' },
    },
    on: 'missing',
  },
]

void describe('the rules of cpu and memory triggers', () => {
  for (const { name, spec, limits = [], found = [], ...row } of rows)
    void it(`${found.length > 0 ? 'refuse' : 'accept'} ${name}`, () => {
      const on = 'on' in row ? row.on : whole
      const problems = usageProblems(scaledObject(spec), on, limits)
      assert.deepEqual(
        problems.map(({ rule, path }) => [rule, fieldText(path)]),
        found,
      )
    })
})
