import { readFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import type { Cluster, Ref } from '../cluster.ts'
import { type Endpoint, endpointOf } from '../endpoints.ts'
import { anywhere, type Outward } from '../http.ts'
import type { TokenRequest } from '../scaler.ts'
import { accountItem } from './account.ts'
import { createExchange } from './exchange.ts'
import { fileItem } from './file.ts'
import { createKeyVault, type KeyVaultAsk } from './key-vault.ts'
import { type ContentKind, objectItem } from './objects.ts'
import type { Item } from './store.ts'
import { createTokens } from './tokens.ts'
import { type VaultAsk, vaultItem } from './vault.ts'
import { createVaultSessions, type VaultLogin } from './vault-session.ts'
import { createVaultWire } from './vault-wire.ts'

/** Every place that parameters come from. Making an item reads nothing. */
export interface Stores {
  /** Secrets are read in the cluster object namespace alone (KEDA_RESTRICT_SECRET_ACCESS). */
  readonly restricted: boolean
  object(kind: ContentKind, ref: Ref): Item
  /** A token of a service account, under the key `token`. */
  account(ref: Ref): Item
  /** A file of parameters below the configured folder. */
  file(path: string): Item
  vault(login: VaultLogin, ask: VaultAsk): Item
  /** A secret, under the key `value`. */
  keyVault(ask: KeyVaultAsk): Item
  /** Whether the controller's own credentials may be sent to this address on the word of a tenant. */
  trusted(address: string): boolean
  /** Fails with ENDPOINT_FORBIDDEN where Ebb may not go. */
  permit(endpoint: Endpoint): void
  /** A bearer token of an identity, for sources. */
  token(request: TokenRequest, signal: AbortSignal, refused?: string): Promise<string>
  close(): void
}

export interface StoreParts {
  readonly cluster: Cluster
  readonly clock: Clock
  /** No limits but Node's own where left out. */
  readonly outward?: Outward
  /** How long one exchange with a store may take (ms); 3 s. */
  readonly timeout?: number
  /** Variables of the controller; none. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Whether the configuration names this endpoint among those that may be reached; none. */
  readonly named?: (endpoint: Endpoint) => boolean
  /** The folder of files with parameters; none. */
  readonly fileRoot?: string | undefined
  /** How long tokens of service accounts are good (ms); an hour. */
  readonly tokenLife?: number
  readonly restricted?: boolean
}

export function createStores(parts: StoreParts): Stores {
  const { cluster, clock, outward = anywhere, timeout = 3_000, env = {} } = parts
  const { named = () => false, fileRoot, tokenLife = 3_600_000, restricted = false } = parts
  const exchange = createExchange(outward, timeout, clock)
  const tokens = createTokens({ exchange, clock, env, named })
  const wire = createVaultWire(exchange, async () => {
    const file = env['VAULT_CACERT']
    return file ? [await readFile(file, 'utf8')] : []
  })
  const sessions = createVaultSessions(wire, cluster, clock, env)
  const keyVault = createKeyVault(exchange, tokens, clock)
  const vaultServer = URL.parse(env['VAULT_ADDR'] ?? '')
  return {
    restricted,
    object: (kind, ref) => objectItem(cluster, kind, ref),
    account: (ref) => accountItem(cluster, clock, ref, tokenLife),
    file: (path) => fileItem(fileRoot, path),
    vault: (login, ask) => {
      const namespace = login.namespace || env['VAULT_NAMESPACE'] || undefined
      return vaultItem(wire, sessions, clock, { ...login, namespace }, ask)
    },
    keyVault,
    trusted(address) {
      const url = URL.parse(address)
      return url !== null && (url.origin === vaultServer?.origin || named(endpointOf(url)))
    },
    permit: (endpoint) => outward.permit(endpoint),
    token: (request, signal, refused) => tokens.get(request, signal, refused),
    close() {
      tokens.close()
      exchange.close()
    },
  }
}
