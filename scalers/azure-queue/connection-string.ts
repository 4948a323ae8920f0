import { withoutLast } from '../../src/core/trim.ts'

/** How to reach a storage account's queues: with its key, or with a shared access signature. */
export interface Account {
  readonly url: string
  readonly login:
    | { readonly kind: 'key'; readonly name: string; readonly key: string }
    | { readonly kind: 'sas'; readonly query: string }
}

/** Why a connection string cannot be used; holds no part of it. */
export interface Unusable {
  readonly problem: string
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The rules of the Azure SDK that KEDA uses: `;` between `key=value` parts, keys case-sensitive, trailing `;` ignored.
 * An account key wins over a signature.
 */
export function parseConnectionString(text: string): Account | Unusable {
  const parts = new Map<string, string>()
  for (const part of withoutLast(text, ';').split(';')) {
    const at = part.indexOf('=')
    if (at < 0) return { problem: 'is not a list of key=value parts separated by ";"' }
    parts.set(part.slice(0, at), part.slice(at + 1))
  }
  if (parts.has('UseDevelopmentStorage'))
    return {
      problem:
        'must not be UseDevelopmentStorage, which names no account; give AccountName, AccountKey and QueueEndpoint of the emulator',
    }
  const url = endpointOf(parts)
  if (typeof url !== 'string') return url
  const login = loginOf(parts)
  return 'problem' in login ? login : { url, login }
}

function endpointOf(parts: ReadonlyMap<string, string>): string | Unusable {
  const account = parts.get('AccountName')
  const protocol = parts.get('DefaultEndpointsProtocol') ?? 'https'
  const suffix = parts.get('EndpointSuffix') ?? 'core.windows.net'
  const endpoint =
    parts.get('QueueEndpoint') || (account && `${protocol}://${account}.queue.${suffix}`)
  if (!endpoint) return { problem: 'needs AccountName or QueueEndpoint' }
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint))
    return { problem: 'does not give a valid http or https address' }
  return withoutLast(endpoint, '/')
}

function loginOf(parts: ReadonlyMap<string, string>): Account['login'] | Unusable {
  const [name, key] = [parts.get('AccountName'), parts.get('AccountKey')]
  const sas = parts.get('SharedAccessSignature')
  if (name && key)
    return base64.test(key)
      ? { kind: 'key', name, key }
      : { problem: 'has an AccountKey that is not base64' }
  if (sas) return { kind: 'sas', query: sas.replace(/^\?/, '') }
  return { problem: 'needs AccountName with AccountKey, or SharedAccessSignature' }
}
