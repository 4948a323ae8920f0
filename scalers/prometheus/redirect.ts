import type { Dispatcher } from 'undici'
import { dispatcherFor, type Outward, type Trust } from '../../src/http.ts'
import { request, type Response } from '../../src/request.ts'

/** As many as a sensible set-up has: a scheme, a path, a login page's mistake. */
const most = 5

/** The request that was answered. */
export interface Asked {
  readonly origin: string
  readonly path: string
  readonly method: 'GET'
  readonly headers: string[]
}

/**
 * Follows redirects as Go's client does for KEDA, with less trust: to another host nothing that logs in is carried, and
 * from https to http nothing is followed; where Ebb may not go it fails with ENDPOINT_FORBIDDEN. What cannot be followed is handed back as it is.
 */
export function redirects(
  home: URL,
  dispatcher: Dispatcher,
  trust: Trust,
  outward: Outward,
): {
  follow(answer: Response, asked: Asked, signal: AbortSignal): Promise<Response>
  close(): Promise<void>
} {
  // A server that names ever new hosts gets no more than one connection pool at a time.
  let elsewhere: { readonly origin: string; readonly dispatcher: Dispatcher } | undefined
  const reach = async (url: URL): Promise<Dispatcher> => {
    if (url.origin === home.origin) return dispatcher
    if (elsewhere?.origin !== url.origin) {
      const before = elsewhere
      elsewhere = { origin: url.origin, dispatcher: dispatcherFor(url, trust, outward) }
      await before?.dispatcher.close()
    }
    return elsewhere.dispatcher
  }

  return {
    async follow(first, asked, signal) {
      let answer = first
      let at = new URL(asked.path, asked.origin)
      for (let hop = 0; hop < most; hop++) {
        const next = target(answer, at)
        if (!next) return answer
        at = next
        const headers = at.host === home.host ? asked.headers : ['Accept', 'application/json']
        const path = at.pathname + at.search
        answer = await request(
          await reach(at),
          { ...asked, origin: at.origin, path, headers },
          signal,
        )
      }
      return answer
    },
    async close() {
      await elsewhere?.dispatcher.destroy()
    },
  }
}

function target(answer: Response, at: URL): URL | undefined {
  const { location } = answer.headers
  if (answer.status < 300 || answer.status > 308 || typeof location !== 'string') return undefined
  const next = URL.parse(location, at.href)
  const fit =
    next &&
    /^https?:$/.test(next.protocol) &&
    !(at.protocol === 'https:' && next.protocol === 'http:')
  return fit ? next : undefined
}
