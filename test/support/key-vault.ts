import {
  extended,
  startStoreServer,
  type StoreReply,
  type StoreRequest,
  type StoreServer,
} from './store-server.ts'

/** An Azure Key Vault on this machine: challenges who shows no token, then gives secrets. */
export interface KeyVaultServer extends StoreServer {
  /** `name` or `name/version` -> value. */
  readonly secrets: Map<string, string>
  readonly forbidden: Set<string>
  /** Tokens it takes, besides those that `takes` says. */
  readonly taken: Set<string>
  /** What it says its resource is; the SDK takes no other than its own domain. */
  resource: string
}

export const keyVaultHost = 'orders.vault.test'

export async function startKeyVault(
  authority: string,
  takes: (token: string) => boolean = () => false,
): Promise<KeyVaultServer> {
  const secrets = new Map<string, string>()
  const forbidden = new Set<string>()
  const taken = new Set<string>()
  let resource = 'https://vault.test'
  let url = ''

  const answer = ({ path, headers }: StoreRequest): StoreReply => {
    const token = headers.authorization?.replace('Bearer ', '') ?? ''
    if (!taken.has(token) && !takes(token))
      return {
        status: 401,
        headers: {
          'www-authenticate': `Bearer authorization="${authority}", resource="${resource}"`,
        },
        body: { error: { code: 'Unauthorized', message: 'AKV10000' } },
      }
    const name = path.replace(/^\/secrets\//, '').replace(/\/$/, '')
    if (forbidden.has(name))
      return { status: 403, body: { error: { code: 'Forbidden', message: 'no role' } } }
    const value = secrets.get(name)
    if (value === undefined)
      return { status: 404, body: { error: { code: 'SecretNotFound', message: 'not found' } } }
    const id = `${url}/secrets/${name}${name.includes('/') ? '' : '/0123'}`
    return { status: 200, body: { value, id, attributes: { enabled: true } } }
  }

  const server = await startStoreServer(answer, [keyVaultHost])
  url = server.url
  return extended(server, {
    secrets,
    forbidden,
    taken,
    get resource() {
      return resource
    },
    set resource(to: string) {
      resource = to
    },
  })
}
