import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { prometheus } from '../../../scalers/prometheus/index.ts'
import { isFailure, reasonOf } from '../../../src/errors.ts'
import type { Values } from '../../../src/metadata/fields.ts'
import { connectionOf, read } from '../../../src/metadata/schema.ts'
import type { Spec } from '../../../src/scaler.ts'
import { givenBy } from '../../contract/scaler.ts'

const least = { serverAddress: 'http://prometheus:9090', query: 'up', threshold: '5' }
type Told = Values<typeof prometheus.fields>
const reading = (
  trigger: Record<string, string>,
  auth: Record<string, string> = {},
  identity: Record<string, string> = {},
): Told =>
  read(
    'prometheus',
    prometheus.fields,
    { ...givenBy({ ...least, ...trigger }, auth), identity },
    prometheus.check,
  )
const spec: Spec = { name: 'prometheus', target: 5, form: 'decimal' }

test('defaults follow KEDA', () => {
  const m = reading({})
  assert.equal(m.activationThreshold, 0)
  assert.equal(m.ignoreNullValues, true)
  assert.equal(m.unsafeSsl, false)
  assert.equal(prometheus.timeout?.(connectionOf(prometheus.fields, m)), undefined)
  assert.deepEqual(
    prometheus.specs(m, () => assert.fail('asks nothing')),
    [spec],
  )
})

test('a timeout of the trigger holds, and 0 is none', () => {
  const of = (timeout: string): number | undefined =>
    prometheus.timeout?.(connectionOf(prometheus.fields, reading({ timeout })))
  assert.equal(of('1500'), 1500)
  assert.equal(of('2s'), 2000)
  assert.equal(of('0'), undefined)
})

test('thresholds are no part of what is asked, so workloads with other ones share a query', () => {
  const [one, two] = [reading({}), reading({ threshold: '99', activationThreshold: '3' })]
  assert.deepEqual(prometheus.query(one, spec), prometheus.query(two, spec))
  assert.deepEqual(connectionOf(prometheus.fields, one), connectionOf(prometheus.fields, two))
})

test('activation is strictly greater, on the raw value', () => {
  const m = reading({ activationThreshold: '-3' })
  assert.deepEqual(prometheus.conclude(-2, m, undefined, spec), { value: -2, active: true })
  assert.deepEqual(prometheus.conclude(-3, m, undefined, spec), { value: -3, active: false })
})

test('a missing measurement is 0 or a failure, as ignoreNullValues says', () => {
  assert.deepEqual(prometheus.missing?.(reading({})), { value: 0, active: false })
  assert.deepEqual(prometheus.missing?.(reading({ activationThreshold: '-1' })), {
    value: 0,
    active: true,
  })
  const missing = prometheus.missing?.(reading({ ignoreNullValues: 'false' }))
  assert.ok(isFailure(missing, 'SAMPLE_EMPTY'))
})

