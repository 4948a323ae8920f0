import {
  extended,
  startStoreServer,
  type StoreReply,
  type StoreRequest,
  type StoreServer,
} from './store-server.ts'

/** An OAuth 2 token endpoint on this machine, at `/token`. */
export interface OauthServer extends StoreServer {
  /** Client id -> its secret. */
  readonly clients: Map<string, string>
  /** The forms it got, oldest first. */
  readonly forms: readonly URLSearchParams[]
  /** Whether the client must show itself in the form. */
  formOnly: boolean
  /** How long tokens are good (s); 0: it does not say. */
  life: number
}

export async function startOauth(): Promise<OauthServer> {
  const clients = new Map<string, string>()
  const forms: URLSearchParams[] = []
  let formOnly = false
  let life = 3_600

  const shown = ({ headers }: StoreRequest, form: URLSearchParams): readonly string[] => {
    const basic = headers.authorization?.replace('Basic ', '')
    if (basic !== undefined && !formOnly)
      return Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
    return [form.get('client_id') ?? '', form.get('client_secret') ?? '']
  }

  const answer = (request: StoreRequest): StoreReply => {
    const form = new URLSearchParams(request.text)
    forms.push(form)
    const [client = '', secret = ''] = shown(request, form)
    if (form.get('grant_type') !== 'client_credentials')
      return { status: 400, body: { error: 'unsupported_grant_type' } }
    if (clients.get(client) !== secret) return { status: 401, body: { error: 'invalid_client' } }
    return {
      status: 200,
      body: {
        access_token: `oauth-${client}-${forms.length}`,
        token_type: 'bearer',
        ...(life > 0 && { expires_in: life }),
      },
    }
  }

  const server = await startStoreServer(answer)
  return extended(server, {
    clients,
    forms,
    get formOnly() {
      return formOnly
    },
    set formOnly(to: boolean) {
      formOnly = to
    },
    get life() {
      return life
    },
    set life(to: number) {
      life = to
    },
  })
}
