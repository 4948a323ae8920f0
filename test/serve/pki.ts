import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export { x509 }

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const hour = 3_600_000
export const clientAuth = '1.3.6.1.5.5.7.3.2'
export const serverAuth = '1.3.6.1.5.5.7.3.1'

/** A certificate with its key, both PEM. `chain` is the certificate followed by the intermediates that signed it. */
export interface Issued {
  readonly cert: string
  readonly key: string
  readonly chain: string
  readonly subject: string
  readonly root: boolean
  readonly keys: webcrypto.CryptoKeyPair
}

export interface Wish {
  readonly issuer?: Issued
  readonly ca?: boolean
  readonly pathLength?: number
  readonly usages?: readonly string[]
  readonly from?: number
  readonly until?: number
  readonly extensions?: readonly x509.Extension[]
  readonly hosts?: readonly string[]
}

const pem = (label: string, bytes: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')}\n-----END ${label}-----\n`

/** Makes one certificate, valid for an hour around `now` unless the wish says otherwise (epoch ms). */
export async function issue(subject: string, wish: Wish = {}, now = Date.now()): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: wish.issuer?.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: wish.issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(wish.from ?? now - hour),
    notAfter: new Date(wish.until ?? now + hour),
    extensions: extensionsOf(wish),
  })
  const cert = `${certificate.toString('pem')}\n`
  const above = wish.issuer && !wish.issuer.root ? wish.issuer.chain : ''
  return {
    subject,
    keys,
    cert,
    key: pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    chain: `${cert}${above}`,
    root: !wish.issuer,
  }
}

function extensionsOf(wish: Wish): x509.Extension[] {
  const found: x509.Extension[] = [...(wish.extensions ?? [])]
  if (wish.ca) found.push(new x509.BasicConstraintsExtension(true, wish.pathLength, true))
  const usages = wish.usages ?? (wish.ca ? [] : [clientAuth, serverAuth])
  if (usages.length > 0) found.push(new x509.ExtendedKeyUsageExtension([...usages]))
  const hosts = wish.hosts ?? ['localhost']
  if (!wish.ca)
    found.push(
      new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns', value }))),
    )
  return found
}
