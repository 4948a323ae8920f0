import { X509Certificate } from 'node:crypto'

/** More presented intermediates than this are not followed. */
const longestChain = 5
const clientAuth = '1.3.6.1.5.5.7.3.2'
const anyUsage = '2.5.29.37.0'

/** From when to when (epoch ms) a chain holds: the overlap of the validity of all its certificates. */
export interface Validity {
  readonly from: number
  readonly until: number
}

/**
 * Checks that a presented certificate chains to one of `anchors` for client authentication and says how long that holds,
 * or undefined. `presented` is the leaf and then the intermediates in the order in which each signed the one before.
 *
 * TLS alone cannot answer this: it only knows that *some* trusted CA signed, and what is trusted changes while a connection
 * lives. As in Go's verifier: signatures, names and key usage of each link, the CA flag, path lengths, dates, and the
 * extended key usage of every certificate below the anchor.
 */
export async function verifyClient(
  presented: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  now: number,
): Promise<Validity | undefined> {
  for (let length = 1; length <= Math.min(presented.length, longestChain); length++) {
    const chain = presented.slice(0, length)
    if (!isChain(chain)) return undefined
    const validity = await anchored(chain, anchors, now)
    if (validity) return validity
  }
  return undefined
}

const isChain = (chain: readonly X509Certificate[]): boolean =>
  chain.every((c, i) => mayAuthenticateClients(c) && (i === 0 || certifies(c, chain[i - 1])))

async function anchored(
  chain: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  now: number,
): Promise<Validity | undefined> {
  for (const anchor of anchors) {
    if (!certifies(anchor, chain.at(-1))) continue
    const validity = overlap([...chain, anchor])
    if (now < validity.from || now > validity.until) continue
    if (chain.length === 1 || (await pathAllows([...chain.slice(1), anchor]))) return validity
  }
  return undefined
}

/** The leaf and the intermediates that a client presented, leaf first. */
export function presentedBy(leaf: X509Certificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let next: X509Certificate | undefined = leaf
  while (next && chain.length < longestChain) {
    chain.push(next)
    next = next.issuerCertificate
  }
  return chain
}

/** Every certificate of a PEM text; what is not one is passed over, so that one bad entry does not lock everybody out. */
export function readBundle(pem: string | undefined): readonly X509Certificate[] {
  const blocks = pem?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}

function certifies(issuer: X509Certificate, subject: X509Certificate | undefined): boolean {
  // checkIssued compares names, key identifiers and the issuer's key usage; verify checks the signature.
  return (
    subject !== undefined &&
    issuer.ca &&
    subject.checkIssued(issuer) &&
    subject.verify(issuer.publicKey)
  )
}

function mayAuthenticateClients(certificate: X509Certificate): boolean {
  // Node calls the extended key usage `keyUsage`; it is undefined where the certificate restricts nothing.
  const usages: readonly string[] | undefined = certificate.keyUsage
  return !usages || usages.includes(clientAuth) || usages.includes(anyUsage)
}

function overlap(chain: readonly X509Certificate[]): Validity {
  return {
    from: Math.max(...chain.map((c) => c.validFromDate.getTime())),
    until: Math.min(...chain.map((c) => c.validToDate.getTime())),
  }
}

/** Path lengths and name constraints, which node:crypto does not show. `signers` are the intermediates and the anchor, lowest first. */
async function pathAllows(signers: readonly X509Certificate[]): Promise<boolean> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  return signers.every((signer, below) => {
    const parsed = new x509.X509Certificate(signer.raw)
    const limit = parsed.getExtension(x509.BasicConstraintsExtension)?.pathLength
    const constrained = parsed.getExtension(nameConstraints) !== null
    return !constrained && (limit === undefined || below <= limit)
  })
}

/** A signer limited to some names is refused whole: nothing here evaluates the limits. */
const nameConstraints = '2.5.29.30'
