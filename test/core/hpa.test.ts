import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Hpa, HpaSpec } from '../../src/core/autoscaling.ts'
import type { Behavior } from '../../src/core/behavior.ts'
import {
  defaultHpa,
  generateHpa,
  hpaDiffers,
  renewHpa,
  type HpaFacts,
  type HpaMetric,
} from '../../src/core/hpa.ts'

const orders: HpaMetric = {
  index: 0,
  name: 'azure-queue-orders',
  target: 5,
  form: 'integer',
  metricType: undefined,
}

/** A ScaledObject `orders` with one queue. A test says only how it differs. */
const facts: HpaFacts = {
  name: 'keda-hpa-orders',
  version: '0.1.0',
  scaledObject: {
    name: 'orders',
    namespace: 'shop',
    uid: 'u-1',
    labels: { 'scaledobject.keda.sh/name': 'orders', team: 'a' },
    annotations: { note: 'n' },
  },
  target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
  minReplicas: 1,
  maxReplicas: 100,
  behavior: undefined,
  noScaleIn: false,
  noScaleOut: false,
  metrics: [orders],
}

const of = (difference: Partial<HpaFacts>): Hpa => generateHpa({ ...facts, ...difference })
const withLabels = (
  labels: Record<string, string>,
  annotations: Record<string, string> = {},
): Partial<HpaFacts> => ({ scaledObject: { ...facts.scaledObject, labels, annotations } })

test('the HPA of a ScaledObject', () =>
  assert.deepEqual(of({}), {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name: 'keda-hpa-orders',
      namespace: 'shop',
      labels: {
        'app.kubernetes.io/name': 'keda-hpa-orders',
        'app.kubernetes.io/version': '0.1.0',
        'app.kubernetes.io/part-of': 'orders',
        'app.kubernetes.io/managed-by': 'keda-operator',
        'scaledobject.keda.sh/name': 'orders',
        team: 'a',
      },
      annotations: {
        note: 'n',
        'ebb.dev/copied-keys':
          'app.kubernetes.io/managed-by,app.kubernetes.io/name,app.kubernetes.io/part-of,' +
          'app.kubernetes.io/version,scaledobject.keda.sh/name,team;note',
      },
      ownerReferences: [
        {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledObject',
          name: 'orders',
          uid: 'u-1',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
      minReplicas: 1,
      maxReplicas: 100,
      metrics: [
        {
          type: 'External',
          external: {
            metric: {
              name: 's0-azure-queue-orders',
              selector: { matchLabels: { 'scaledobject.keda.sh/name': 'orders' } },
            },
            target: { type: 'AverageValue', averageValue: '5' },
          },
        },
      ],
    },
  }))

describe('labels of the HPA', () => {
  test('let the ScaledObject’s own win', () =>
    assert.equal(
      of(withLabels({ 'app.kubernetes.io/part-of': 'shop' })).metadata.labels?.[
        'app.kubernetes.io/part-of'
      ],
      'shop',
    ))
  test('but for the one by which Ebb follows it, which Helm sets on all of a chart', () => {
    const key = 'app.kubernetes.io/managed-by'
    assert.equal(of(withLabels({ [key]: 'Helm' })).metadata.labels?.[key], 'keda-operator')
  })
  test('leave out the excluded ones', () => {
    const excluded = { 'scaledobject.keda.sh/hpa-excluded-labels': 'team' }
    assert.equal(of(withLabels({ team: 'a' }, excluded)).metadata.labels?.['team'], undefined)
  })
})

describe('targets of the HPA', () => {
  const cases: [name: string, difference: Partial<HpaMetric>, target: object][] = [
    ['AverageValue by default', {}, { type: 'AverageValue', averageValue: '5' }],
    [
      'AverageValue for an empty type',
      { metricType: '' },
      { type: 'AverageValue', averageValue: '5' },
    ],
    [
      'AverageValue when asked for',
      { metricType: 'AverageValue' },
      { type: 'AverageValue', averageValue: '5' },
    ],
    ['Value when asked for', { metricType: 'Value' }, { type: 'Value', value: '5' }],
    ['any other type as it stands', { metricType: 'Odd' }, { type: 'Odd', value: '5' }],
    [
      'three decimals where the scaler has them',
      { target: 2.5, form: 'decimal' },
      { type: 'AverageValue', averageValue: '2.500' },
    ],
  ]
  for (const [name, difference, target] of cases)
    test(`are ${name}`, () =>
      assert.deepEqual(
        of({ metrics: [{ ...orders, ...difference }] }).spec.metrics?.[0]?.external?.target,
        target,
      ))
})

test('metrics come by type, and within one in the order of the triggers', () => {
  const cpu = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
  }
  const box = {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization' } },
  }
  const { spec } = of({ metrics: [cpu, { ...orders, index: 1 }, box, { ...orders, index: 3 }] })
  assert.deepEqual(
    spec.metrics?.map((m) => m.external?.metric.name ?? m.type),
    ['ContainerResource', 's1-azure-queue-orders', 's3-azure-queue-orders', 'Resource'],
  )
})

