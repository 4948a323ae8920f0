import {
  extended,
  startStoreServer,
  type StoreReply,
  type StoreRequest,
  type StoreServer,
} from './store-server.ts'

/** A HashiCorp Vault in memory: its HTTP API as far as Ebb speaks it, with tokens that end and policies. */
export interface Vault extends StoreServer {
  /** What the engines hold, by path; `v2` below `secret/data/`. */
  readonly kv: Map<string, Readonly<Record<string, unknown>>>
  /** Paths that no token may read. */
  readonly forbidden: Set<string>
  /** Makes a token good for so many seconds; 0 for ever. */
  issue(token: string, seconds: number, renewable?: boolean): void
  revoke(token: string): void
  /** Logins by the Kubernetes method: role -> subjects of accounts it is bound to. */
  readonly roles: Map<string, readonly string[]>
  /** How long tokens of logins are good (s). */
  ttl: number
}

interface Held {
  seconds: number
  ends: number
  renewable: boolean
}

const denied: StoreReply = { status: 403, body: { errors: ['permission denied'] } }

export async function startVault(now: () => number): Promise<Vault> {
  const kv = new Map<string, Readonly<Record<string, unknown>>>()
  const forbidden = new Set<string>()
  const tokens = new Map<string, Held>()
  const roles = new Map<string, readonly string[]>()
  let ttl = 3_600
  let issued = 0

  const add = (token: string, seconds: number, renewable = true): void => {
    const ends = seconds === 0 ? Number.POSITIVE_INFINITY : now() + seconds * 1000
    tokens.set(token, { seconds, ends, renewable })
  }

  const logIn = (text: string): StoreReply => {
    const { jwt, role } = JSON.parse(text) as { jwt: string; role: string }
    const bound = roles.get(role)
    if (!bound) return { status: 400, body: { errors: [`invalid role name "${role}"`] } }
    if (!bound.some((subject) => jwt.includes(subject)))
      return { status: 403, body: { errors: ['service account name not authorized'] } }
    const client_token = `hvs.login-${++issued}`
    add(client_token, ttl)
    return { status: 200, body: { auth: { client_token, lease_duration: ttl, renewable: true } } }
  }

  const ofToken = (path: string, token: string, held: Held): StoreReply => {
    if (path.endsWith('renew-self')) {
      if (!held.renewable) return { status: 400, body: { errors: ['lease is not renewable'] } }
      add(token, held.seconds)
      const auth = { client_token: token, lease_duration: held.seconds, renewable: true }
      return { status: 200, body: { auth } }
    }
    const left = held.seconds === 0 ? 0 : Math.round((held.ends - now()) / 1000)
    return { status: 200, body: { data: { ttl: left, renewable: held.renewable } } }
  }

  const answer = ({ path, method, headers, text }: StoreRequest): StoreReply => {
    const asked = decodeURIComponent(path.replace('/v1/', ''))
    if (asked === 'auth/kubernetes/login') return logIn(text)
    const token = String(headers['x-vault-token'])
    const held = tokens.get(token)
    if (!held || held.ends <= now()) return denied
    if (asked.startsWith('auth/token/')) return ofToken(asked, token, held)
    if (forbidden.has(asked)) return denied
    if (asked.startsWith('pki/issue/')) {
      const wanted = JSON.parse(text || '{}') as { common_name?: string }
      if (method === 'GET') return { status: 405, body: { errors: ['unsupported operation'] } }
      if (!wanted.common_name)
        return { status: 400, body: { errors: ['the common_name field is required'] } }
      const serial = ++issued
      return {
        status: 200,
        body: {
          lease_id: '',
          lease_duration: 0,
          data: {
            certificate: `certificate ${serial} of ${wanted.common_name}`,
            private_key: `key ${serial}`,
            ca_chain: ['one', 'two'],
            expiration: Math.round(now() / 1000) + 600,
          },
        },
      }
    }
    const found = kv.get(asked)
    if (!found) return { status: 404, body: { errors: [] } }
    if (asked.startsWith('database/'))
      return {
        status: 200,
        body: {
          lease_id: `${asked}/${++issued}`,
          lease_duration: 300,
          renewable: true,
          data: found,
        },
      }
    const data = asked.startsWith('secret/data/')
      ? { data: found, metadata: { version: 1 } }
      : found
    return { status: 200, body: { lease_id: '', lease_duration: 2_764_800, data } }
  }

  const server = await startStoreServer(answer)
  return extended(server, {
    kv,
    forbidden,
    roles,
    issue: add,
    revoke: (token: string) => void tokens.delete(token),
    get ttl() {
      return ttl
    },
    set ttl(to: number) {
      ttl = to
    },
  })
}
