import type { Dispatcher } from 'undici'
import { deadline, type Clock } from '../clock.ts'
import { failure } from '../errors.ts'
import { dispatcherFor, fault, type Outward, systemTrust } from '../http.ts'
import { request, type ResponseHeaders } from '../request.ts'

/** One request to a store outside the cluster. */
export interface StoreRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Authorities to trust besides those of all connections, PEM. */
  readonly ca?: readonly string[]
}

export interface StoreAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** HTTP with stores and token servers: permitted, trusted, bounded, under a deadline; redirects are not followed. */
export interface Exchange {
  /** Fails with SOURCE_UNREACHABLE, SOURCE_TIMEOUT, SOURCE_GARBLED, ENDPOINT_FORBIDDEN, or the signal's reason. */
  send(request: StoreRequest, signal: AbortSignal): Promise<StoreAnswer>
  close(): void
}

/** Servers that connections are kept to; beyond this the one made first is let go. */
const most = 100

export function createExchange(outward: Outward, timeout: number, clock: Clock): Exchange {
  const pools = new Map<string, Dispatcher>()

  const drop = (key: string): void => {
    // Nobody is left who could act on a pool that does not close.
    pools
      .get(key)
      ?.destroy()
      .catch(() => undefined)
    pools.delete(key)
  }

  const poolOf = (key: string, url: URL, ca: readonly string[]): Dispatcher => {
    const known = pools.get(key)
    if (known) return known
    const [oldest] = pools.keys()
    if (pools.size >= most && oldest !== undefined) drop(oldest)
    const made = dispatcherFor(url, { ...systemTrust, ca }, outward)
    pools.set(key, made)
    return made
  }

  return {
    async send({ url, method, headers, body, ca = [] }, signal) {
      // without the path: what is said of a server is said to all who use it
      const address = url.origin
      const limited = deadline(clock, timeout, signal, () =>
        failure('SOURCE_TIMEOUT', { address, ms: timeout }),
      )
      const key = `${url.origin} ${ca.join()}`
      try {
        const answer = await request(
          poolOf(key, url, ca),
          {
            origin: url.origin,
            path: url.pathname + url.search,
            method,
            headers: { 'user-agent': 'ebb', ...headers },
            ...(body !== undefined && { body }),
          },
          limited.signal,
        )
        return { ...answer, headers: plain(answer.headers) }
      } catch (error) {
        if (limited.signal.aborted) throw limited.signal.reason
        // made anew next time: certificates that are trusted may have changed
        drop(key)
        throw fault(error, address)
      } finally {
        limited.clear()
      }
    },
    close() {
      for (const key of pools.keys()) drop(key)
    },
  }
}

const plain = (headers: ResponseHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]))
