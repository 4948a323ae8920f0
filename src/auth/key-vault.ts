import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { EbbError, failure, isFailure, reasonOf } from '../errors.ts'
import { addressOf } from '../http.ts'
import type { EntraRequest } from '../scaler.ts'
import type { AzureHttp } from './azure-http.ts'
import type { Exchange } from './exchange.ts'
import { passingOf } from './objects.ts'
import type { Item, Read } from './store.ts'
import type { Tokens } from './tokens.ts'

/** One secret of an Azure Key Vault. */
export interface KeyVaultAsk {
  readonly vaultUri: string
  readonly name: string
  /** '' is the latest. */
  readonly version: string
  /** Who reads it; the scope is the vault's own to say. */
  readonly identity: Omit<EntraRequest, 'scope'>
}

/** Secrets of Azure Key Vault, under the key `value`. */
export function createKeyVault(
  exchange: Exchange,
  tokens: Tokens,
  clock: Clock,
): (ask: KeyVaultAsk) => Item {
  const digestKey = randomBytes(32)

  const read = async (ask: KeyVaultAsk, signal: AbortSignal): Promise<Read> => {
    const { vaultUri, name, identity } = ask
    const url = URL.parse(vaultUri)
    if (url?.protocol !== 'https:')
      return { problem: 'azureKeyVault.vaultUri must be an https URL', missing: false }
    const where = `Key Vault ${addressOf(url)}`
    const [{ askKeyVault }, { azureHttp }] = await Promise.all([
      import('./key-vault-client.ts'),
      import('./azure-http.ts'),
    ])
    const http = azureHttp(exchange, signal)
    let refused: string | undefined
    const attempt = (): Promise<string | undefined> =>
      askKeyVault(
        vaultUri,
        ask,
        async (scope) => (refused = await tokens.get({ ...identity, scope }, signal, refused)),
        http,
        () => clock.now(),
      )
    try {
      // a token may have been revoked before its end
      const value = await attempt().catch((error: unknown) => {
        if (statusOf(http.last()) !== 401 || refused === undefined) throw error
        return attempt()
      })
      if (value === undefined)
        return { problem: `${where} has no value for secret ${name}`, missing: true }
      return { data: { value } }
    } catch (error) {
      // the SDK shows no token to a vault that asks for one of another domain
      if (refused === undefined && statusOf(http.last()) === 401 && !isFailure(error))
        return {
          problem: `${where} asks for a token of another domain, so none was sent; check vaultUri`,
          missing: false,
        }
      return problemOf(error, where, name, http.last())
    }
  }

  return (ask) => {
    const url = URL.parse(ask.vaultUri)
    const key = createHmac('sha256', digestKey).update(JSON.stringify(ask)).digest('base64url')
    return {
      key: `key-vault/${key}`,
      lane: `key-vault ${url?.origin ?? ''}`,
      read: (signal) => read(ask, signal),
    }
  }
}

type Last = ReturnType<AzureHttp['last']>

const statusOf = (last: Last): number | undefined =>
  last instanceof EbbError ? undefined : last?.status

function problemOf(error: unknown, where: string, name: string, last: Last): Read {
  // a token that could not be had says why itself
  if (isFailure(error)) return { problem: `${where}: ${error.message}`, ...passingOf(error) }
  if (last instanceof EbbError) return { problem: `${where}: ${last.message}`, ...passingOf(last) }
  const status = last?.status ?? 0
  if (status === 404) return { problem: `${where} has no secret ${name}`, missing: true }
  if (status === 401 || status === 403)
    return {
      problem: `${where} refuses secret ${name} (HTTP ${status}): give the identity the role Key Vault Secrets User on it, and let its firewall admit the cluster`,
      missing: false,
    }
  if (status === 429 || status >= 500) {
    const passing = failure('SOURCE_THROTTLED', { address: where, why: `HTTP ${status}` })
    return { problem: passing.message, ...passingOf(passing) }
  }
  // The SDK's own words: a challenge that is not the vault's, an answer that is none.
  return { problem: `${where}: ${reasonOf(error).split('\n')[0]?.slice(0, 200)}`, missing: false }
}
