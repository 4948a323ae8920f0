import type { Clock } from '../clock.ts'
import { failure } from '../errors.ts'

/** A bearer token with its end (epoch ms). */
export interface Token {
  readonly value: string
  readonly expires: number
}

/** Tokens by what they are for: one request for everyone who wants the same, and none while one is good. */
export interface TokenCache {
  /**
   * The token under this key. A new one is had shortly before the old one ends; while that fails the old one is handed out
   * to its end. `refused`: a token that was not taken; it is not handed out again.
   */
  get(
    key: string,
    obtain: (signal: AbortSignal) => Promise<Token>,
    signal: AbortSignal,
    refused?: string,
  ): Promise<string>
  readonly size: number
  close(): void
}

/** How long before its end a token is had anew (ms), or a fifth of its life where that is less. */
const early = 300_000
/** After a failure the next request goes out so much later (ms), however many ask meanwhile. */
const failureLasts = 1_000
/** While the old token is still good there is more time (ms). */
const retryAfter = 10_000
/** Tokens kept; beyond this those that were not asked for longest are dropped. */
const most = 1_000

interface Entry {
  token: Token | undefined
  renewAt: number
  getting: Promise<Token> | undefined
  failed: unknown
  failedAt: number
}

export function createTokenCache(clock: Clock): TokenCache {
  const entries = new Map<string, Entry>()
  const stop = new AbortController()

  /** The entry, moved to where the newest are. */
  const entryOf = (key: string): Entry => {
    const entry = entries.get(key) ?? {
      token: undefined,
      renewAt: Number.NEGATIVE_INFINITY,
      getting: undefined,
      failed: undefined,
      failedAt: Number.NEGATIVE_INFINITY,
    }
    entries.delete(key)
    entries.set(key, entry)
    const [oldest] = entries.keys()
    if (entries.size > most && oldest !== undefined) entries.delete(oldest)
    return entry
  }

  const renew = (entry: Entry, obtain: (signal: AbortSignal) => Promise<Token>): Promise<Token> =>
    (entry.getting ??= obtain(stop.signal)
      .then(
        (token) => {
          const now = clock.now()
          entry.token = token
          entry.renewAt = token.expires - Math.min(early, (token.expires - now) / 5)
          entry.failed = undefined
          return token
        },
        (error: unknown) => {
          const now = clock.now()
          const good = entry.token !== undefined && now < entry.token.expires
          if (good) entry.renewAt = now + retryAfter
          entry.failed = error
          entry.failedAt = now
          throw error
        },
      )
      .finally(() => {
        entry.getting = undefined
      }))

  return {
    get size() {
      return entries.size
    },
    async get(key, obtain, signal, refused) {
      signal.throwIfAborted()
      const entry = entryOf(key)
      if (refused !== undefined && entry.token?.value === refused) entry.token = undefined
      const now = clock.now()
      const good = entry.token !== undefined && now < entry.token.expires ? entry.token : undefined
      if (good && now < entry.renewAt) return good.value
      if (!good && entry.failed !== undefined && now - entry.failedAt < failureLasts)
        throw entry.failed
      const renewing = renew(entry, obtain)
      if (!good) return (await until(renewing, signal)).value
      // nobody waits while the old one is good
      renewing.catch(() => undefined)
      return good.value
    },
    close() {
      stop.abort(failure('STOPPED', { signal: 'the end of Ebb' }))
      entries.clear()
    },
  }
}

/** The result, unless the caller gives up first; the work goes on for the others. */
function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = Promise.withResolvers<never>()
  const stop = (): void => given.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  return Promise.race([work, given.promise]).finally(() =>
    signal.removeEventListener('abort', stop),
  )
}
