import {
  extended,
  startStoreServer,
  type StoreReply,
  type StoreRequest,
  type StoreServer,
} from './store-server.ts'

/** Entra ID's token endpoint on this machine, as the Azure SDK speaks to it. */
export interface Entra extends StoreServer {
  /** Tokens it gave, oldest first. */
  readonly given: readonly {
    readonly token: string
    readonly client: string
    readonly scope: string
    /** Epoch ms. */
    readonly expires: number
  }[]
  /** Client id -> the assertion or secret it is known by. */
  readonly clients: Map<string, string>
  /** How long tokens are good (s). */
  life: number
  /** Requests to the token endpoint so far. */
  requests(): readonly URLSearchParams[]
}

export const entraHost = 'login.entra.test'

export async function startEntra(tenant: string, host = entraHost): Promise<Entra> {
  const given: { token: string; client: string; scope: string; expires: number }[] = []
  const clients = new Map<string, string>()
  const asked: URLSearchParams[] = []
  let life = 3_600
  let base = ''

  const token = (text: string): StoreReply => {
    const form = new URLSearchParams(text)
    asked.push(form)
    const client = form.get('client_id') ?? ''
    const shown = form.get('client_assertion') ?? form.get('client_secret')
    if (!clients.has(client))
      return wrong(
        400,
        'unauthorized_client',
        `AADSTS700016: Application '${client}' was not found`,
      )
    if (clients.get(client) !== shown)
      return wrong(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.')
    const scope = form.get('scope') ?? ''
    const made = `entra-${client}-${given.length + 1}`
    given.push({ token: made, client, scope, expires: Date.now() + life * 1_000 })
    return {
      status: 200,
      body: { token_type: 'Bearer', expires_in: life, ext_expires_in: life, access_token: made },
    }
  }

  const answer = ({ path, text }: StoreRequest): StoreReply => {
    if (path === `/${tenant}/v2.0/.well-known/openid-configuration`)
      return {
        status: 200,
        body: {
          token_endpoint: `${base}/${tenant}/oauth2/v2.0/token`,
          authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/authorize`,
          issuer: `${base}/${tenant}/v2.0`,
          jwks_uri: `${base}/${tenant}/discovery/v2.0/keys`,
        },
      }
    if (path === `/${tenant}/oauth2/v2.0/token`) return token(text)
    return wrong(400, 'invalid_request', `AADSTS90002: Tenant of ${path} not found.`)
  }

  const server = await startStoreServer(answer, [host])
  base = server.url
  return extended(server, {
    given,
    clients,
    requests: () => asked,
    get life() {
      return life
    },
    set life(to: number) {
      life = to
    },
  })
}

const wrong = (status: number, error: string, words: string): StoreReply => ({
  status,
  body: {
    error,
    error_description: `${words} Trace ID: 1 Correlation ID: 2`,
    error_codes: [700016],
  },
})
