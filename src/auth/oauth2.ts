import type { Clock } from '../clock.ts'
import { failure, isFailure } from '../errors.ts'
import { addressOf } from '../http.ts'
import type { OauthRequest } from '../scaler.ts'
import type { Exchange, StoreAnswer } from './exchange.ts'
import type { Token } from './token-cache.ts'
import { isRecord } from './json.ts'

/** How long a token is taken for good whose server does not say (ms). */
const unsaid = 300_000

/**
 * A token by OAuth 2 client credentials. As Go's client does for KEDA, the client shows itself in the header first and, where
 * that is refused, in the form.
 */
export async function obtainOauth(
  request: OauthRequest,
  exchange: Exchange,
  clock: Clock,
  signal: AbortSignal,
): Promise<Token> {
  const url = URL.parse(request.tokenUrl)
  if (!url || !/^https?:$/.test(url.protocol))
    throw failure('IDENTITY_DENIED', {
      scope: 'OAuth 2',
      why: 'tokenUrl must be an http or https URL',
    })
  const scope = addressOf(url)
  try {
    let answer = await exchange.send(formOf(url, request, 'header'), signal)
    if (answer.status === 400 || answer.status === 401)
      answer = await exchange.send(formOf(url, request, 'form'), signal)
    return tokenIn(answer, scope, request, clock)
  } catch (error) {
    if (!isFailure(error) || !error.code.startsWith('SOURCE_')) throw error
    throw failure('IDENTITY_UNREACHABLE', { scope, why: error.message }, error)
  }
}

function formOf(
  url: URL,
  { clientId, clientSecret, scopes, params }: OauthRequest,
  by: 'header' | 'form',
): Parameters<Exchange['send']>[0] {
  const form = new URLSearchParams(params)
  form.set('grant_type', 'client_credentials')
  if (scopes.length > 0) form.set('scope', scopes.join(' '))
  const encode = encodeURIComponent
  const login = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')
  if (by === 'form') {
    form.set('client_id', clientId)
    if (clientSecret !== '') form.set('client_secret', clientSecret)
  }
  return {
    url,
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(by === 'header' && { authorization: `Basic ${login}` }),
    },
    body: form.toString(),
  }
}

function tokenIn(
  { status, text }: StoreAnswer,
  scope: string,
  { clientId }: OauthRequest,
  clock: Clock,
): Token {
  const said = parsed(text)
  if (status === 429 || status >= 500)
    throw failure('IDENTITY_UNREACHABLE', { scope, why: `it answered HTTP ${status}` })
  const value = said['access_token']
  if (status < 200 || status > 299 || typeof value !== 'string' || value === '') {
    const error = typeof said['error'] === 'string' ? ` ${said['error'].slice(0, 60)}` : ''
    throw failure('IDENTITY_DENIED', {
      scope,
      why: `HTTP ${status}${error}; check clientId ${clientId}, its secret and scopes in oauth2 of the TriggerAuthentication`,
    })
  }
  const seconds = Number(said['expires_in'])
  return { value, expires: clock.now() + (seconds > 0 ? seconds * 1000 : unsaid) }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(text)
    return isRecord(said) ? said : {}
  } catch {
    // a page of something before the server
    return {}
  }
}
