import { failure } from './errors.ts'

/** Where something is reached: a host name or address in lower case, and a port. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Which endpoints may be reached. Made by `parseEndpoints`. */
export interface Endpoints {
  /** As it was written, for messages. */
  readonly text: string
  allow(endpoint: Endpoint): boolean
  /** Whether it is named by more than a bare `*`: what goes to nobody but servers an admin has in mind needs that. */
  names(endpoint: Endpoint): boolean
}

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** The endpoint of a URL; the port is the scheme's where the URL has none. A dot at the end of a host changes nothing. */
export const endpointOf = (url: URL): Endpoint => ({
  host: plain(url.hostname),
  port: url.port === '' ? (defaultPorts[url.protocol] ?? 0) : Number(url.port),
})

export const spokenEndpoint = ({ host, port }: Endpoint): string => `${host}:${port}`

/** `HOST[:PORT]`, where HOST is a name, an address, `*.DOMAIN` or `*`, and an IPv6 address stands in brackets. */
const form = /^(\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/

/**
 * A list of host patterns, with commas or blanks between: `db.example.com:5432, *.queue.core.windows.net`. Without a port a
 * pattern stands for all ports; `*.DOMAIN` for every name below the domain and not for the domain itself. What cannot be
 * read is a problem, and must never count as "everything".
 */
export function parseEndpoints(text: string): Endpoints | { readonly problem: string } {
  const patterns: { readonly host: string; readonly port: number | undefined }[] = []
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const [, written, port] = form.exec(word.toLowerCase()) ?? []
    // an address has several spellings, and is compared by the one that URLs come to
    const host = written?.startsWith('[') ? URL.parse(`http://${written}`)?.hostname : written
    if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535)
      return {
        problem: `"${word.slice(0, 80)}" is no endpoint; write HOST or HOST:PORT, where HOST may begin with *.`,
      }
    patterns.push({ host, port: port === undefined ? undefined : Number(port) })
  }
  const holds = (among: typeof patterns, endpoint: Endpoint): boolean =>
    among.some(
      ({ host, port }) =>
        (port === undefined || port === endpoint.port) && matches(host, endpoint.host),
    )
  const named = patterns.filter(({ host }) => host !== '*')
  return {
    text: text.trim(),
    allow: (endpoint) => holds(patterns, endpoint),
    names: (endpoint) => holds(named, endpoint),
  }
}

function matches(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

const plain = (host: string): string => host.toLowerCase().replace(/\.$/, '')

/** A list of endpoints that holds for some connections, and where it is written. */
export interface Within {
  readonly endpoints: Endpoints
  readonly by: string
}

/** Fails with ENDPOINT_FORBIDDEN where the list does not hold the endpoint; without a list everything is allowed. */
export function permitWithin(within: Within | undefined, endpoint: Endpoint): void {
  if (within === undefined || within.endpoints.allow(endpoint)) return
  throw failure('ENDPOINT_FORBIDDEN', {
    endpoint: spokenEndpoint(endpoint),
    allowed: within.endpoints.text,
    by: within.by,
  })
}