describe('pauses of one direction', () => {
  const behavior: Behavior = {
    scaleDown: { stabilizationWindowSeconds: 7 },
    scaleUp: { tolerance: '0.2' },
  }
  test('disable it and keep the rest', () => {
    assert.deepEqual(of({ behavior, noScaleIn: true }).spec.behavior, {
      scaleDown: { stabilizationWindowSeconds: 7, selectPolicy: 'Disabled' },
      scaleUp: { tolerance: '0.2' },
    })
    assert.deepEqual(of({ behavior, noScaleOut: true }).spec.behavior, {
      scaleDown: { stabilizationWindowSeconds: 7 },
      scaleUp: { tolerance: '0.2', selectPolicy: 'Disabled' },
    })
  })
  test('need no behavior to be there', () =>
    assert.deepEqual(of({ noScaleIn: true, noScaleOut: true }).spec.behavior, {
      scaleDown: { selectPolicy: 'Disabled' },
      scaleUp: { selectPolicy: 'Disabled' },
    }))
})

describe('defaultHpa', () => {
  const bare = { scaleTargetRef: { kind: 'Deployment', name: 'w' }, maxReplicas: 3 }

  test('fills in what the API server does', () =>
    assert.deepEqual(defaultHpa(bare), {
      ...bare,
      minReplicas: 1,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    }))

  const up = {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  }
  const down = {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  }
  const own = [{ type: 'Pods', value: 1, periodSeconds: 5 }]
  const cases: [name: string, behavior: Behavior, expected: object][] = [
    ['an empty behavior', {}, { scaleUp: up, scaleDown: down }],
    [
      'one direction',
      { scaleDown: { stabilizationWindowSeconds: 9 } },
      { scaleUp: up, scaleDown: { ...down, stabilizationWindowSeconds: 9 } },
    ],
    [
      'policies of its own',
      { scaleUp: { policies: own } },
      { scaleUp: { ...up, policies: own }, scaleDown: down },
    ],
    [
      'a tolerance',
      { scaleUp: { tolerance: '0.1' } },
      { scaleUp: { ...up, tolerance: '0.1' }, scaleDown: down },
    ],
  ]
  for (const [name, behavior, expected] of cases)
    test(`completes ${name}`, () =>
      assert.deepEqual(defaultHpa({ ...bare, behavior }).behavior, expected))

  test('changes nothing the second time', () => {
    const once = defaultHpa({ ...bare, behavior: {} })
    assert.deepEqual(defaultHpa(once), once)
  })
})

/** What the API server gives back for an HPA that was written. */
const stored = (hpa: Hpa): Hpa => ({
  ...hpa,
  metadata: { ...hpa.metadata, resourceVersion: '7' },
  spec: defaultHpa(hpa.spec),
})

const edit = (hpa: Hpa, spec: Partial<HpaSpec>): Hpa => ({ ...hpa, spec: { ...hpa.spec, ...spec } })
const relabel = (hpa: Hpa, labels: Record<string, string>, annotations = {}): Hpa => ({
  ...hpa,
  metadata: {
    ...hpa.metadata,
    labels: { ...hpa.metadata.labels, ...labels },
    annotations: { ...hpa.metadata.annotations, ...annotations },
  },
})

const partial: Behavior = {
  scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
}

describe('an HPA as the server stores it does not differ', () => {
  const cases: [name: string, difference: Partial<HpaFacts>][] = [
    ['plainly', {}],
    ['with a partial behavior', { behavior: partial }],
    ['with an empty behavior', { behavior: {} }],
    ['with a pause', { noScaleIn: true }],
    ['with a fraction as target', { metrics: [{ ...orders, target: 2.5, form: 'decimal' }] }],
    ['without labels and annotations', withLabels({})],
  ]
  for (const [name, difference] of cases)
    test(name, () => assert.ok(!hpaDiffers(of(difference), stored(of(difference)))))

  test('when it writes quantities its own way', () => {
    const desired = of({
      metrics: [{ ...orders, target: 2.5, form: 'decimal' }],
      behavior: { scaleUp: { tolerance: 0.05 } },
    })
    const found = JSON.parse(
      JSON.stringify(stored(desired))
        .replace('"2.500"', '"2500m"')
        .replace('"tolerance":0.05', '"tolerance":"50m"'),
    ) as Hpa
    assert.notDeepEqual(found, stored(desired))
    assert.ok(!hpaDiffers(desired, found))
  })

  test('when others put labels, annotations and owners on it', () => {
    const found = relabel(stored(of({})), { policy: 'x' }, { seen: 'y' })
    assert.ok(!hpaDiffers(of({}), found))
  })

  test('when its keys come in another order, or as null', () => {
    const found = stored(of({ behavior: partial }))
    const { metrics, behavior, ...rest } = found.spec
    const target = { averageValue: '5', value: null, type: 'AverageValue' }
    const odd = {
      metrics: metrics?.map((m) => ({ ...m, external: { ...m.external, target } })),
      behavior: { ...behavior, scaleUp: { ...behavior?.scaleUp, tolerance: null } },
      ...rest,
      extra: 'of a later version',
    }
    // the wire may hold null where the type has absent
    const spec = odd as unknown as HpaSpec
    assert.ok(!hpaDiffers(of({ behavior: partial }), { ...found, spec }))
  })
})

