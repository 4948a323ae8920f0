import type { X509Certificate } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import type { ConfigMap } from '../resources.ts'
import { readBundle } from './peer.ts'

/** How often the ConfigMap is read again, in ms. */
export const trustPeriod = 60_000

/** Where the API server says whom an aggregated API may believe. */
export const trustConfigMap = {
  namespace: 'kube-system',
  name: 'extension-apiserver-authentication',
} as const

/** What a front proxy (the API server's aggregator) is known by, and in which headers it names the user. All in lower case. */
export interface FrontProxy {
  readonly anchors: readonly X509Certificate[]
  /** Common names it may have; empty means any. */
  readonly names: readonly string[]
  readonly userHeaders: readonly string[]
  readonly uidHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  readonly extraPrefixes: readonly string[]
}

/** Whom to believe. The same object as long as nothing changed, so its identity says whether a verdict still stands. */
export interface Trust {
  readonly frontProxy: FrontProxy | undefined
  /** CAs whose client certificates are users themselves. */
  readonly clients: readonly X509Certificate[]
}

export interface TrustSource {
  current(): Trust
  /** Reads at once and then every minute until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** Reads once; keeps what is known when the read fails, and tells `onProblem`. */
  refresh(signal: AbortSignal): Promise<void>
}

const nobody: Trust = { frontProxy: undefined, clients: [] }

/**
 * Keeps the trust of the ConfigMap kube-system/extension-apiserver-authentication. Until it was read once nobody is believed;
 * after that a failed read changes nothing. `clientCa` (`--client-ca-file`) stands in for the ConfigMap's client CA.
 */
export function trustFromCluster(o: {
  readonly read: (signal: AbortSignal) => Promise<ConfigMap | undefined>
  readonly clientCa?: () => Promise<string>
  readonly clock: Clock
  /** Called when reading starts to fail (with why) and when it works again (undefined). */
  readonly onProblem: (why: string | undefined) => void
}): TrustSource {
  let trust = nobody
  let seen: string | undefined
  let failing = false

  const refresh = async (signal: AbortSignal): Promise<void> => {
    try {
      const data = (await o.read(signal))?.data ?? {}
      const clientCa = o.clientCa ? await o.clientCa() : data['client-ca-file']
      const text = JSON.stringify([data, clientCa])
      if (text !== seen) trust = parseTrust(data, clientCa)
      seen = text
      if (failing) o.onProblem(undefined)
      failing = false
    } catch (error) {
      if (signal.aborted) return
      if (!failing) o.onProblem(reasonOf(error))
      failing = true
    }
  }

  return {
    current: () => trust,
    refresh,
    async run(signal) {
      while (!signal.aborted) {
        await refresh(signal)
        // The only way to end a sleep early is the abort, which the loop's condition answers.
        await o.clock.sleep(trustPeriod, signal).catch(() => undefined)
      }
    },
  }
}

/** Reads the ConfigMap's data. Without a CA or a user header no front proxy is believed. */
export function parseTrust(
  data: Readonly<Record<string, string>>,
  clientCa: string | undefined,
): Trust {
  const anchors = readBundle(data['requestheader-client-ca-file'])
  const userHeaders = headerList(data['requestheader-username-headers'])
  return {
    clients: readBundle(clientCa),
    frontProxy:
      anchors.length === 0 || userHeaders.length === 0
        ? undefined
        : {
            anchors,
            userHeaders,
            names: list(data['requestheader-allowed-names']),
            uidHeaders: headerList(data['requestheader-uid-headers']),
            groupHeaders: headerList(data['requestheader-group-headers']),
            extraPrefixes: headerList(data['requestheader-extra-headers-prefix']),
          },
  }
}

const headerList = (json: string | undefined): readonly string[] =>
  list(json)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')

/** A JSON array of strings. What is none fails: an allow-list that cannot be read must not turn into "any". */
function list(json: string | undefined): readonly string[] {
  if (json === undefined || json.trim() === '') return []
  const parsed: unknown = JSON.parse(json)
  if (parsed === null) return []
  if (!Array.isArray(parsed) || !parsed.every((item) => typeof item === 'string'))
    throw new TypeError(`not a list of strings: ${json}`)
  return parsed
}
