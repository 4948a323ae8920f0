import { withoutLast } from '../core/trim.ts'
import { failure } from '../errors.ts'
import type { Exchange } from './exchange.ts'
import { isRecord } from './json.ts'

/** Vault's HTTP API: JSON in and out, below `/v1/`. */
export interface VaultWire {
  /** One call and whatever Vault answered; no body is an empty one. Fails as the exchange does. */
  call(
    server: { readonly address: string; readonly namespace: string | undefined },
    token: string | undefined,
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>
}

export const createVaultWire = (
  exchange: Exchange,
  ca: () => Promise<readonly string[]>,
): VaultWire => ({
  async call({ address, namespace }, token, method, path, body, signal) {
    const { status, headers, text } = await exchange.send(
      {
        url: urlOf(address, path),
        method,
        headers: {
          accept: 'application/json',
          'x-vault-request': 'true',
          ...(token !== undefined && { 'x-vault-token': token }),
          ...(namespace && { 'x-vault-namespace': namespace }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        ca: await ca(),
      },
      signal,
    )
    if (status >= 300 && status < 400) {
      const to = URL.parse(headers['location'] ?? '', address)?.host ?? 'elsewhere'
      const why = `it redirects to ${to}; give the address of the active server`
      throw failure('SOURCE_REFUSED', { address, why })
    }
    return { status, body: parsed(text, status, address) }
  },
})

/** The path is a tenant's: it must not lead out of `/v1/` or become a query. */
function urlOf(address: string, path: string): URL {
  const base = URL.parse(address)
  const parts = path.split('/').filter(Boolean)
  if (!base || !/^https?:$/.test(base.protocol) || base.username !== '' || base.search !== '')
    throw failure('SPEC_INVALID', {
      problems: ['hashiCorpVault.address must be an http or https URL without user and query'],
    })
  if (parts.length === 0 || parts.some((part) => part === '.' || part === '..'))
    throw failure('SPEC_INVALID', { problems: [`"${path.slice(0, 80)}" is no path in Vault`] })
  const url = new URL(base)
  const prefix = withoutLast(base.pathname, '/')
  url.pathname = `${prefix}/v1/${parts.map(encodeURIComponent).join('/')}`
  return url
}

function parsed(text: string, status: number, address: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {}
  try {
    const said: unknown = JSON.parse(text)
    if (isRecord(said)) return said
  } catch {
    // a refusal by something before Vault may be a page
    if (status >= 400) return {}
  }
  throw failure('SOURCE_GARBLED', { address, why: 'no JSON object' })
}

/** Vault's own words about a refusal; they name paths and rules, not values. */
export const refusals = (body: Readonly<Record<string, unknown>>): string =>
  Array.isArray(body['errors'])
    ? body['errors']
        .filter((each) => typeof each === 'string')
        .join('; ')
        .replaceAll(/\s+/g, ' ')
        .slice(0, 200)
    : ''
