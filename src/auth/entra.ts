import type { Clock } from '../clock.ts'
import { endpointOf, type Endpoint } from '../endpoints.ts'
import { EbbError, failure, reasonOf } from '../errors.ts'
import type { EntraRequest } from '../scaler.ts'
import type { AzureHttp } from './azure-http.ts'
import type { Exchange } from './exchange.ts'
import type { EntraLogin } from './entra-client.ts'
import type { Token } from './token-cache.ts'
import { isRecord } from './json.ts'

export interface EntraParts {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether the configuration itself names this endpoint as one of those that may be reached. */
  readonly named: (endpoint: Endpoint) => boolean
}

/** Where Microsoft runs Entra ID. An assertion sent to anybody else could be used by them. */
const authorities = [
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
  'login.microsoftonline.de',
]
const publicAuthority = 'https://login.microsoftonline.com/'

/** A token of Entra ID, by workload identity or, where the request holds a secret, as a client. Fails with IDENTITY_*. */
export async function obtainEntra(
  request: EntraRequest,
  parts: EntraParts,
  signal: AbortSignal,
): Promise<Token> {
  const { scope } = request
  const login = loginOf(request, parts)
  const [{ askEntra }, { azureHttp }] = await Promise.all([
    import('./entra-client.ts'),
    import('./azure-http.ts'),
  ])
  const http = azureHttp(parts.exchange, signal)
  try {
    const token = await askEntra(login, http, signal)
    if (token) return token
    throw new TypeError('an answer without a token')
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw told(error, scope, login.clientId, http.last())
  }
}

/** What the request leaves open is the environment's, as the workload identity webhook sets it. */
function loginOf(request: EntraRequest, parts: EntraParts): EntraLogin {
  const { env } = parts
  const { scope, clientSecret: secret } = request
  const clientId = request.clientId || env['AZURE_CLIENT_ID'] || ''
  const tenantId = request.tenantId || env['AZURE_TENANT_ID'] || ''
  const file = env['AZURE_FEDERATED_TOKEN_FILE'] || ''
  const missing = Object.entries({
    AZURE_CLIENT_ID: clientId,
    AZURE_TENANT_ID: tenantId,
    AZURE_FEDERATED_TOKEN_FILE: secret ?? file,
  }).flatMap(([name, text]) => (text === '' ? [name] : []))
  if (missing.length > 0) throw failure('IDENTITY_ABSENT', { scope, missing: missing.join(', ') })
  const by = secret === undefined ? { file } : { secret }
  return { scope, tenantId, clientId, authorityHost: authorityOf(request, parts), by }
}

function authorityOf({ authorityHost, scope }: EntraRequest, { env, named }: EntraParts): string {
  const own = env['AZURE_AUTHORITY_HOST'] || publicAuthority
  if (!authorityHost) return own
  const url = URL.parse(authorityHost)
  const known =
    url?.protocol === 'https:' &&
    (authorities.includes(url.hostname) ||
      url.host === URL.parse(own)?.host ||
      named(endpointOf(url)))
  // as it was read here, so that nobody reads another host in it
  if (known && url.username === '') return url.href
  throw failure('IDENTITY_DENIED', {
    scope,
    why: `identityAuthorityHost ${url?.host ?? 'is no URL and'} is no authority of Azure; use one, or have the controller's AZURE_AUTHORITY_HOST or --allowed-endpoints name it`,
  })
}

/** By what Entra answered, where it did: an outage passes, a refusal says whom to ask. */
function told(
  error: unknown,
  scope: string,
  clientId: string,
  last: ReturnType<AzureHttp['last']>,
): EbbError {
  if (last instanceof EbbError) {
    if (!last.retry) return last
    return failure('IDENTITY_UNREACHABLE', { scope, why: last.message }, last)
  }
  if (last && (last.status === 429 || last.status >= 500))
    return failure('IDENTITY_UNREACHABLE', { scope, why: `Entra ID answered HTTP ${last.status}` })
  if (last && last.status >= 400)
    return failure('IDENTITY_DENIED', {
      scope,
      why: `Entra ID says ${complaint(last.text) || `HTTP ${last.status}`}; check client ${clientId}, its tenant and its federated credential or secret`,
    })
  // Nothing was asked: the token file cannot be read, or a name is none. The SDK's words hold no token.
  return failure('IDENTITY_DENIED', {
    scope,
    why: reasonOf(error).split('\n')[0]?.slice(0, 200) ?? '',
  })
}

/** `invalid_client: AADSTS700016: Application ... was not found`, without trace and correlation ids. */
function complaint(text: string): string {
  try {
    const said: unknown = JSON.parse(text)
    if (!isRecord(said)) return ''
    const words = [said['error'], said['error_description']].filter((w) => typeof w === 'string')
    return (
      words
        .join(': ')
        .split(/[\r\n]|Trace ID/)[0]
        ?.trim()
        .slice(0, 200) ?? ''
    )
  } catch {
    return ''
  }
}
