import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import type { ServerOptions } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import type { Clock } from '../clock.ts'
import { failure, reasonOf } from '../errors.ts'
import { anywhere, type TlsLimits } from '../http.ts'
import type { Server } from './server.ts'

/** A certificate (followed by its intermediates) and its key, PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** Where the listener's certificate comes from; it may change at any time. */
export interface KeyPairSource {
  current(): KeyPair | undefined
  /** Called after `current` changed. The function returned stops it. */
  onChange(listener: () => void): () => void
}

/** How often certificate files are read again, in ms. */
export const filePeriod = 60_000

/**
 * The options of a listener that asks every client for a certificate and refuses none: who the certificate makes the
 * client is decided per request. The server names no acceptable CAs, so that clients send what they have.
 *
 * Sessions are not resumed: a resumed one shows the certificate without its intermediates, so it could not be verified anew.
 */
export function tlsOptions(
  pair: KeyPair | undefined,
  limits: TlsLimits = anywhere.tls,
): ServerOptions {
  const { minVersion, ciphers } = limits
  return {
    ...pair,
    minVersion,
    ...(ciphers !== undefined && { ciphers }),
    requestCert: true,
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: 10_000,
  }
}

/** Gives a listener the source's certificate now and whenever it changes; open connections keep theirs. */
export function followKeyPair(
  app: Server,
  source: KeyPairSource,
  limits: TlsLimits = anywhere.tls,
): () => void {
  const { server } = app
  if (!(server instanceof TlsServer)) throw new TypeError('not a TLS listener')
  const use = (): void => server.setSecureContext(tlsOptions(source.current(), limits))
  use()
  return source.onChange(use)
}

/**
 * Shows those who ask for `name` (SNI) the source's certificate, now and whenever it changes, in place of the listener's own.
 * The function returned stops following.
 */
export function alsoKeyPair(
  app: Server,
  name: string,
  source: KeyPairSource,
  limits: TlsLimits = anywhere.tls,
): () => void {
  const { server } = app
  if (!(server instanceof TlsServer)) throw new TypeError('not a TLS listener')
  const use = (): void => {
    const pair = source.current()
    // of several contexts for a name the newest is taken
    if (pair) server.addContext(name, tlsOptions(pair, limits))
  }
  use()
  return source.onChange(use)
}

export interface FileSource extends KeyPairSource {
  /** Reads both files; fails with CERTIFICATE_UNUSABLE where they are no pair that can be served now. */
  load(): Promise<void>
  /** Reads again every minute until the signal aborts. A bad pair is told to `onProblem`, and the one in use stays. */
  run(signal: AbortSignal): Promise<void>
}

/** The certificate of `--tls-cert-file` and `--tls-private-key-file`, taken anew when the files change. */
export function keyPairFiles(o: {
  readonly certFile: string
  readonly keyFile: string
  readonly read: (file: string) => Promise<string>
  readonly clock: Clock
  readonly onProblem: (why: string) => void
}): FileSource {
  const listeners = new Set<() => void>()
  let current: KeyPair | undefined

  const load = async (): Promise<void> => {
    const pair = await readPair(o)
    if (pair.cert === current?.cert && pair.key === current.key) return
    checkPair(pair, o.certFile)
    current = pair
    for (const listener of listeners) listener()
  }

  return {
    current: () => current,
    load,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async run(signal) {
      while (!signal.aborted) {
        // The only way to end a sleep early is the abort, which the loop's condition answers.
        await o.clock.sleep(filePeriod, signal).catch(() => undefined)
        if (signal.aborted) return
        await load().catch((error: unknown) => o.onProblem(reasonOf(error)))
      }
    },
  }
}

async function readPair(o: {
  readonly certFile: string
  readonly keyFile: string
  readonly read: (file: string) => Promise<string>
}): Promise<KeyPair> {
  try {
    const [cert, key] = await Promise.all([o.read(o.certFile), o.read(o.keyFile)])
    return { cert, key }
  } catch (error) {
    throw failure('CERTIFICATE_UNUSABLE', { what: o.certFile, why: reasonOf(error) }, error)
  }
}

/** Fails with CERTIFICATE_UNUSABLE unless the texts are a certificate and its own key. The two files change one after the other. */
function checkPair(pair: KeyPair, what: string): void {
  let matches: boolean
  try {
    matches = new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))
  } catch (error) {
    throw failure('CERTIFICATE_UNUSABLE', { what, why: 'certificate or key is not PEM' }, error)
  }
  if (!matches)
    throw failure('CERTIFICATE_UNUSABLE', { what, why: "the private key is not the certificate's" })
}
