import { withoutLast } from './core/trim.ts'
import { X509Certificate } from 'node:crypto'
import {
  createSecureContext,
  DEFAULT_CIPHERS,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls'
import { EnvHttpProxyAgent, errors, Pool } from 'undici'
import type { Dispatcher } from 'undici'
import type { LookupFunction } from 'node:net'
import { parseTime } from './clock.ts'
import { endpointOf, type Endpoint } from './endpoints.ts'
import { type EbbError, failure, isFailure } from './errors.ts'

/** What holds for every connection that Ebb opens to others. */
export interface Outward {
  /** PEM certificates trusted besides the system's (`--ca-dir`). */
  readonly trust: readonly string[]
  readonly tls: TlsLimits
  /** False: every request has a connection of its own (KEDA_HTTP_DISABLE_KEEP_ALIVE). */
  readonly keepAlive: boolean
  /** Fails with ENDPOINT_FORBIDDEN where Ebb may not go (`--allowed-endpoints`). */
  readonly permit: (endpoint: Endpoint) => void
  /** The context of all connections that bring no certificate of their own: with `trust` it is a megabyte, so all share it. */
  readonly context?: () => SecureContext
  /** Finds addresses in place of the system; for tests. */
  readonly lookup?: LookupFunction
}

export interface TlsLimits {
  readonly minVersion: SecureVersion
  /** OpenSSL's names with `:` between; undefined: Node's own choice. */
  readonly ciphers: string | undefined
}

/** How one server is trusted and how Ebb shows who it is. All PEM. */
export interface Trust {
  /** Certificates trusted besides the system's and those of `--ca-dir`. */
  readonly ca: readonly string[]
  readonly cert: string | undefined
  readonly key: string | undefined
  /** False: any certificate is taken (`unsafeSsl`). */
  readonly verify: boolean
}

/** No limits but Node's own; for tests, benchmarks and the demo, which reach this machine alone. */
export const anywhere: Outward = {
  trust: [],
  tls: { minVersion: 'TLSv1.2', ciphers: undefined },
  keepAlive: true,
  permit: () => {},
}

/** Nobody but the system's authorities and those of `--ca-dir`, and no certificate of our own. */
export const systemTrust: Trust = { ca: [], cert: undefined, key: undefined, verify: true }

/** The most a source may say in one answer. */
export const bodyLimit = 1024 * 1024

/** Go keeps an idle connection this long; longer than any usual polling interval. */
const idleMs = 90_000

/**
 * Connections to one server, kept open between polls; closed by its owner. The proxy variables of the environment hold,
 * except for the machine itself. Fails with METADATA_INVALID where the certificates cannot be used, and with
 * ENDPOINT_FORBIDDEN where the server may not be reached; nothing is sent then.
 */
export function dispatcherFor(url: URL, trust: Trust, outward: Outward): Dispatcher {
  outward.permit(endpointOf(url))
  const shared = {
    // The engine's deadline covers the whole exchange, so these would only cost timers.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleMs,
    keepAliveMaxTimeout: idleMs,
    maxResponseSize: bodyLimit,
    pipelining: outward.keepAlive ? 1 : 0,
  }
  const tls = {
    ...(url.protocol === 'https:' && secure(url, trust, outward)),
    ...(outward.lookup && { lookup: outward.lookup }),
  }
  if (!proxied(url)) return new Pool(url.origin, { ...shared, connect: tls })
  return new EnvHttpProxyAgent({ ...shared, connect: tls, requestTls: tls })
}

function secure(url: URL, { ca, cert, key, verify }: Trust, outward: Outward): object {
  const own = ca.length > 0 || cert !== undefined || key !== undefined
  if (!own && outward.context) {
    return { secureContext: outward.context(), rejectUnauthorized: verify }
  }
  try {
    // OpenSSL passes over text that is no certificate, and would then trust less than was asked for.
    for (const pem of ca) void new X509Certificate(pem)
    const trust = [...outward.trust, ...ca]
    const secureContext = contextOf(trust, outward.tls, { cert, key })
    return { secureContext, rejectUnauthorized: verify }
  } catch (thrown) {
    throw failure('METADATA_INVALID', {
      trigger: `for ${url.origin}`,
      problems: [`ca, cert or key cannot be used: ${codeOf(thrown) || 'not PEM'}`],
    })
  }
}

/** Made once per source, or once for many: the system's certificates are some 150 to parse. */
export const contextOf = (
  trust: readonly string[],
  tls: TlsLimits,
  { cert, key }: Pick<Trust, 'cert' | 'key'> = systemTrust,
): SecureContext =>
  createSecureContext({
    ...limitsOf(tls),
    ...(trust.length > 0 && { ca: [...getCACertificates('default'), ...trust] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  })

/** OpenSSL speaks TLS below 1.2 only where its security level is lowered. */
const limitsOf = ({ minVersion, ciphers }: TlsLimits): SecureContextOptions => {
  const old = minVersion === 'TLSv1' || minVersion === 'TLSv1.1'
  const wanted = old ? `${ciphers ?? DEFAULT_CIPHERS}:@SECLEVEL=0` : ciphers
  return { minVersion, ...(wanted !== undefined && { ciphers: wanted }) }
}

const isLocal = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)

function proxied(url: URL): boolean {
  const names =
    url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY']
  return !isLocal(url.hostname) && names.some((name) => process.env[name])
}

/** For messages: no user info and no query, where secrets live. */
export const addressOf = (url: URL): string => `${url.origin}${withoutLast(url.pathname, '/')}`

/** What went wrong between here and the server. The texts of Node and undici hold no request. */
export function fault(error: unknown, address: string): EbbError {
  // Already in our words: a token that could not be had, for instance.
  if (isFailure(error)) return error
  const code = codeOf(error)
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return failure('SOURCE_GARBLED', { address, why: `more than ${bodyLimit / 1024} KiB` }, error)
  // Its text and its data are what the server sent, so neither is handed on.
  if (error instanceof errors.HTTPParserError)
    return failure('SOURCE_GARBLED', { address, why: 'not HTTP' })
  // The server asked for a client certificate, or did not like ours.
  if (/^ERR_SSL_.*ALERT_(.*CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/.test(code))
    return failure('SOURCE_DENIED', { address, why: `TLS: ${code}` }, error)
  return failure('SOURCE_UNREACHABLE', { address, why: textOf(error, code) }, error)
}

const stale = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']

/**
 * Attempts once more where the connection broke: most often it was kept open here and ended there meanwhile, and then
 * nothing was served. For requests that change nothing.
 */
export const onceMore = <T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> =>
  attempt().catch((thrown: unknown) => {
    if (signal.aborted || !stale.includes(codeOf(thrown))) throw thrown
    return attempt()
  })

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

/** An error of several addresses at once has no text of its own. */
function textOf(error: unknown, code: string): string {
  const text = error instanceof AggregateError ? '' : error instanceof Error ? error.message : ''
  return text || code || 'the connection failed'
}

/** A refusal by status: 401 and 403, 404, 429 and 503, and all the rest. `why` must hold no secret. */
export function refusal(status: number, address: string, what: string, why: string): EbbError {
  const said = why === '' ? `HTTP ${status}` : `HTTP ${status} ${why}`
  if (status === 401 || status === 403) return failure('SOURCE_DENIED', { address, why: said })
  if (status === 404) return failure('SOURCE_NOT_FOUND', { address, what })
  if (status === 429 || status === 503) return failure('SOURCE_THROTTLED', { address, why: said })
  return failure('SOURCE_REFUSED', { address, why: said })
}

/** How long a Retry-After header asks to wait, in ms: seconds or a date (RFC 9110). */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const at = parseTime(header)
  return at === undefined ? undefined : Math.max(0, at - now)
}
