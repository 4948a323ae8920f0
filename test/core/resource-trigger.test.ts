import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { resourceTriggers, type WrittenTrigger } from '../../src/core/resource-trigger.ts'

const cpu = (
  value: string | undefined,
  metricType = 'Utilization',
  more: Record<string, string> = {},
): WrittenTrigger => ({
  type: 'cpu',
  metricType,
  metadata: { ...(value !== undefined && { value }), ...more },
})

describe('cpu and memory are passed on to the HPA (keda-behaviour-scalers 6.9)', () => {
  const rows: [what: string, trigger: WrittenTrigger, metric: object][] = [
    [
      'a share of the request',
      cpu('60'),
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
      },
    ],
    [
      'an amount per pod',
      { type: 'memory', metricType: 'AverageValue', metadata: { value: '200Mi' } },
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '200Mi' } },
      },
    ],
    [
      'of one container',
      cpu('60', 'Utilization', { containerName: 'main' }),
      {
        type: 'ContainerResource',
        containerResource: {
          name: 'cpu',
          container: 'main',
          target: { type: 'Utilization', averageUtilization: 60 },
        },
      },
    ],
  ]
  for (const [what, trigger, metric] of rows)
    test(what, () => {
      const { resources, problems } = resourceTriggers([{ type: 'queue' }, trigger])
      assert.deepEqual(problems, [])
      assert.deepEqual(
        resources.map((r) => r.metric),
        [metric],
      )
      assert.equal(resources[0]?.facts.state, 'resource')
    })

  const wrong: [what: string, trigger: WrittenTrigger, problem: RegExp][] = [
    ['no metricType', cpu('60', ''), /metricType must be Utilization or AverageValue/],
    ['the metricType Value', cpu('60', 'Value'), /metricType must be/],
    ['no value', cpu(undefined), /value is required/],
    ['a blank value', cpu(' '), /value is required/],
    ['a share that is no number', cpu('half'), /whole number of percent/],
    ['a share with a fraction', cpu('60.5'), /whole number of percent/],
    ['a share of nothing', cpu('0'), /above 0/],
    ['a share beyond 32 bits', cpu('2147483648'), /whole number of percent/],
    ['an amount that is none (A18)', cpu('lots', 'AverageValue'), /quantity above 0/],
    ['a negative amount', cpu('-1', 'AverageValue'), /quantity above 0/],
    ['the old metadata.type', cpu('60', 'Utilization', { type: 'Utilization' }), /type is gone/],
  ]
  for (const [what, trigger, problem] of wrong)
    test(`${what} is refused`, () => {
      const { resources, problems } = resourceTriggers([trigger])
      assert.deepEqual(resources, [])
      assert.match(problems.join(), problem)
    })
})
