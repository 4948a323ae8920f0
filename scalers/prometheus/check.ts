import { withoutLast } from '../../src/core/trim.ts'
import type { Values } from '../../src/metadata/fields.ts'
import { cloudOf, cloudProblems, providerOf } from '../shared/azure.ts'
import type { fields } from './fields.ts'

type Told = Partial<Values<typeof fields>>

/** Which parameters each way to log in cannot do without (KEDA authentication_types.go). */
const needs: Readonly<Record<string, readonly (keyof Told)[]>> = {
  bearer: ['bearerToken'],
  basic: ['username'],
  tls: ['cert', 'key'],
  custom: ['customAuthHeader', 'customAuthValue'],
  apiKey: ['apiKey'],
  oauth: ['oauthTokenURI', 'clientID'],
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/
/** Headers that are the connection's own business. */
const hopByHop = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]

/** What is wrong with several fields together; repeats no value that may be a secret. */
export const problems = (m: Told): string[] => [
  ...addressProblems(m.serverAddress),
  ...loginProblems(m),
  ...identityProblems(m),
  ...headerProblems({ ...m.customHeaders, ...customHeader(m) }),
]

function addressProblems(address: string | undefined): string[] {
  if (address === undefined) return []
  const url = URL.parse(address)
  if (!url || !/^https?:$/.test(url.protocol)) return ['serverAddress must be an http or https URL']
  return url.search === '' && url.hash === ''
    ? []
    : ['serverAddress must end before any ? or #; use queryParameters']
}

const loginProblems = ({ authModes = [], ...m }: Told): string[] =>
  authModes.flatMap((mode) =>
    (needs[mode] ?? [])
      .filter((name) => m[name as keyof typeof m] === undefined)
      .map(
        (name) => `${name} is required for authModes ${mode}: set it in the TriggerAuthentication`,
      ),
  )

function identityProblems(m: Told): string[] {
  const provider = providerOf(m)
  if (provider === 'none') return []
  if ((m.authModes ?? []).length > 0) return ['pod identity cannot be used together with authModes']
  if (provider !== 'azure-workload')
    return [`pod identity ${provider} is not supported here; use azure-workload or authModes`]
  if (m.cloud === undefined) return []
  if (['german', 'stack'].includes(cloudOf(m.cloud) ?? ''))
    return [`cloud ${m.cloud} has no managed Prometheus`]
  return [
    ...cloudProblems(
      m.cloud,
      'azureManagedPrometheusResourceURL',
      m.azureManagedPrometheusResourceURL,
    ),
    ...(cloudOf(m.cloud) === 'private' ? audienceProblems(m) : []),
  ]
}

/**
 * Whoever writes the trigger says what the token is for and where it goes: only a server of that very resource may get it, or
 * it would be a token for anything the identity may do, sent anywhere. Key Vault's clients hold challenges to the same rule.
 */
function audienceProblems({
  serverAddress,
  azureManagedPrometheusResourceURL: resource,
}: Told): string[] {
  if (serverAddress === undefined || resource === undefined) return []
  const [server, audience] = [URL.parse(serverAddress), URL.parse(resource)]
  // wrong by itself, and said so elsewhere
  if (!server) return []
  // nothing besides the origin: Entra ID must not read another resource in it than is read here
  if (audience?.protocol !== 'https:' || withoutLast(resource, '/') !== audience.origin)
    return ['azureManagedPrometheusResourceURL must be https://HOST and no more']
  const within =
    server.protocol === 'https:' &&
    (server.hostname === audience.hostname || server.hostname.endsWith(`.${audience.hostname}`))
  return within
    ? []
    : [
        `serverAddress must be https at ${audience.hostname} or below it: the token is for azureManagedPrometheusResourceURL alone`,
      ]
}

const customHeader = (m: Told): Readonly<Record<string, string>> =>
  m.authModes?.includes('custom') && m.customAuthHeader
    ? { [m.customAuthHeader]: m.customAuthValue ?? '' }
    : {}

function headerProblems(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, text]) => {
    if (!headerName.test(name)) return [`"${name.slice(0, 60)}" is not a header name`]
    if (hopByHop.includes(name.toLowerCase())) return [`header ${name} cannot be set`]
    return headerValue.test(text)
      ? []
      : [`the value of header ${name} holds characters that no header may hold`]
  })
}
