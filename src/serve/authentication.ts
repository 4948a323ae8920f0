import type { X509Certificate } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../clock.ts'
import { type EbbError, failure, isFailure, reasonOf } from '../errors.ts'
import type { UserInfo } from '../resources.ts'
import { type Identity, identity } from './identity.ts'
import { presentedBy, verifyClient } from './peer.ts'
import { remember } from './remember.ts'
import { forwardedUsers } from './forwarded.ts'
import type { Trust } from './trust.ts'

/** Who made a request: a user, nobody who proved anything, or unknown because the proof could not be checked now. */
export type Caller =
  | { readonly kind: 'user'; readonly user: Identity }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unknown'; readonly error: EbbError }

export interface Authentication {
  identify(request: IncomingMessage): Promise<Caller>
}

/** How long a token's answer is believed, in ms, as in Kubernetes' delegated authentication; refused ones shorter. */
const tokenGood = 10_000
const tokenBad = 2_000
const tokensRemembered = 2_048
const reviewsAtOnce = 32

const nobody: Caller = { kind: 'nobody' }

/** What a connection's certificate proves. Kept with the connection as long as trust and dates hold. */
interface Proof {
  readonly trust: Trust
  /** When to verify anew (epoch ms): the certificate's end, or its start if that is still to come. */
  readonly until: number
  readonly frontProxy: boolean
  readonly user: Caller
}

/**
 * Says who asks, in the order of Kubernetes' delegated authentication: the user named by the front proxy, then the client
 * certificate, then the bearer token.
 *
 * The front proxy's headers count only on a connection whose certificate chains to the requestheader CA itself and has an
 * allowed name. Whether it does is worked out once per connection and again when the trust changes.
 */
export function authentication(o: {
  readonly trust: () => Trust
  readonly reviewToken: (token: string) => Promise<UserInfo | undefined>
  readonly clock: Clock
}): Authentication {
  const proofs = new WeakMap<TLSSocket, Proof>()
  const forwarded = forwardedUsers()
  const tokens = remember<Caller>({
    clock: o.clock,
    size: tokensRemembered,
    width: reviewsAtOnce,
    ttl: (answer) => (answer.kind === 'user' ? tokenGood : tokenBad),
  })

  const prove = async (socket: TLSSocket): Promise<Proof> => {
    const trust = o.trust()
    const known = proofs.get(socket)
    if (known && known.trust === trust && o.clock.now() < known.until) return known
    const proof = await proveCertificate(socket.getPeerX509Certificate(), trust, o.clock.now())
    proofs.set(socket, proof)
    return proof
  }

  const byToken = async (request: IncomingMessage): Promise<Caller> => {
    const token = bearer(request.headers.authorization)
    if (token === undefined) return nobody
    const key = createHash('sha256').update(token).digest('base64')
    try {
      return await tokens.get(key, async () => tokenUser(await o.reviewToken(token)))
    } catch (error) {
      return { kind: 'unknown', error: unchecked('who asks', error) }
    }
  }

  return {
    async identify(request) {
      if (request.socket instanceof TLSSocket) {
        const proof = await prove(request.socket)
        if (proof.frontProxy && proof.trust.frontProxy) {
          const user = forwarded(request.rawHeaders, proof.trust.frontProxy)
          if (user) return { kind: 'user', user }
        }
        if (proof.user.kind === 'user') return proof.user
      }
      return byToken(request)
    },
  }
}

/** The failure of a check that the API server did not answer; a failure that says more stays as it is. */
export const unchecked = (what: string, error: unknown): EbbError =>
  isFailure(error, 'CHECKS_BUSY')
    ? error
    : failure('ACCESS_UNDECIDED', { what, why: reasonOf(error) }, error)

async function proveCertificate(
  leaf: X509Certificate | undefined,
  trust: Trust,
  now: number,
): Promise<Proof> {
  const none: Proof = { trust, until: Infinity, frontProxy: false, user: nobody }
  if (!leaf) return none
  const presented = presentedBy(leaf)
  const subject = subjectOf(leaf)
  const proxy = trust.frontProxy
    ? await verifyClient(presented, trust.frontProxy.anchors, now)
    : undefined
  const named =
    !trust.frontProxy?.names.length || trust.frontProxy.names.includes(subject.name ?? '')
  const client = await verifyClient(presented, trust.clients, now)
  const ends = [proxy, client].flatMap((validity) => (validity ? [validity.until] : []))
  return {
    trust,
    // A certificate that is good for nothing now may only be not valid yet, so it is looked at again after a minute.
    until: ends.length > 0 ? Math.min(...ends) : now + 60_000,
    frontProxy: proxy !== undefined && named,
    user: client && subject.name !== undefined ? certificateUser(leaf, subject) : nobody,
  }
}

function certificateUser(leaf: X509Certificate, subject: Subject): Caller {
  const fingerprint = leaf.fingerprint256.replaceAll(':', '').toLowerCase()
  const user = identity({
    name: subject.name ?? '',
    uid: undefined,
    groups: subject.organizations,
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
    via: 'certificate',
  })
  return { kind: 'user', user }
}

interface Subject {
  readonly name: string | undefined
  readonly organizations: readonly string[]
}

/** CN and every O. Where a subject has several common names the last one counts, as in Go. */
function subjectOf(leaf: X509Certificate): Subject {
  // The printable `subject` cannot be split safely; the typed view lacks that a name may occur several times.
  const subject = leaf.toLegacyObject().subject as unknown as Readonly<
    Record<string, string | readonly string[] | undefined>
  >
  return { name: several(subject['CN']).at(-1), organizations: several(subject['O']) }
}

const several = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

const bearer = (header: string | undefined): string | undefined =>
  /^bearer +(\S+) *$/i.exec(header ?? '')?.[1]

function tokenUser(user: UserInfo | undefined): Caller {
  if (!user?.username) return nobody
  return {
    kind: 'user',
    user: identity({
      name: user.username,
      uid: user.uid,
      groups: user.groups ?? [],
      extra: user.extra ?? {},
      via: 'token',
    }),
  }
}
