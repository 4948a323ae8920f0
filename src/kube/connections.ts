import { isDeepStrictEqual } from 'node:util'
import { Agent, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici'
import type { Access } from './credentials.ts'

/** Sockets to the API server. Watches have their own, for each holds one as long as it lives. */
export interface Connections {
  /** Those that fit the access: made anew when the certificates have changed, kept otherwise. */
  of(access: Access): { readonly calls: Dispatcher; readonly watches: Dispatcher }
  /** Ends every connection at once, those of running requests too. */
  close(): Promise<void>
}

/** Requests under way at once; more wait for a free connection, within their deadline. */
const connectionsForCalls = 32
/** Well below the 90 s after which an API server closes an idle connection itself. */
const keepAlive = 30_000

interface Pair extends Pick<Access, 'tls' | 'proxy'> {
  readonly calls: Dispatcher
  readonly watches: Dispatcher
}

export function connections(): Connections {
  let newest: Pair | undefined
  let seen: Access | undefined
  // Older ones live until their last request is done.
  const open = new Set<Pair>()

  const retire = (pair: Pair): void => {
    void Promise.allSettled([pair.calls.close(), pair.watches.close()]).then(() =>
      open.delete(pair),
    )
  }
  return {
    of(access) {
      if (newest && seen === access) return newest
      seen = access
      const { tls, proxy } = access
      if (newest && newest.proxy === proxy && isDeepStrictEqual(newest.tls, tls)) return newest
      if (newest) retire(newest)
      newest = {
        tls,
        proxy,
        calls: dispatcher(access, connectionsForCalls),
        watches: dispatcher(access, undefined),
      }
      open.add(newest)
      return newest
    },
    async close() {
      const all = [...open].flatMap(({ calls, watches }) => [calls.destroy(), watches.destroy()])
      newest = undefined
      open.clear()
      await Promise.allSettled(all)
    },
  }
}

function dispatcher({ tls, proxy }: Access, connections: number | undefined): Dispatcher {
  const limits = {
    ...(connections !== undefined && { connections }),
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    // Time limits are the caller's, by its clock.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  // Probes find out that a peer has vanished, which a quiet watch would not notice by itself.
  const socket = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 }
  if (proxy === undefined || proxy === '')
    return new Agent({ ...limits, connect: { ...tls, ...socket } })
  if (proxy.startsWith('socks')) return new Socks5ProxyAgent(proxy, { ...limits, requestTls: tls })
  return new ProxyAgent({ ...limits, uri: proxy, requestTls: tls, connect: socket })
}
