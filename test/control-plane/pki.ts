import 'reflect-metadata'
import { createPublicKey, webcrypto } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const year = 365 * 24 * 3600 * 1000

/** Paths of a certificate and its key, both PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Authority extends Pair {
  /** Signs a certificate for client and server use. `groups` are the organizations, which Kubernetes takes for groups. */
  issue(name: string, groups?: readonly string[], hosts?: readonly string[]): Promise<Pair>
}

/** Makes a CA whose certificates lie in `folder/name*`. */
export async function authority(folder: string, name: string): Promise<Authority> {
  await mkdir(folder, { recursive: true })
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    ...lifetime(),
    signingAlgorithm: keyAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  const own = await save(folder, name, certificate, keys)
  let serial = 0
  return {
    ...own,
    async issue(common, groups = [], hosts = []) {
      const leafKeys = await newKeys()
      const leaf = await x509.X509CertificateGenerator.create({
        subject: [...groups.map((g) => ({ O: [g] })), { CN: [common] }],
        issuer: certificate.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: keyAlgorithm,
        ...lifetime(),
        extensions: leafExtensions(hosts),
      })
      return save(folder, `${name}-${++serial}`, leaf, leafKeys)
    },
  }
}

/** The key pair that signs the tokens of service accounts; `cert` is the public key. */
export async function tokenKeys(folder: string): Promise<Pair> {
  const keys = await newKeys()
  const key = await privatePem(keys)
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  const pair = { cert: join(folder, 'tokens.pub'), key: join(folder, 'tokens.key') }
  await writeFile(pair.key, key, { mode: 0o600 })
  await writeFile(pair.cert, publicKey)
  return pair
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])

/** From an hour ago, so that no clock of the same machine finds it too young. */
const lifetime = (): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - 3600_000),
  notAfter: new Date(Date.now() + year),
})

function leafExtensions(hosts: readonly string[]): x509.Extension[] {
  const usages = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]
  const extensions: x509.Extension[] = [new x509.ExtendedKeyUsageExtension(usages)]
  const names = hosts.map((h) => ({ type: /^[\d.]+$/.test(h) ? 'ip' : 'dns', value: h }) as const)
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names))
  return extensions
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return x509.PemConverter.encode(der, 'PRIVATE KEY')
}

async function save(
  folder: string,
  name: string,
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<Pair> {
  const pair = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  await writeFile(pair.cert, `${certificate.toString('pem')}\n`)
  await writeFile(pair.key, await privatePem(keys), { mode: 0o600 })
  return pair
}
