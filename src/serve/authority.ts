import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import type * as x509Types from '@peculiar/x509'
import type { KeyPair } from './tls.ts'

/** A certificate authority of Ebb's own: its certificate and key, PEM. */
export type Authority = KeyPair

const day = 86_400_000
export const authorityLife = 365 * day
const leafLife = 30 * day
/** Certificates start an hour ago, for peers whose clocks are behind. */
const head = 3_600_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const usages = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']

/** Makes a CA valid from now (epoch ms) for a year. */
export async function makeAuthority(now: number): Promise<Authority> {
  const x509 = await library()
  const keys = await makeKeys()
  // Every CA has a name of its own, so that no verifier mistakes one for another while both are trusted.
  const name = `CN=ebb-ca-${randomBytes(6).toString('hex')}`
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: algorithm,
    notBefore: moment(now - head),
    notAfter: moment(now + authorityLife),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: pemOf(certificate), key: await exportKey(keys.privateKey) }
}

/** Issues a certificate for serving and for calling other replicas, valid for a month at most and never longer than its CA. */
export async function issueLeaf(
  authority: Authority,
  names: readonly string[],
  now: number,
): Promise<KeyPair> {
  const x509 = await library()
  const keys = await makeKeys()
  const issuer = new x509.X509Certificate(authority.cert)
  const until = Math.min(now + leafLife, issuer.notAfter.getTime())
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=ebb',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: algorithm,
    notBefore: moment(now - head),
    notAfter: moment(until),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return { cert: pemOf(certificate), key: await exportKey(keys.privateKey) }
}

/** From when to when a certificate is valid (epoch ms); undefined where the text is no certificate. */
export function lifeOf(
  cert: string,
): { readonly from: number; readonly until: number } | undefined {
  try {
    const { validFromDate, validToDate } = new X509Certificate(cert)
    return { from: validFromDate.getTime(), until: validToDate.getTime() }
  } catch {
    return undefined
  }
}

/** Whether the texts are a CA and its own key. */
export function isAuthority(pair: KeyPair): boolean {
  try {
    const certificate = new X509Certificate(pair.cert)
    return certificate.ca && certificate.checkPrivateKey(createPrivateKey(pair.key))
  } catch {
    return false
  }
}

/** The library needs the reflection polyfill first, and only who makes certificates pays for loading it. */
async function library(): Promise<typeof x509Types> {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

const makeKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

const exportKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)),
    format: 'der',
    type: 'pkcs8',
  })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()

const importKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }),
    algorithm,
    false,
    ['sign'],
  )

const pemOf = (certificate: { toString(format: 'pem'): string }): string =>
  `${certificate.toString('pem').trim()}\n`

// The library takes dates; the times in them are the clock's.
// oxlint-disable-next-line no-restricted-globals -- makes a date of a time the caller took from its Clock
const moment = (ms: number): Date => new Date(ms)
