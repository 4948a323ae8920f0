import { createHmac, randomBytes } from 'node:crypto'
import type { TokenRequest } from '../scaler.ts'
import { type EntraParts, obtainEntra } from './entra.ts'
import { obtainOauth } from './oauth2.ts'
import { createTokenCache } from './token-cache.ts'

/** Bearer tokens of identities, each had once for everyone. */
export interface Tokens {
  /** Fails with IDENTITY_* or ENDPOINT_FORBIDDEN. `refused` is a token that was not taken: another one is had. */
  get(request: TokenRequest, signal: AbortSignal, refused?: string): Promise<string>
  readonly size: number
  close(): void
}

export function createTokens(parts: EntraParts): Tokens {
  const { clock, exchange } = parts
  const cache = createTokenCache(clock)
  const digestKey = randomBytes(32)
  const keyOf = (request: TokenRequest): string =>
    createHmac('sha256', digestKey)
      .update(JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1))))
      .digest('base64url')
  return {
    get size() {
      return cache.size
    },
    get: (request, signal, refused) =>
      cache.get(
        keyOf(request),
        (shared) =>
          'tokenUrl' in request
            ? obtainOauth(request, exchange, clock, shared)
            : obtainEntra(request, parts, shared),
        signal,
        refused,
      ),
    close: () => cache.close(),
  }
}
