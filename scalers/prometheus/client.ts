import { withoutLast } from '../../src/core/trim.ts'
import { rfc3339 } from '../../src/clock.ts'
import { error } from '../../src/scaler.ts'
import type { Answer, Host, Service } from '../../src/scaler.ts'
import { type Bearer, bearerOf, cloudOf, type Identity, tokenFor } from '../shared/azure.ts'
import {
  addressOf,
  dispatcherFor,
  fault,
  onceMore,
  refusal,
  retryAfter,
  type Trust,
} from '../../src/http.ts'
import { request, type Response } from '../../src/request.ts'
import { complaintOf, type From, parseAnswer } from './answer.ts'
import { headersOf, type Login } from './headers.ts'
import { redirects } from './redirect.ts'

export interface Connection extends Login, Identity {
  readonly serverAddress: string
  readonly queryParameters: Readonly<Record<string, string>> | undefined
  readonly unsafeSsl: boolean
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly ca: string | undefined
  readonly cloud: string
  readonly azureManagedPrometheusResourceURL: string | undefined
  readonly oauthTokenURI: string | undefined
  readonly clientID: string | undefined
  readonly clientSecret: string | undefined
  readonly scopes: string | undefined
  readonly endpointParams: string | undefined
}

// A type alias, because an interface is not taken for plain data with string keys.
export type PromQuery = {
  readonly query: string
  readonly namespace: string | undefined
}

export interface PrometheusService extends Service {
  /** One instant query, now. Never throws but when the signal aborts. */
  instant(query: PromQuery, signal: AbortSignal): Promise<Answer<number>>
}

/** Opens nothing yet: connections are made when first asked. */
export function openPrometheus(c: Connection, host: Host): PrometheusService {
  const url = new URL(c.serverAddress)
  const trust = trustOf(c)
  const dispatcher = dispatcherFor(url, trust, host)
  const redirect = redirects(url, dispatcher, trust, host)
  const { origin } = url
  const from: From = { address: addressOf(url), hide: hider(c, url) }
  const pathOf = paths(url, c.queryParameters ?? {}, host)
  const headers = currentHeaders(c, url, host)

  const send = async (path: string, signal: AbortSignal): Promise<Response> => {
    const carried = headers.now ?? (await headers.next(signal))
    const asked = { origin, path, method: 'GET', headers: carried } as const
    const answer = await request(dispatcher, asked, signal)
    return answer.status >= 300 && answer.status < 400
      ? redirect.follow(answer, asked, signal)
      : answer
  }
  const ask = async (query: PromQuery, signal: AbortSignal): Promise<Answer<number>> => {
    let answer = await send(pathOf(query), signal)
    // a token may have been revoked before its end
    if (answer.status === 401 && headers.refused()) answer = await send(pathOf(query), signal)
    const { status, headers: said, text } = answer
    if (status >= 200 && status < 300) return parseAnswer(text, from)
    const wait = retryAfter(headerOf(said['retry-after']), host.clock.now())
    return refused(status, text, from, wait)
  }
  return {
    address: from.address,
    async instant(query, signal) {
      try {
        return await onceMore(signal, () => ask(query, signal))
      } catch (thrown) {
        if (signal.aborted) throw signal.reason
        return error(fault(thrown, from.address))
      }
    },
    async close() {
      await Promise.all([dispatcher.destroy(), redirect.close()])
    },
  }
}

/** The server's own words where they concern the query; else what the status says of the server. */
function refused(
  status: number,
  body: string,
  from: From,
  wait: number | undefined,
): Answer<never> {
  // Prometheus says 503 of a query that ran out of time, which is no reason to spare it all others.
  const ofQuery = status === 400 || status >= 500 || status === 422
  const complaint = ofQuery && wait === undefined ? complaintOf(body, from) : undefined
  return error(complaint ?? refusal(status, from.address, '/api/v1/query', ''), wait)
}

const headerOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header

