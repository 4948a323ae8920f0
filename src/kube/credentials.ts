import type { RequestOptions } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import type { Clock } from '../clock.ts'
import { failure, reasonOf } from '../errors.ts'

/** What a connection to the API server is made with. */
export interface Tls extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase'> {
  readonly rejectUnauthorized?: boolean
  readonly servername?: string
}

/** What a request is made with: a connection, and who asks. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: Tls
  readonly proxy: string | undefined
}

export interface Credentials {
  /** Those of now. Files and credential commands are consulted again every half minute, once for all who ask. */
  current(): Promise<Access>
  /** The server did not accept them (401): the next request has everything read anew. */
  refused(): void
}

/** Kubernetes renews a pod's token long before it ends, so half a minute of the old one is fine. */
const goodFor = 30_000
/** A server that refuses everything must not have the files read for each request. */
const betweenReloads = 5_000

/** Keeps the credentials of a configuration fresh. `load` reads the configuration anew. Fails with CLUSTER_CONFIG. */
export function credentials(load: () => KubeConfig, clock: Clock): Credentials {
  let config: KubeConfig | undefined
  let loadedAt = Number.NEGATIVE_INFINITY
  let known: { readonly at: number; readonly access: Promise<Access> } | undefined
  let stale = false

  const obtain = async (): Promise<Access> => {
    if (!config || stale) {
      config = load()
      loadedAt = clock.now()
      stale = false
    }
    return accessOf(config)
  }

  return {
    current() {
      const now = clock.now()
      if (known && now - known.at < goodFor && !stale) return known.access
      const access = obtain()
      const mine = { at: now, access }
      known = mine
      // A failure is told to those who wait for it and not kept.
      access.catch(() => {
        if (known === mine) known = undefined
      })
      return access
    },
    refused() {
      if (clock.now() - loadedAt >= betweenReloads) stale = true
    },
  }
}

async function accessOf(config: KubeConfig): Promise<Access> {
  const found: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(found)
  } catch (error) {
    const user = config.getCurrentUser()
    throw failure('CLUSTER_CONFIG', {
      why: `the credentials of "${user?.name ?? ''}" could not be had: ${briefly(error)}`,
    })
  }
  const { ca, cert, key, passphrase, rejectUnauthorized, servername } = found
  const basic = found.auth ? `Basic ${Buffer.from(found.auth).toString('base64')}` : undefined
  return {
    headers: headersOf(found, basic),
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      ...(servername !== undefined && { servername }),
    },
    proxy: config.getCurrentCluster()?.proxyUrl,
  }
}

function headersOf(
  found: RequestOptions,
  basic: string | undefined,
): Readonly<Record<string, string>> {
  // KubeConfig sets its headers as a plain object of texts.
  const given = (found.headers ?? {}) as Readonly<Record<string, string>>
  // A token file may end in a line break, which no header may hold.
  const trimmed = Object.entries(given).map(([name, value]) => [name.toLowerCase(), value.trim()])
  return { ...(basic !== undefined && { authorization: basic }), ...Object.fromEntries(trimmed) }
}

/** The first line of what went wrong. A parser's words are left out, for they quote what it read: here, a credential. */
function briefly(error: unknown): string {
  // KubeConfig reads the command's answer without looking: what is no credential makes it stumble.
  if (error instanceof SyntaxError || error instanceof TypeError)
    return 'the command printed no credential'
  return (reasonOf(error).split('\n')[0] ?? '').slice(0, 200) || 'the command failed without a word'
}
