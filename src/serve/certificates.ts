import type { Clock } from '../clock.ts'
import type { Cluster } from '../cluster.ts'
import { isFailure, reasonOf } from '../errors.ts'
import { kinds } from '../kinds.ts'
import type { Secret } from '../resources.ts'
import { type Standing, spreadBundle } from './api-service.ts'
import { issueLeaf, lifeOf, makeAuthority } from './authority.ts'
import {
  bundleOf,
  isWhole,
  type Keeping,
  lateInLife,
  readKeeping,
  renewed,
  writeKeeping,
} from './keeping.ts'
import { replicaName } from './replicas/wire.ts'
import type { KeyPair, KeyPairSource } from './tls.ts'

export const certificatesSecret = 'ebb-certs'
/** How often the Secret and who trusts it are looked at, in ms; sooner as long as there is no certificate. */
const period = 30_000
const impatience = 1_000

export interface Certificates extends KeyPairSource {
  /** Resolves once there is a certificate and the digest key; rejects when `run` ends before. */
  readonly ready: Promise<void>
  /** The key of the digests by which sources are told apart; the same in every replica. Only once `ready`. */
  digestKey(): Buffer
  /** When the certificate in use ends (epoch ms). */
  expires(): number | undefined
  /** The CAs (PEM) that certificates in use may chain to; undefined before they are known. */
  trusted(): string | undefined
  /** Whose the external metrics APIService is, as last seen by the leader; undefined before. */
  standing(): Standing | undefined
  /** Looks once: takes over, makes or renews what is to, and spreads the bundle. Fails as the cluster does. */
  look(signal: AbortSignal): Promise<void>
  /** Looks every half minute until the signal aborts; failures are told to `onProblem` when they begin and end. */
  run(signal: AbortSignal): Promise<void>
}

export interface CertificateOptions {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly namespace: string
  readonly service: string
  /** Only the leader writes: the Secret and the APIService. */
  readonly leads: () => boolean
  /** False with `--no-apiservice`: the APIService is neither read nor written. */
  readonly spread: boolean
  /** Gives the bundle (PEM) to others that call Ebb; called by the leader at each look. Fails as the cluster does. */
  readonly alsoSpread?: (bundle: string, signal: AbortSignal) => Promise<void>
  readonly onProblem: (why: string | undefined) => void
}

/**
 * Ebb's own certificates. The CA lives in the Secret `ebb-certs`, which the leader makes and renews; every replica issues
 * itself a certificate by it, in memory. A new CA is in the caBundle for ten minutes before anything is issued by it, and
 * the former one stays there until it ends, so no client ever meets a certificate it does not trust yet.
 */
export function certificates(o: CertificateOptions): Certificates {
  const listeners = new Set<() => void>()
  const readiness = Promise.withResolvers<void>()
  // Who does not wait for readiness must not be struck by its failure.
  readiness.promise.catch(() => undefined)
  let held: Held | undefined
  let leaf: (KeyPair & { readonly issuer: string }) | undefined
  let standing: Standing | undefined

  const keep = async (signal: AbortSignal): Promise<Held | undefined> => {
    const ref = { namespace: o.namespace, name: certificatesSecret }
    const secret = await o.cluster.get(kinds.secret, ref, signal)
    const is = readKeeping(secret)
    if (!o.leads()) return secret && isWhole(is) ? { secret, keeping: is } : undefined
    const should = await renewed(is, o.clock.now(), makeAuthority)
    return secret && should === is ? { secret, keeping: should } : store(o, secret, should, signal)
  }

  const reissue = async ({ current }: Keeping): Promise<void> => {
    const fits = leaf?.issuer === current.cert && !lateInLife(leaf.cert, o.clock.now())
    if (fits) return
    const pair = await issueLeaf(current, namesOf(o), o.clock.now())
    leaf = { ...pair, issuer: current.cert }
    for (const listener of listeners) listener()
  }

  const spread = async ({ secret, keeping }: Held, signal: AbortSignal): Promise<void> => {
    if (!o.leads()) return
    const bundle = bundleOf(keeping)
    if (o.spread) standing = await spreadBundle(o.cluster, bundle, o, signal)
    await o.alsoSpread?.(bundle, signal)
    const { next } = keeping
    if (!next || next.joined !== undefined) return
    const joined = { ...keeping, next: { ...next, joined: o.clock.now() } }
    held = (await store(o, secret, joined, signal)) ?? held
  }

  const lookNow = async (signal: AbortSignal): Promise<void> => {
    held = (await keep(signal)) ?? held
    if (!held) return
    await reissue(held.keeping)
    readiness.resolve()
    await spread(held, signal)
  }

  // One look after the other: two at once would make two CAs, and the older view could win.
  let last: Promise<unknown> = Promise.resolve()
  const look = (signal: AbortSignal): Promise<void> => {
    const next = last.then(() => lookNow(signal))
    last = next.catch(() => undefined)
    return next
  }

  return {
    ready: readiness.promise,
    current: () => leaf,
    standing: () => standing,
    trusted: () => held && bundleOf(held.keeping),
    expires: () => (leaf ? lifeOf(leaf.cert)?.until : undefined),
    digestKey() {
      if (!held) throw new TypeError('the digest key is read before the certificates are ready')
      return held.keeping.digestKey
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    look,
    async run(signal) {
      let failing = false
      while (!signal.aborted) {
        const problem = await look(signal).then(() => undefined, reasonOf)
        if (problem !== undefined && !failing && !signal.aborted) o.onProblem(problem)
        if (problem === undefined && failing) o.onProblem(undefined)
        failing = problem !== undefined
        // The only way to end a sleep early is the abort, which the loop's condition answers.
        await o.clock.sleep(leaf ? period : impatience, signal).catch(() => undefined)
      }
      readiness.reject(signal.reason)
    },
  }
}

/** What the Secret holds, with the object it was read from or written to. */
interface Held {
  readonly secret: Secret
  readonly keeping: Keeping
}

/** The names clients reach the Service by; `localhost` is for a controller outside its cluster. */
const namesOf = ({ service, namespace }: CertificateOptions): readonly string[] => [
  service,
  `${service}.${namespace}`,
  `${service}.${namespace}.svc`,
  `${service}.${namespace}.svc.cluster.local`,
  'localhost',
  replicaName(service, namespace),
]

/** Writes the Secret under the guard of its resourceVersion; undefined where somebody else was faster, to be read anew. */
async function store(
  o: CertificateOptions,
  secret: Secret | undefined,
  keeping: Keeping,
  signal: AbortSignal,
): Promise<Held | undefined> {
  const data = writeKeeping(keeping)
  const metadata = { name: certificatesSecret, namespace: o.namespace }
  try {
    const written = secret
      ? await o.cluster.replace(kinds.secret, { ...secret, data }, signal)
      : await o.cluster.create(kinds.secret, { metadata, type: 'Opaque', data }, signal)
    return { secret: written, keeping }
  } catch (error) {
    if (isFailure(error, 'CLUSTER_CONFLICT', 'CLUSTER_EXISTS')) return undefined
    throw error
  }
}
