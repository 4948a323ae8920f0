import type { Clock } from '../clock.ts'
import { failure, reasonOf } from '../errors.ts'
import { passingOf } from './objects.ts'
import { type Item, type Read, renewAfter } from './store.ts'
import type { VaultLogin, VaultSessions } from './vault-session.ts'
import { isRecord } from './json.ts'
import { refusals, type VaultWire } from './vault-wire.ts'

/** One secret of Vault; all parameters from it are had by one request. */
export interface VaultAsk {
  readonly path: string
  /** '' finds out between the versions of the key-value engine. */
  readonly type: '' | 'secretV2' | 'secret' | 'pki'
  /** With `pki`: what to ask for, under Vault's names. */
  readonly pki: Readonly<Record<string, string>>
}

/** A secret of HashiCorp Vault; its keys are those of the engine, and only text is a value. */
export function vaultItem(
  wire: VaultWire,
  sessions: VaultSessions,
  clock: Clock,
  login: VaultLogin,
  ask: VaultAsk,
): Item {
  const { address } = login
  const url = URL.parse(address)

  const send = async (signal: AbortSignal): ReturnType<VaultWire['call']> => {
    const token = await sessions.token(login, signal)
    const pki = ask.type === 'pki'
    const call = (as: string): ReturnType<VaultWire['call']> =>
      wire.call(login, as, pki ? 'POST' : 'GET', ask.path, pki ? ask.pki : undefined, signal)
    const answer = await call(token)
    // the token may have been revoked, or the role has gained a policy since it logged in
    if (answer.status !== 403 || !sessions.refused(login, token)) return answer
    return call(await sessions.token(login, signal))
  }

  return {
    key: `vault/${sessions.keyOf(login)}/${JSON.stringify(ask)}`,
    lane: `vault ${url?.origin ?? address}`,
    async read(signal) {
      try {
        const { status, body } = await send(signal)
        return readingOf(login, ask, status, body, clock.now())
      } catch (error) {
        const passing = passingOf(error)
        const help = passing.passing ? '; check that it runs, is unsealed and can be reached' : ''
        return { problem: `Vault ${address}: ${reasonOf(error)}${help}`, ...passing }
      }
    },
  }
}

function readingOf(
  { address }: VaultLogin,
  ask: VaultAsk,
  status: number,
  body: Readonly<Record<string, unknown>>,
  now: number,
): Read {
  const why = refusals(body) || `HTTP ${status}`
  if (status === 404)
    return { problem: `Vault ${address} holds nothing at ${ask.path}`, missing: true }
  if (status === 429 || status >= 500)
    throw failure('SOURCE_THROTTLED', { address, why: `HTTP ${status} ${refusals(body)}`.trim() })
  if (status >= 300 || status < 200) {
    const verb = ask.type === 'pki' ? 'update' : 'read'
    return {
      problem: `Vault ${address} refuses ${ask.path} (${why}): give the token or role a policy with ${verb} of this path`,
      missing: false,
    }
  }
  const data = body['data']
  if (!isRecord(data)) throw failure('SOURCE_GARBLED', { address, why: 'no data in the answer' })
  const values = valuesOf(ask, data)
  if (!values) return { problem: `Vault ${address} holds nothing at ${ask.path}`, missing: true }
  const ends = endOf(body, data, now)
  return {
    data: values,
    ...(ends !== undefined && { renewAt: now + Math.max(1_000, (ends - now) * renewAfter) }),
  }
}

/** The keys of the secret; version 2 of the key-value engine has them one level down. */
function valuesOf(
  { type }: VaultAsk,
  data: Readonly<Record<string, unknown>>,
): Record<string, string> | undefined {
  const nested = type === 'secretV2' || (type === '' && 'data' in data)
  const at = nested ? data['data'] : data
  if (!isRecord(at)) return undefined
  const values: Record<string, string> = {}
  for (const [key, value] of Object.entries(at)) {
    if (typeof value === 'string') values[key] = value
    else if (type === 'pki' && key === 'ca_chain' && Array.isArray(value))
      values[key] = value.join('\n')
  }
  return values
}

/** When what was read ends (epoch ms): a certificate by its own date, anything leased by its lease. Static secrets do not. */
function endOf(
  body: Readonly<Record<string, unknown>>,
  data: Readonly<Record<string, unknown>>,
  now: number,
): number | undefined {
  const expiration = data['expiration']
  if (typeof expiration === 'number' && 'certificate' in data) return expiration * 1000
  const [id, seconds] = [body['lease_id'], body['lease_duration']]
  return typeof id === 'string' && id !== '' && typeof seconds === 'number' && seconds > 0
    ? now + seconds * 1000
    : undefined
}