/** With authModes and an own CA or certificate, and with pod identity, KEDA's transport ignores unsafeSsl. */
function trustOf(c: Connection): Trust {
  const tls = c.authModes.includes('tls')
  const strict =
    c.provider === 'azure-workload' || (c.authModes.length > 0 && (tls || c.ca !== undefined))
  return {
    ca: c.ca === undefined ? [] : [c.ca],
    cert: tls ? c.cert : undefined,
    key: tls ? c.key : undefined,
    verify: strict || !c.unsafeSsl,
  }
}

/** Makes the path of a request. All but the time is made once per query object. */
function paths(
  url: URL,
  parameters: Readonly<Record<string, string>>,
  host: Host,
): (query: PromQuery) => string {
  const escape = encodeURIComponent
  const prefix = withoutLast(url.pathname, '/')
  const extra = Object.entries(parameters).map(([k, v]) => `&${escape(k)}=${escape(v)}`)
  const made = new WeakMap<PromQuery, string>()
  const make = ({ query, namespace }: PromQuery): string => {
    // KEDA appends the namespace as it is; here only what no request line may hold is escaped.
    const narrowed = namespace?.replace(/[^\x21\x22\x24-\x7e]/gu, (c) => escape(c))
    const within = narrowed === undefined ? '' : `&namespace=${narrowed}`
    return `${prefix}/api/v1/query?query=${escape(query)}${within}${extra.join('')}&time=`
  }
  let second = -1
  let time = ''
  return (query) => {
    let start = made.get(query)
    if (start === undefined) made.set(query, (start = make(query)))
    const now = Math.floor(host.clock.now() / 1000)
    if (now !== second) {
      second = now
      time = rfc3339(now * 1000)
    }
    return start + time
  }
}

/** Where Azure Monitor takes tokens for. */
const monitors: Readonly<Record<string, string>> = {
  public: 'https://prometheus.monitor.azure.com',
  usgov: 'https://prometheus.monitor.azure.us',
  china: 'https://prometheus.monitor.azure.cn',
}

interface Headers {
  /** Those that stay the same; undefined where a token has to be had for each request. */
  readonly now: string[] | undefined
  next(signal: AbortSignal): Promise<string[]>
  /** The server did not take them; true where others can be had. */
  refused(): boolean
}

function currentHeaders(c: Connection, url: URL, host: Host): Headers {
  const bearer = bearerFor(c, host)
  if (!bearer) {
    const now = headersOf(c, url)
    return { now, next: async () => now, refused: () => false }
  }
  return {
    now: undefined,
    next: async (signal) => headersOf(c, url, await bearer.token(signal)),
    refused: () => bearer.refused(),
  }
}

/** Where each request carries a token of an identity: of Azure, or of an OAuth client. */
function bearerFor(c: Connection, host: Host): Bearer | undefined {
  if (c.provider === 'azure-workload') {
    const resource = c.azureManagedPrometheusResourceURL ?? ''
    return tokenFor(`${monitors[cloudOf(c.cloud) ?? ''] ?? resource}/.default`, c, host)
  }
  if (!c.authModes.includes('oauth')) return undefined
  return bearerOf(
    {
      tokenUrl: c.oauthTokenURI ?? '',
      clientId: c.clientID ?? '',
      clientSecret: c.clientSecret ?? '',
      scopes: (c.scopes ?? '').split(',').flatMap((scope) => scope.trim() || []),
      params: Object.fromEntries(new URLSearchParams(c.endpointParams ?? '')),
    },
    host,
  )
}

/** Takes out what logs in, should the server repeat it. Headers and parameters of a few letters are no secret. */
function hider(c: Connection, url: URL): (text: string) => string {
  const logins = headersOf(c, url).filter((_, i, all) => all[i - 1] === 'Authorization')
  const loose = [...Object.values(c.customHeaders ?? {}), ...Object.values(c.queryParameters ?? {})]
  const secrets = [
    ...[c.bearerToken, c.password, c.customAuthValue, c.clientSecret, url.password].map(
      (text) => text ?? '',
    ),
    ...logins.flatMap((text) => [text, text.slice(text.indexOf(' ') + 1)]),
    ...loose.filter((text) => text.length >= 8),
  ].filter((text) => text !== '')
  return (text) => secrets.reduce((kept, secret) => kept.replaceAll(secret, '***'), text)
}