describe('an HPA differs', () => {
  const found = stored(of({ behavior: partial }))
  const desired = of({ behavior: partial })
  const [metric] = desired.spec.metrics ?? []
  assert.ok(metric)
  const cases: [name: string, desired: Hpa, found: Hpa][] = [
    ['in max', of({ behavior: partial, maxReplicas: 9 }), found],
    ['in min', of({ behavior: partial, minReplicas: 2 }), found],
    ['in its target', of({ behavior: partial, target: { ...facts.target, name: 'other' } }), found],
    ['in a metric’s target', of({ behavior: partial, metrics: [{ ...orders, target: 6 }] }), found],
    ['in a metric’s name', of({ behavior: partial, metrics: [{ ...orders, index: 1 }] }), found],
    ['in how many metrics it has', desired, edit(found, { metrics: [metric, metric] })],
    [
      'in fewer metrics',
      of({ behavior: partial, metrics: [orders, { ...orders, index: 1 }] }),
      found,
    ],
    ['when the behavior is gone', of({}), found],
    ['when a behavior is new', desired, stored(of({}))],
    [
      'in a policy',
      of({
        behavior: { scaleDown: { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] } },
      }),
      found,
    ],
    ['in a pause', of({ behavior: partial, noScaleOut: true }), found],
    ['in a label', desired, relabel(found, { team: 'b' })],
    ['in a new label', of({ ...withLabels({ team: 'a', more: '1' }), behavior: partial }), found],
    [
      'in a removed label',
      of({
        ...withLabels({ 'scaledobject.keda.sh/name': 'orders' }, { note: 'n' }),
        behavior: partial,
      }),
      found,
    ],
    ['in an annotation', desired, relabel(found, {}, { note: 'm' })],
    [
      'in a removed annotation',
      of({ ...withLabels(facts.scaledObject.labels), behavior: partial }),
      found,
    ],
    [
      'in an annotation that looks like a quantity',
      of(withLabels({}, { value: '1' })),
      relabel(stored(of(withLabels({}, { value: '1' }))), {}, { value: '1.0' }),
    ],
    ['in its owner', desired, { ...found, metadata: { ...found.metadata, ownerReferences: [] } }],
    [
      'in whose it is',
      of({ behavior: partial, scaledObject: { ...facts.scaledObject, uid: 'u-2' } }),
      found,
    ],
  ]
  for (const [name, wanted, has] of cases) test(name, () => assert.ok(hpaDiffers(wanted, has)))
})

describe('renewHpa', () => {
  const found = {
    ...relabel(stored(of({})), { policy: 'x' }, { seen: 'y' }),
  }
  const desired = of({ ...withLabels({ fresh: '1' }), maxReplicas: 9 })
  const renewed = renewHpa(desired, found)

  test('ends the difference', () => assert.ok(!hpaDiffers(desired, renewed)))
  test('carries the version that was read', () =>
    assert.equal(renewed.metadata.resourceVersion, '7'))
  test('drops what Ebb once copied and keeps what others added', () => {
    const { labels, annotations } = renewed.metadata
    assert.deepEqual(
      [labels?.['team'], labels?.['policy'], labels?.['fresh']],
      [undefined, 'x', '1'],
    )
    assert.deepEqual([annotations?.['note'], annotations?.['seen']], [undefined, 'y'])
  })
  test('adopts an HPA that carries no record, keeping its labels', () => {
    const foreign: Hpa = {
      metadata: { name: 'keda-hpa-orders', labels: { a: '1' } },
      spec: found.spec,
    }
    const adopted = renewHpa(desired, foreign)
    assert.equal(adopted.metadata.labels?.['a'], '1')
    assert.ok(!hpaDiffers(desired, adopted))
  })
})

test('whatever the facts, one write ends the difference', () => {
  const text = fc.stringMatching(/^[a-z]{1,3}$/)
  const strings = fc.dictionary(text, text, { maxKeys: 4 })
  const rules = fc.record(
    {
      selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
      stabilizationWindowSeconds: fc.integer({ min: 0, max: 99 }),
      tolerance: fc.constantFrom('0.1', '50m', 0.2),
    },
    { requiredKeys: [] },
  )
  const some: fc.Arbitrary<Partial<HpaFacts>> = fc
    .record({
      labels: strings,
      annotations: strings,
      behavior: fc.option(fc.record({ scaleUp: rules, scaleDown: rules }, { requiredKeys: [] }), {
        nil: undefined,
      }),
      noScaleIn: fc.boolean(),
      target: fc.double({ min: 0, max: 1e6, noNaN: true }),
      maxReplicas: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ labels, annotations, target, ...rest }) => ({
      ...rest,
      ...withLabels(labels, annotations),
      metrics: [{ ...orders, target, form: 'decimal' as const }],
    }))
  fc.assert(
    fc.property(some, some, (a, b) => {
      const found = stored(of(a))
      if (!hpaDiffers(of(b), found)) return true
      return !hpaDiffers(of(b), stored(renewHpa(of(b), found)))
    }),
  )
})
