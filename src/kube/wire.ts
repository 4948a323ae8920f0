import { withoutLast } from '../core/trim.ts'
import type { Dispatcher } from 'undici'
import { deadline, type Clock } from '../clock.ts'
import { failure, isFailure, type EbbError } from '../errors.ts'
import { untilAborted } from './abort.ts'
import { connections } from './connections.ts'
import type { Access, Credentials } from './credentials.ts'
import { queryText, type Query } from './paths.ts'
import { refusal, statusOf, type Deed } from './status.ts'

export interface Request extends Deed {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly body?: object
  /** `application/json` unless given. */
  readonly contentType?: string
}

/** What the server said: its status code and its JSON, undefined where there was none. */
export interface Answer {
  readonly code: number
  readonly body: unknown
}

/** HTTP with the API server: credentials, deadlines, and failures in the catalogue's words. No retries, no throttling. */
export interface Wire {
  readonly server: string
  /** One request and its whole answer, refusals included. */
  call(request: Request, signal: AbortSignal): Promise<Answer>
  /** The same, but an answer that is a refusal fails. */
  want(request: Request, signal: AbortSignal): Promise<unknown>
  /** Opens a stream; its headers are waited for as long as for an answer, its end as long as the signal allows. */
  stream(request: Request, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** What became of a connection, in the catalogue's words. */
  broken(error: unknown): EbbError
  close(): Promise<void>
}

export interface WireOptions {
  /** The API server's URL, with a path where it has one. */
  readonly server: string
  readonly credentials: Credentials
  readonly clock: Clock
  /** ms that a request may take in all. */
  readonly timeout: number
}

const userAgent = 'ebb/0.1'

export function wire(options: WireOptions): Wire {
  const { clock, credentials, timeout } = options
  const url = new URL(options.server)
  const base = withoutLast(url.pathname, '/')
  // Without user info and query: it goes into messages.
  const server = `${url.origin}${base}`
  const pools = connections()

  const broken = (error: unknown): EbbError =>
    failure('CLUSTER_UNREACHABLE', { server, why: whyOf(error) }, error)
  const late = (): EbbError =>
    failure('CLUSTER_UNREACHABLE', { server, why: `no answer within ${timeout / 1000} s` })

  const send = (
    request: Request,
    access: Access,
    pool: Dispatcher,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> =>
    pool.request({
      origin: url.origin,
      path: `${base}${request.path}${queryText(request.query ?? {})}`,
      method: request.method,
      headers: {
        ...access.headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(request.body && { 'content-type': request.contentType ?? 'application/json' }),
      },
      ...(request.body && { body: JSON.stringify(request.body) }),
      signal,
    })

  /** Runs one exchange; what it throws is told in the catalogue's words, or is the signal's own reason. */
  const exchange = async <T>(
    pool: 'calls' | 'watches',
    request: Request,
    signal: AbortSignal,
    read: (response: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T> => {
    try {
      // A credential command may hang.
      const access = await untilAborted(credentials.current(), signal)
      const response = await send(request, access, pools.of(access)[pool], signal)
      if (response.statusCode === 401) credentials.refused()
      return await read(response)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw isFailure(error) ? error : broken(error)
    }
  }

  const answerOf = async (request: Request, response: Dispatcher.ResponseData): Promise<Answer> => {
    const code = response.statusCode
    const text = await response.body.text()
    return { code, body: parsed(text, code, request) }
  }

  const call = async (request: Request, signal: AbortSignal): Promise<Answer> => {
    const limit = deadline(clock, timeout, signal, late)
    try {
      return await exchange('calls', request, limit.signal, (response) =>
        answerOf(request, response),
      )
    } finally {
      limit.clear()
    }
  }

  return {
    server,
    call,
    broken,
    async want(request, signal) {
      const { code, body } = await call(request, signal)
      if (code >= 300) throw refusal(statusOf(code, body), request)
      return body
    },
    async stream(request, signal) {
      const opening = new AbortController()
      const cancel = clock.after(timeout, () => opening.abort(late()))
      try {
        const both = AbortSignal.any([signal, opening.signal])
        return await exchange('watches', request, both, async (response) => {
          if (response.statusCode < 300) return response.body
          const { code, body } = await answerOf(request, response)
          throw refusal(statusOf(code, body), request)
        })
      } finally {
        cancel()
      }
    },
    close: () => pools.close(),
  }
}

/** The JSON of a body. A refusal need not be JSON (a proxy's page, plain text); its text is kept then. */
function parsed(text: string, code: number, { doing, object }: Request): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    if (code >= 300) return text
    throw failure(
      'CLUSTER_FAILED',
      { what: `${doing} ${object}`, why: 'the answer is not JSON' },
      error,
    )
  }
}

/** The first line of what the network layers say; several addresses tried in vain give an error without words. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [first] = error instanceof AggregateError ? error.errors : []
  const words = error.message || (first instanceof Error ? first.message : '') || error.name
  return (words.split('\n')[0] ?? words).slice(0, 200)
}
