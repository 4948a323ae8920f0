import { createHmac, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import type { Cluster, Ref } from '../cluster.ts'
import { EbbError, failure, isFailure, reasonOf } from '../errors.ts'
import { refused } from './objects.ts'
import { renewAfter } from './store.ts'
import { isRecord } from './json.ts'
import { refusals, type VaultWire } from './vault-wire.ts'

/** A Vault server and who logs in to it (`spec.hashiCorpVault` of an authentication). */
export interface VaultLogin {
  readonly address: string
  readonly namespace: string | undefined
  readonly method: 'token' | 'kubernetes'
  /** With `token`. */
  readonly token: string | undefined
  /** With `kubernetes`. */
  readonly mount: string | undefined
  readonly role: string | undefined
  /** The account whose token logs in; else the token in `file`, or that of the controller's own account. */
  readonly account: Ref | undefined
  readonly file: string | undefined
  /** Whether credentials of the controller itself (VAULT_TOKEN, tokens in its files) may be sent there. */
  readonly own: boolean
}

/** Keeps a Vault token for each login: one for everyone, renewed in time, had anew when Vault refuses it. */
export interface VaultSessions {
  /** Names the login; the token enters it as a digest. */
  keyOf(login: VaultLogin): string
  token(login: VaultLogin, signal: AbortSignal): Promise<string>
  /** Vault refused something to this token; true where it is old enough that another one may be given more. */
  refused(login: VaultLogin, token: string): boolean
}

interface Session {
  readonly token: string
  readonly renewable: boolean
  readonly since: number
  readonly renewAt: number
  readonly ends: number
}

/** The token of the account of a pod. */
const ownTokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token'
/** What KEDA asks for, because roles are written for it. */
const audience = 'https://kubernetes.default.svc'
const jwtLife = 600_000
/** How long a token that never ends is taken for granted (ms). */
const foreverLasts = 3_600_000
/** A token is not given up for a refusal so soon after it was had (ms): a path without a policy must not cost a login a time. */
const fresh = 60_000
const most = 1_000

export function createVaultSessions(
  wire: VaultWire,
  cluster: Cluster,
  clock: Clock,
  env: Readonly<Record<string, string | undefined>>,
): VaultSessions {
  const digestKey = randomBytes(32)
  const sessions = new Map<string, Session>()
  const under = new Map<string, Promise<Session>>()

  const keyOf = ({ token, own, ...login }: VaultLogin): string => {
    const secret = createHmac('sha256', digestKey)
      .update(token ?? '')
      .digest('base64url')
    return JSON.stringify([login, own, secret])
  }

  const sessionOf = (token: string, seconds: unknown, renewable: unknown): Session => {
    const life = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : foreverLasts
    const now = clock.now()
    return {
      token,
      renewable: renewable === true,
      since: now,
      renewAt: now + life * renewAfter,
      ends: now + life,
    }
  }

  /** A token that was given: Vault is asked whether it is good, and for how long. */
  const lookUp = async (
    login: VaultLogin,
    token: string,
    signal: AbortSignal,
  ): Promise<Session> => {
    const path = 'auth/token/lookup-self'
    const { status, body } = await wire.call(login, token, 'GET', path, undefined, signal)
    if (status === 403)
      throw failure('STORE_DENIED', {
        store: `Vault ${login.address}`,
        what: 'the token',
        why: refusals(body) || 'HTTP 403',
        help: 'it has expired, was revoked or may not look itself up; put a new one in hashiCorpVault.credential.token or VAULT_TOKEN',
      })
    const { data } = answer(login, path, status, body)
    return isRecord(data)
      ? sessionOf(token, data['ttl'], data['renewable'])
      : sessionOf(token, 0, false)
  }

  const renew = async (
    login: VaultLogin,
    { token }: Session,
    signal: AbortSignal,
  ): Promise<Session> => {
    const path = 'auth/token/renew-self'
    const { status, body } = await wire.call(login, token, 'POST', path, {}, signal)
    if (status === 403) return lookUp(login, token, signal)
    const { auth } = answer(login, path, status, body)
    return isRecord(auth)
      ? sessionOf(token, auth['lease_duration'], auth['renewable'])
      : lookUp(login, token, signal)
  }

  const logIn = async (login: VaultLogin, signal: AbortSignal): Promise<Session> => {
    const { mount, role } = login
    if (!mount || !role)
      throw failure('SPEC_INVALID', {
        problems: [`hashiCorpVault needs ${mount ? 'role' : 'mount'} with kubernetes`],
      })
    const jwt = await jwtOf(login, signal)
    const path = `auth/${mount}/login`
    const { status, body } = await wire.call(login, undefined, 'POST', path, { jwt, role }, signal)
    if (status >= 400 && status < 500 && status !== 429)
      throw failure('STORE_DENIED', {
        store: `Vault ${login.address}`,
        what: `the login as role ${role} at ${path}`,
        why: refusals(body) || `HTTP ${status}`,
        help: 'check mount, role and which service accounts the role is bound to',
      })
    const { auth } = answer(login, path, status, body)
    if (!isRecord(auth) || typeof auth['client_token'] !== 'string')
      throw failure('SOURCE_GARBLED', { address: login.address, why: 'a login without a token' })
    // had anew by another login, because its policies may have changed meanwhile
    return sessionOf(auth['client_token'], auth['lease_duration'], false)
  }

  const jwtOf = async (login: VaultLogin, signal: AbortSignal): Promise<string> => {
    const { account, file = ownTokenFile } = login
    if (account) {
      try {
        const wanted = { audiences: [audience], life: jwtLife }
        return (await cluster.issueToken(account, wanted, signal)).token
      } catch (error) {
        const what = `ServiceAccount ${account.namespace}/${account.name}`
        if (error instanceof EbbError && error.retry) throw error
        const why = isFailure(error, 'CLUSTER_NOT_FOUND') ? 'it does not exist' : refused(error)
        throw failure('SPEC_INVALID', { problems: [`no token of ${what}: ${why}`] }, error)
      }
    }
    if (!login.own) throw ownRefused(login.address, "the controller's token")
    return readToken(file)
  }

  const begin = async (login: VaultLogin, signal: AbortSignal): Promise<Session> => {
    if (login.method === 'kubernetes') return logIn(login, signal)
    const own = env['VAULT_TOKEN']
    if (own && login.own) return lookUp(login, own, signal)
    if (login.token) return lookUp(login, login.token, signal)
    if (own) throw ownRefused(login.address, 'VAULT_TOKEN')
    throw failure('SPEC_INVALID', {
      problems: ['hashiCorpVault.credential.token is missing, and so is VAULT_TOKEN'],
    })
  }

  const next = async (
    login: VaultLogin,
    known: Session | undefined,
    signal: AbortSignal,
  ): Promise<Session> => {
    try {
      return await (known?.renewable ? renew(login, known, signal) : begin(login, signal))
    } catch (error) {
      // while Vault cannot answer, the token is good to its end
      const passes = error instanceof EbbError && error.retry
      if (known && passes && clock.now() < known.ends) return known
      throw error
    }
  }

  return {
    keyOf,
    async token(login, signal) {
      const key = keyOf(login)
      const known = sessions.get(key)
      if (known && clock.now() < known.renewAt) return known.token
      let going = under.get(key)
      if (!going) {
        going = next(login, known, signal).finally(() => under.delete(key))
        under.set(key, going)
      }
      const session = await going
      if (sessions.size >= most) sessions.clear()
      sessions.set(key, session)
      return session.token
    },
    refused(login, token) {
      const key = keyOf(login)
      const known = sessions.get(key)
      if (known?.token !== token) return true
      // of one that was given, Vault can be asked what it is worth
      if (login.method === 'kubernetes' && clock.now() - known.since < fresh) return false
      sessions.delete(key)
      return true
    },
  }
}

function answer(
  login: VaultLogin,
  path: string,
  status: number,
  body: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (status >= 200 && status < 300) return body
  const why = `${path}: ${refusals(body) || `HTTP ${status}`}`
  throw failure('SOURCE_REFUSED', { address: login.address, why })
}

const ownRefused = (address: string, what: string): EbbError =>
  failure('STORE_DENIED', {
    store: `Vault ${address}`,
    what,
    why: 'it is not sent there on the word of a TriggerAuthentication',
    help: 'use credential.serviceAccountName, or a ClusterTriggerAuthentication, or have the server named by VAULT_ADDR or --allowed-endpoints of the controller',
  })

/** KEDA's rule for files: a regular one of at most 1 MiB that holds a token of a service account. */
async function readToken(path: string): Promise<string> {
  const wrong = (why: string): EbbError =>
    failure('SPEC_INVALID', {
      problems: [`hashiCorpVault.credential.serviceAccount cannot be used: ${why}`],
    })
  try {
    const file = await open(path, 'r')
    try {
      const stat = await file.stat()
      if (!stat.isFile() || stat.size > 1024 * 1024) throw wrong('it is no file of at most 1 MiB')
      const text = (await file.readFile('utf8')).trim()
      if (!isAccountToken(text)) throw wrong('it holds no token of a service account')
      return text
    } finally {
      await file.close()
    }
  } catch (error) {
    throw isFailure(error) ? error : wrong(reasonOf(error))
  }
}

function isAccountToken(text: string): boolean {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(text.split('.')[1] ?? '', 'base64url').toString(),
    )
    return isRecord(claims) && String(claims['sub']).startsWith('system:serviceaccount:')
  } catch {
    return false
  }
}
