import type { SecretClientOptions } from '@azure/keyvault-secrets'
import { EbbError } from '../errors.ts'
import type { Exchange, StoreAnswer } from './exchange.ts'

type HttpClient = NonNullable<SecretClientOptions['httpClient']>
type Response = Awaited<ReturnType<HttpClient['sendRequest']>>

/** Carries the SDK's requests over our own connections, which are permitted, trusted, bounded and closed as all others are. */
export interface AzureHttp {
  readonly client: HttpClient
  /** What became of the last request: the SDK's own errors say less. */
  last(): StoreAnswer | EbbError | undefined
}

export function azureHttp(exchange: Exchange, signal: AbortSignal): AzureHttp {
  let last: StoreAnswer | EbbError | undefined
  return {
    last: () => last,
    client: {
      async sendRequest(request) {
        // The SDK's requests to the stores we ask have text for a body, or none.
        const body = typeof request.body === 'string' ? request.body : undefined
        try {
          const answer = await exchange.send(
            {
              url: new URL(request.url),
              method:
                request.method === 'TRACE'
                  ? 'GET'
                  : request.method === 'OPTIONS'
                    ? 'GET'
                    : request.method,
              headers: Object.fromEntries(request.headers),
              ...(body !== undefined && { body }),
            },
            signal,
          )
          last = answer
          return {
            request,
            status: answer.status,
            headers: headersOf(answer),
            bodyAsText: answer.text,
          }
        } catch (error) {
          if (error instanceof EbbError) last = error
          throw error
        }
      },
    },
  }
}

/** The SDK's form of headers. */
function headersOf({ headers }: StoreAnswer): Response['headers'] {
  const all = new Map(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text]))
  return {
    get: (name) => all.get(name.toLowerCase()),
    has: (name) => all.has(name.toLowerCase()),
    set: (name, text) => void all.set(name.toLowerCase(), String(text)),
    delete: (name) => void all.delete(name.toLowerCase()),
    toJSON: () => Object.fromEntries(all),
    [Symbol.iterator]: () => all.entries(),
  }
}
