import { decimal, duration, flag, list, map, optional, text } from '../../src/metadata/fields.ts'
import { identityFields } from '../shared/azure.ts'

const login = (doc: string, secret = true) =>
  optional(text({ doc, from: ['auth'], secret, connection: true }))
const idle = (doc: string, secret = false) =>
  optional(
    text({ doc: `${doc} Read, and without effect here.`, from: ['trigger', 'auth'], secret }),
  )

/** What a TriggerAuthentication gives wins, so that nobody sends its secret elsewhere. */
const oauth = (doc: string, secret = false) =>
  optional(text({ doc, from: ['auth', 'trigger'], secret, connection: true }))

export const fields = {
  serverAddress: text({
    doc: 'Address of a server with the Prometheus query API, path prefix included.',
    connection: true,
  }),
  query: text({ doc: 'PromQL that gives one element or none.' }),
  threshold: decimal({ doc: 'Value that one replica is expected to handle.' }),
  activationThreshold: decimal({ doc: 'Wake from zero above this value.', default: 0 }),
  namespace: optional(
    text({ doc: 'Sent as the `namespace` parameter, for namespaced queries (Thanos).' }),
  ),
  queryParameters: optional(
    map({
      doc: 'Further parameters of the request, `key=value,key2=value2`.',
      secret: true,
      connection: true,
    }),
  ),
  customHeaders: optional(
    map({
      doc: 'Headers of the request, `name=value,name2=value2`.',
      secret: true,
      connection: true,
    }),
  ),
  ignoreNullValues: flag({
    doc: 'Whether an answer without a measurement (no series, NaN, infinite) counts as 0, rather than as a failure.',
    default: true,
  }),
  unsafeSsl: flag({
    doc: 'Takes any server certificate. Without effect together with authModes and `ca` or `tls`, and with pod identity.',
    default: false,
    connection: true,
  }),
  timeout: optional(
    duration({
      doc: 'How long one request may take; else the process-wide timeout.',
      connection: true,
    }),
  ),
  authModes: list({
    doc: 'How to log in; `apiKey` is read and without effect here.',
    from: ['trigger', 'auth'],
    aliases: ['authMode'],
    choices: ['apiKey', 'basic', 'tls', 'bearer', 'custom', 'oauth'],
    exclusive: ['bearer', 'basic', 'oauth'],
    default: [],
    connection: true,
  }),
  bearerToken: optional(
    text({
      doc: 'Token for authModes `bearer`.',
      from: ['auth'],
      aliases: ['token'],
      secret: true,
      connection: true,
    }),
  ),
  username: login('User for authModes `basic`.', false),
  password: login('Password for authModes `basic`.'),
  cert: login('Client certificate for authModes `tls`, PEM.', false),
  key: login('Key of the client certificate, PEM.'),
  ca: login("Certificates to trust besides the system's, PEM.", false),
  customAuthHeader: login('Header for authModes `custom`.', false),
  customAuthValue: login('Value of that header.'),
  cloud: text({
    doc: 'With pod identity azure-workload: the cloud of Azure Monitor.',
    default: 'AzurePublicCloud',
    connection: true,
  }),
  azureManagedPrometheusResourceURL: optional(
    text({
      doc: 'With cloud Private: the resource that tokens are for, as https://HOST. The server must be at that host or below it.',
      connection: true,
    }),
  ),
  ...identityFields,
  apiKey: idle('Required for authModes `apiKey`.', true),
  method: idle('Where the API key would go.'),
  keyParamName: idle('The name the API key would have.'),
  oauthTokenURI: oauth('Where tokens are had for authModes `oauth`.'),
  clientID: oauth('The client of authModes `oauth`.'),
  clientSecret: oauth('Secret of that client.', true),
  scopes: oauth('Scopes of the token, with commas between.'),
  endpointParams: oauth('Further parameters of the request for a token, URL-encoded.', true),
  awsRegion: idle('Region of a managed AWS service.'),
  identityOwner: idle('Owner of an AWS identity.'),
}
