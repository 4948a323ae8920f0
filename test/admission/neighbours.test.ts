import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Autoscaler,
  neighbourProblems,
  neighboursAmong,
} from '../../src/admission/neighbours.ts'
import { fieldText, type Rule } from '../../src/admission/problem.ts'
import type { ScaledObject } from '../../src/resources.ts'
import { scaledObject } from './objects.ts'

const hpa = (metadata: Partial<Autoscaler['metadata']> = {}, ref: object = {}): Autoscaler => ({
  metadata: { namespace: 'default', name: 'handmade', ...metadata },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders', ...ref },
  },
})
const owner = (name: string, kind = 'ScaledObject') => ({
  ownerReferences: [{ apiVersion: 'keda.sh/v1alpha1', kind, name, uid: 'u' }],
})
const hpaNamed = (name: string) => ({ advanced: { horizontalPodAutoscalerConfig: { name } } })
const other = (spec: Parameters<typeof scaledObject>[0] = {}, name = 'other'): ScaledObject =>
  scaledObject(spec, { name })
const transfer = { annotations: { 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' } }
const elsewhere = { scaleTargetRef: { name: 'elsewhere' } }

interface Row {
  readonly name: string
  readonly object?: ScaledObject
  readonly others?: readonly ScaledObject[]
  readonly hpas?: readonly Autoscaler[]
  readonly found?: readonly (readonly [Rule, string])[]
  readonly says?: RegExp
}

const rows: readonly Row[] = [
  { name: 'one alone' },
  { name: 'itself, as it was before', others: [scaledObject()] },
  {
    name: 'other-scaled-object: the same target',
    others: [other()],
    found: [['other-scaled-object', 'spec.scaleTargetRef']],
    says: /workload orders of type apps\/v1\.Deployment is managed by the ScaledObject other/,
  },
  {
    name: 'other-scaled-object: the same target, its kind written out',
    others: [
      other({ scaleTargetRef: { name: 'orders', apiVersion: 'apps/v1', kind: 'Deployment' } }),
    ],
    found: [['other-scaled-object', 'spec.scaleTargetRef']],
  },
  {
    name: 'another kind of the same name',
    others: [other({ scaleTargetRef: { name: 'orders', kind: 'StatefulSet' } })],
  },
  {
    name: 'another group of the same kind and name',
    others: [other({ scaleTargetRef: { name: 'orders', apiVersion: 'other.io/v1' } })],
  },
  {
    name: 'other-scaled-object-hpa: the name that another has by default',
    object: scaledObject(hpaNamed('keda-hpa-other')),
    others: [other(elsewhere)],
    found: [['other-scaled-object-hpa', 'spec.advanced.horizontalPodAutoscalerConfig.name']],
  },
  {
    name: 'other-scaled-object-hpa: the default, which another has taken',
    others: [other({ ...elsewhere, ...hpaNamed('keda-hpa-orders') })],
    found: [['other-scaled-object-hpa', 'metadata.name']],
  },
  {
    name: 'other-hpa: one made by hand',
    hpas: [hpa()],
    found: [['other-hpa', 'spec.scaleTargetRef']],
    says: /managed by the HPA handmade already/,
  },
  { name: 'an HPA on another target', hpas: [hpa({}, { name: 'elsewhere' })] },
  { name: 'its own HPA', hpas: [hpa(owner('orders'))] },
  {
    name: 'other-hpa: owned by another ScaledObject',
    hpas: [hpa(owner('other'))],
    found: [['other-hpa', 'spec.scaleTargetRef']],
  },
  {
    name: 'other-hpa: owned by another kind of the same name',
    hpas: [hpa(owner('orders', 'Application'))],
    found: [['other-hpa', 'spec.scaleTargetRef']],
  },
  {
    name: 'an HPA that is not to be looked at',
    hpas: [hpa({ annotations: { 'validations.keda.sh/hpa-ownership': 'false' } })],
  },
  {
    name: 'other-hpa: only the word false takes an HPA out',
    hpas: [hpa({ annotations: { 'validations.keda.sh/hpa-ownership': 'true' } })],
    found: [['other-hpa', 'spec.scaleTargetRef']],
  },
  {
    name: 'an HPA to be taken over',
    object: scaledObject(hpaNamed('handmade'), transfer),
    hpas: [hpa()],
  },
  {
    name: 'transfer-ownership-missing-hpa-name: no name given',
    object: scaledObject({}, transfer),
    hpas: [hpa()],
    found: [
      ['transfer-ownership-missing-hpa-name', 'spec.advanced.horizontalPodAutoscalerConfig.name'],
    ],
  },
  {
    name: 'other-hpa: only the word true transfers',
    object: scaledObject(hpaNamed('handmade'), {
      annotations: { 'scaledobject.keda.sh/transfer-hpa-ownership': 'yes' },
    }),
    hpas: [hpa()],
    found: [['other-hpa', 'spec.scaleTargetRef']],
  },
]

void describe('the rules of a ScaledObject beside others', () => {
  for (const { name, object = scaledObject(), others = [], hpas = [], found = [], says } of rows)
    void it(`${found.length > 0 ? 'refuse' : 'accept'} ${name}`, () => {
      const problems = neighbourProblems(object, neighboursAmong(others, hpas))
      assert.deepEqual(
        problems.map(({ rule, path }) => [rule, fieldText(path)]),
        found,
      )
      if (says) assert.match(problems[0]?.message ?? '', says)
    })
})
