import { type Identity, identity } from './identity.ts'
import type { FrontProxy } from './trust.ts'

/** How many distinct users are kept ready; a cluster's HPA controllers are a handful. */
const usersKept = 512

/**
 * Reads the user a front proxy names in its headers, or undefined where it names none. Header names are compared without
 * regard to case. The first name header that has a value wins, groups and extras collect every value, as in Kubernetes.
 *
 * Only to be asked about connections that are proved to be the front proxy's.
 */
export function forwardedUsers(): (
  rawHeaders: readonly string[],
  proxy: FrontProxy,
) => Identity | undefined {
  const kept = new Map<string, Identity | undefined>()
  let keptFor: FrontProxy | undefined

  return (rawHeaders, proxy) => {
    if (keptFor !== proxy) kept.clear()
    keptFor = proxy
    const headers = identityHeaders(rawHeaders, proxy)
    // A header can hold no line break, so the joined text names the headers without doubt.
    const key = headers.join('\n')
    if (kept.has(key)) return kept.get(key)
    const user = readUser(headers, proxy)
    if (kept.size >= usersKept) kept.clear()
    kept.set(key, user)
    return user
  }
}

/** Name, value, name, value: the headers that say who asks, their names in lower case. */
function identityHeaders(rawHeaders: readonly string[], proxy: FrontProxy): readonly string[] {
  const found: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (matters(name, proxy)) found.push(name, rawHeaders[i + 1] ?? '')
  }
  return found
}

const matters = (name: string, proxy: FrontProxy): boolean =>
  proxy.userHeaders.includes(name) ||
  proxy.groupHeaders.includes(name) ||
  proxy.uidHeaders.includes(name) ||
  proxy.extraPrefixes.some((prefix) => name.startsWith(prefix))

function readUser(headers: readonly string[], proxy: FrontProxy): Identity | undefined {
  const values = (wanted: string): readonly string[] =>
    headers.flatMap((_, i) =>
      i % 2 === 0 && headers[i] === wanted ? [utf8(headers[i + 1] ?? '')] : [],
    )
  // As Go's Header.Get: of a header that is there several times, the first one.
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => values(name)[0]).find((value) => value !== undefined && value !== '')

  const name = first(proxy.userHeaders)
  if (name === undefined) return undefined
  return identity({
    name,
    uid: first(proxy.uidHeaders),
    groups: proxy.groupHeaders.flatMap(values).filter((group) => group !== ''),
    extra: extras(headers, proxy),
    via: 'front-proxy',
  })
}

function extras(
  headers: readonly string[],
  proxy: FrontProxy,
): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  for (const prefix of proxy.extraPrefixes) {
    for (let i = 0; i < headers.length; i += 2) {
      const header = headers[i] ?? ''
      if (!header.startsWith(prefix)) continue
      const key = unescapeKey(header.slice(prefix.length))
      const values = found.get(key) ?? []
      values.push(utf8(headers[i + 1] ?? ''))
      found.set(key, values)
    }
  }
  return Object.fromEntries(found)
}

/** The keys are percent-encoded, since header names hold few characters. A malformed one stays as it is. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** Node hands header bytes over as Latin-1; Kubernetes sends UTF-8. */
const utf8 = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value) ? value : Buffer.from(value, 'latin1').toString('utf8')
