import { randomBytes } from 'node:crypto'
import { parseTime, rfc3339 } from '../clock.ts'
import type { Secret } from '../resources.ts'
import { type Authority, isAuthority, lifeOf } from './authority.ts'

/** How long a new CA stands in the caBundle before certificates are issued by it, in ms. */
export const joinTime = 10 * 60_000

/**
 * What the Secret `ebb-certs` holds. Its keys: `ca.crt` and `ca.key`, the CA in use; `next.crt`, `next.key` and
 * `next.joined`, the one to follow and since when it is in the caBundle; `old.crt`, former CAs that issued certificates
 * still in use; `digest.key`, the key of the identity digests (32 bytes).
 */
export interface Keeping {
  readonly current: Authority
  readonly next: { readonly authority: Authority; readonly joined: number | undefined } | undefined
  readonly old: readonly string[]
  readonly digestKey: Buffer
}

/** Reads the Secret's data; whatever part is missing or broken is undefined. */
export function readKeeping(secret: Secret | undefined): Partial<Keeping> {
  const text = (key: string): string =>
    Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8')
  const pair = (name: string): Authority | undefined => {
    const found = { cert: text(`${name}.crt`), key: text(`${name}.key`) }
    return isAuthority(found) ? found : undefined
  }
  const current = pair('ca')
  const next = pair('next')
  const digestKey = Buffer.from(secret?.data?.['digest.key'] ?? '', 'base64')
  return {
    old: splitPem(text('old.crt')),
    next: next ? { authority: next, joined: parseTime(text('next.joined')) } : undefined,
    ...(current ? { current } : {}),
    ...(digestKey.length === 32 ? { digestKey } : {}),
  }
}

/** The Secret's data that `readKeeping` reads back. */
export function writeKeeping(k: Keeping): Readonly<Record<string, string>> {
  const data: Record<string, string> = {
    'ca.crt': encode(k.current.cert),
    'ca.key': encode(k.current.key),
    'digest.key': k.digestKey.toString('base64'),
  }
  if (k.old.length > 0) data['old.crt'] = encode(k.old.join(''))
  if (k.next) {
    data['next.crt'] = encode(k.next.authority.cert)
    data['next.key'] = encode(k.next.authority.key)
    if (k.next.joined !== undefined) data['next.joined'] = encode(rfc3339(k.next.joined))
  }
  return data
}

/**
 * The keeping that should be, given what is: made where nothing usable is, a successor announced when a third of the CA's
 * life is left, and put to use ten minutes after it joined the caBundle (at once when the CA in use has ended).
 * Returns the same object when nothing is to do.
 */
export async function renewed(
  is: Partial<Keeping>,
  now: number,
  make: (now: number) => Promise<Authority>,
): Promise<Keeping> {
  const rest = {
    digestKey: is.digestKey ?? randomBytes(32),
    old: (is.old ?? []).filter((cert) => (lifeOf(cert)?.until ?? 0) > now),
  }
  const { current, next } = is
  if (!current || ended(current, now)) {
    const usable = next && !ended(next.authority, now)
    return { ...rest, current: usable ? next.authority : await make(now), next: undefined }
  }
  if (next?.joined !== undefined && next.joined + joinTime <= now)
    return { ...rest, current: next.authority, next: undefined, old: [...rest.old, current.cert] }
  if (!next && lateInLife(current.cert, now))
    return { ...rest, current, next: { authority: await make(now), joined: undefined } }
  return isWhole(is) && rest.old.length === is.old.length ? is : { ...rest, current, next }
}

/** Whether a keeping lacks nothing; `next` may well be absent. */
export const isWhole = (k: Partial<Keeping>): k is Keeping =>
  k.current !== undefined && k.digestKey !== undefined && k.old !== undefined

/** Every CA that certificates in use may chain to, PEM: what clients of Ebb have to trust. */
export const bundleOf = (k: Keeping): string =>
  [k.current.cert, ...(k.next ? [k.next.authority.cert] : []), ...k.old].join('')

/** Whether two thirds of a certificate's life are over. What cannot be read is over. */
export function lateInLife(cert: string, now: number): boolean {
  const life = lifeOf(cert)
  return !life || now > life.until - (life.until - life.from) / 3
}

const ended = (authority: Authority, now: number): boolean =>
  (lifeOf(authority.cert)?.until ?? 0) <= now

const encode = (text: string): string => Buffer.from(text).toString('base64')

const splitPem = (text: string): readonly string[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? []).map(
    (block) => `${block.trim()}\n`,
  )
