import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configOf, unheeded } from '../src/config.ts'

const ecdsa = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
const openSsl = 'ECDHE-ECDSA-AES256-GCM-SHA384'
const served = (minVersion: string, ciphers?: string): object => ({ minVersion, ciphers })

describe("KEDA's variables", () => {
  const rows: readonly (readonly [string, string, Parameters<typeof pick>[0], unknown])[] = [
    ['KEDA_HTTP_DISABLE_KEEP_ALIVE', 'true', 'httpDisableKeepAlive', true],
    ['KEDA_HTTP_MIN_TLS_VERSION', 'TLS13', 'httpMinTlsVersion', 'TLSv1.3'],
    ['KEDA_HTTP_MIN_TLS_VERSION', 'TLS10', 'serviceTls', served('TLSv1.2')],
    ['KEDA_HTTP_MIN_TLS_VERSION', 'TLS13', 'serviceTls', served('TLSv1.3')],
    ['KEDA_SERVICE_MIN_TLS_VERSION', 'TLS11', 'serviceTls', served('TLSv1.2')],
    ['KEDA_SERVICE_MIN_TLS_VERSION', 'TLS13', 'serviceTls', served('TLSv1.3')],
    ['KEDA_SERVICE_MIN_TLS_VERSION', 'TLS13', 'httpMinTlsVersion', 'TLSv1.2'],
    [
      'KEDA_HTTP_TLS_CIPHER_LIST',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256,',
      'httpTlsCipherList',
      'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384',
    ],
    ['KEDA_HTTP_TLS_CIPHER_LIST', ' ', 'httpTlsCipherList', undefined],
    ['KEDA_HTTP_TLS_CIPHER_LIST', ecdsa, 'serviceTls', served('TLSv1.2', openSsl)],
    ['KEDA_SERVICE_TLS_CIPHER_LIST', ecdsa, 'serviceTls', served('TLSv1.2', openSsl)],
    ['KEDA_SERVICE_TLS_CIPHER_LIST', ecdsa, 'httpTlsCipherList', undefined],
    [
      'KEDA_SERVICE_TLS_CIPHER_LIST',
      'TLS_AES_128_GCM_SHA256',
      'serviceTls',
      served(
        'TLSv1.2',
        'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
      ),
    ],
    ['KEDA_RESTRICT_SECRET_ACCESS', 'True', 'restrictSecretAccess', true],
    ['KEDA_BOUND_SERVICE_ACCOUNT_TOKEN_EXPIRY', '2h', 'boundServiceAccountTokenExpiry', 7_200_000],
  ]
  const pick = (
    name: keyof ReturnType<typeof configOf>,
    env: Readonly<Record<string, string>>,
  ): unknown => configOf({}, env)[name]
  for (const [variable, text, name, expected] of rows)
    test(`${variable}=${text.slice(0, 28)} sets ${name}`, () =>
      assert.deepEqual(pick(name, { [variable]: text }), expected))

  for (const [variable, text, problem] of [
    ['KEDA_HTTP_MIN_TLS_VERSION', '1.2', /must be one of TLS10, TLS11, TLS12, TLS13/],
    ['KEDA_SERVICE_MIN_TLS_VERSION', 'tls13', /SERVICE_MIN_TLS_VERSION must be one of TLS10/],
    [
      'KEDA_SERVICE_TLS_CIPHER_LIST',
      `${ecdsa}:constructor,TLS_RSA_WITH_RC4_128_SHA`,
      /SERVICE_TLS_CIPHER_LIST must be Go's names .*; unknown: "constructor", "TLS_RSA_WITH_RC4_128_SHA"/,
    ],
    ['KEDA_HTTP_TLS_CIPHER_LIST', openSsl, /unknown: "ECDHE-ECDSA-AES256-GCM-SHA384"/],
    ['EBB_SERVICE_TLS_CIPHER_LIST', 'x\ny'.repeat(1_000_000), /^.{0,400}$/],
    ['KEDA_BOUND_SERVICE_ACCOUNT_TOKEN_EXPIRY', '7h', /must be from 1h to 6h/],
    ['KEDA_BOUND_SERVICE_ACCOUNT_TOKEN_EXPIRY', 'soon', /must be a duration/],
    ['EBB_ALLOWED_ENDPOINTS', 'http://a', /"http:\/\/a" is no endpoint/],
  ] as const)
    test(`${variable}=${JSON.stringify(text.slice(0, 60))} is refused`, () =>
      assert.throws(() => configOf({}, { [variable]: text }), { message: problem }))
})

test('what is said of TLS for serving goes before what is said of TLS to sources', () => {
  const { serviceTls } = configOf(
    { serviceTlsCipherList: ecdsa, serviceMinTlsVersion: 'TLS12' },
    {
      KEDA_HTTP_TLS_CIPHER_LIST: 'TLS_AES_128_GCM_SHA256',
      KEDA_HTTP_MIN_TLS_VERSION: 'TLS13',
    },
  )
  assert.deepEqual(serviceTls, served('TLSv1.2', openSsl))
})

test('variables of KEDA that mean nothing here are known', () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector',
    KEDA_SERVICE_TLS_CIPHER_LIST: 'TLS_AES_128_GCM_SHA256',
    RAW_METRICS_MODE: '',
    KEDA_HTTP_MIN_TLS_VERSION: 'TLS12',
    WATCH_LABEL_SELECTOR: 'a=b',
    PATH: '/bin',
  }
  assert.deepEqual(unheeded(env), ['OTEL_EXPORTER_OTLP_ENDPOINT'])
})

test('a list of endpoints that names none allows everything only where it is empty', () => {
  assert.equal(configOf({ allowedEndpoints: '' }, {}).allowedEndpoints, undefined)
  assert.ok(configOf({ allowedEndpoints: 'a' }, {}).allowedEndpoints)
})

for (const [given, taken] of [
  ['10.0.0.7', '10.0.0.7'],
  ['10.0.0.7:7443', '10.0.0.7:7443'],
  ['fd00::7', '[fd00::7]'],
  ['[fd00::7]:7443', '[fd00::7]:7443'],
  ['ebb-0.ebb', 'ebb-0.ebb'],
] as const)
  void test(`the address ${given} is advertised, given by flag or as the pod's`, () => {
    assert.equal(configOf({ advertiseAddress: given }, {}).advertiseAddress, taken)
    assert.equal(configOf({}, { POD_IP: given }).advertiseAddress, taken)
  })

for (const given of ['http://10.0.0.7', '10.0.0.7/x', 'user@host', 'host:port', 'a b'])
  void test(`the address ${given} is refused`, () => {
    assert.throws(
      () => configOf({ advertiseAddress: given }, {}),
      /--advertise-address must be HOST/,
    )
  })
