import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { copiedLabels, hpaName, labelValue, metricName, ownLabels } from '../../src/core/names.ts'

describe('metricName', () => {
  const cases: [name: string, expected: string][] = [
    ['azure-queue-orders', 's0-azure-queue-orders'],
    ['rabbitmq-%2F/a.b:c(d)', 's0-rabbitmq--2F-a-b-c-d-'],
    ['Kafka_Topic,Other', 's0-Kafka_Topic,Other'],
    ['', 's0-'],
  ]
  for (const [name, expected] of cases) {
    test(`of "${name}" is ${expected}`, () => assert.equal(metricName(0, name), expected))
  }

  test('carries the index of the trigger', () => assert.equal(metricName(12, 'x'), 's12-x'))
})

test('the HPA is named after the ScaledObject', () =>
  assert.equal(hpaName('orders'), 'keda-hpa-orders'))

describe('labelValue', () => {
  const cases: [text: string, expected: string][] = [
    ['short', 'short'],
    [`${'a'.repeat(62)}bc`, `${'a'.repeat(62)}b`],
    [`${'a'.repeat(60)}-._z`, 'a'.repeat(60)],
    ['---', ''],
  ]
  for (const [text, expected] of cases) {
    test(`of "${text}" is "${expected}"`, () => assert.equal(labelValue(text), expected))
  }

  test('of any object name is one that Kubernetes accepts', () => {
    const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,90}[a-z0-9])?$/)
    fc.assert(
      fc.property(name, (n) =>
        /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(labelValue(n)),
      ),
    )
  })
})

describe('copiedLabels', () => {
  const labels = { team: 'a', tier: 'b', 'x.io/y': 'c' }
  const cases: [excluded: string | undefined, left: string[]][] = [
    [undefined, ['team', 'tier', 'x.io/y']],
    ['', ['team', 'tier', 'x.io/y']],
    ['team', ['tier', 'x.io/y']],
    ['team,x.io/y', ['tier']],
    ['team, tier', ['tier', 'x.io/y']],
  ]
  for (const [excluded, left] of cases) {
    test(`leaves ${left.join(' ')} when ${excluded ?? 'nothing'} is excluded`, () =>
      assert.deepEqual(Object.keys(copiedLabels(labels, excluded)), left))
  }

  test('of no labels are none', () => assert.deepEqual(copiedLabels(undefined, 'a'), {}))
})

test('own labels carry KEDA’s keys and the manager its tools look for', () =>
  assert.deepEqual(ownLabels('keda-hpa-orders', 'orders', '1.2.3'), {
    'app.kubernetes.io/name': 'keda-hpa-orders',
    'app.kubernetes.io/version': '1.2.3',
    'app.kubernetes.io/part-of': 'orders',
    'app.kubernetes.io/managed-by': 'keda-operator',
  }))