describe('a trigger is refused', () => {
  const rows: readonly (readonly [
    name: string,
    trigger: Record<string, string>,
    problem: string,
    auth?: Record<string, string>,
    identity?: Record<string, string>,
  ])[] = [
    [
      'without anything, with all that is missing',
      { serverAddress: '', query: '', threshold: '' },
      "serverAddress is required: set it in the trigger's metadata; query is required: set it in the trigger's metadata; threshold is required: set it in the trigger's metadata",
    ],
    [
      'with an address that is none',
      { serverAddress: 'prometheus:9090' },
      'serverAddress must be an http or https URL',
    ],
    [
      'with parameters in the address',
      { serverAddress: 'http://p/?token=hunter2' },
      'serverAddress must end before any ? or #; use queryParameters',
    ],
    [
      'with two ways to log in',
      { authModes: 'basic,bearer' },
      'authModes must be at most one of bearer, basic, oauth, not "bearer,basic"',
    ],
    [
      'with bearer and no token',
      { authModes: 'bearer' },
      'bearerToken is required for authModes bearer: set it in the TriggerAuthentication',
    ],
    [
      'with tls and no key',
      { authMode: 'tls' },
      'key is required for authModes tls: set it in the TriggerAuthentication',
      { cert: 'c' },
    ],
    [
      'with oauth and nothing for it',
      { authModes: 'oauth' },
      'oauthTokenURI is required for authModes oauth: set it in the TriggerAuthentication; clientID is required for authModes oauth: set it in the TriggerAuthentication',
    ],
    [
      'with apiKey and no key',
      { authModes: 'apiKey' },
      'apiKey is required for authModes apiKey: set it in the TriggerAuthentication',
    ],
    [
      'with an identity besides authModes',
      { authModes: 'basic' },
      'pod identity cannot be used together with authModes',
      { username: 'u' },
      { provider: 'azure-workload' },
    ],
    [
      'with an identity that Ebb lacks',
      {},
      'pod identity gcp is not supported here; use azure-workload or authModes',
      {},
      { provider: 'gcp' },
    ],
    [
      'with a cloud that has no managed Prometheus',
      { cloud: 'AzureGermanCloud' },
      'cloud AzureGermanCloud has no managed Prometheus',
      {},
      { provider: 'azure-workload' },
    ],
    [
      'with a private cloud and no resource',
      { cloud: 'private' },
      "azureManagedPrometheusResourceURL is required with cloud Private: set it in the trigger's metadata",
      {},
      { provider: 'azure-workload' },
    ],
    ...(
      [
        ['https://vault.azure.net', 'https://prometheus.example', 'elsewhere'],
        ['https://example', 'https://prometheusexample', 'with a longer name'],
        ['https://example', 'https://prometheus.example@evil.test', 'behind a user'],
        ['https://example', 'http://prometheus.example', 'without TLS'],
      ] as const
    ).map(
      ([resource, serverAddress, where]) =>
        [
          `with a token for one resource and a server ${where}`,
          { cloud: 'private', azureManagedPrometheusResourceURL: resource, serverAddress },
          `serverAddress must be https at ${new URL(resource).hostname} or below it: the token is for azureManagedPrometheusResourceURL alone`,
          {},
          { provider: 'azure-workload' },
        ] as const,
    ),
    ...[
      'prometheus.example',
      'http://example',
      'https://vault.azure.net@example',
      'https://vault.azure.net\\@example',
      'https://example/.default https://vault.azure.net',
      'https:example',
    ].map(
      (resource) =>
        [
          `with the resource ${resource}`,
          {
            cloud: 'private',
            azureManagedPrometheusResourceURL: resource,
            serverAddress: 'https://prometheus.example',
          },
          'azureManagedPrometheusResourceURL must be https://HOST and no more',
          {},
          { provider: 'azure-workload' },
        ] as const,
    ),
    ['with a header that is none', { customHeaders: 'a b=c' }, '"a b" is not a header name'],
    ['with a header of the connection', { customHeaders: 'Host=c' }, 'header Host cannot be set'],
    [
      'with a value no header may hold',
      { authModes: 'custom' },
      'the value of header x-key holds characters that no header may hold',
      { customAuthHeader: 'x-key', customAuthValue: 'a\nb' },
    ],
  ]
  for (const [name, trigger, problem, auth, identity] of rows) {
    test(name, () =>
      assert.throws(
        () => reading(trigger, auth, identity),
        (error) => {
          assert.equal(reasonOf(error), `trigger prometheus is misconfigured: ${problem}`)
          return true
        },
      ),
    )
  }
})

test('the same identity named none, and a bad cloud without an identity, are fine', () => {
  assert.equal(
    reading({ authModes: 'basic' }, { username: 'u' }, { provider: 'none' }).username,
    'u',
  )
  assert.equal(reading({ cloud: 'nowhere' }).cloud, 'nowhere')
})
