import { withoutLast } from '../../src/core/trim.ts'
import {
  AnonymousCredential,
  isRestError,
  newPipeline,
  QueueServiceClient,
  StorageSharedKeyCredential,
} from '@azure/storage-queue'
import type { IHttpClient, QueueClient, RestError } from '@azure/storage-queue'
import type { Dispatcher } from 'undici'
import { type EbbError, failure } from '../../src/errors.ts'
import { error, value } from '../../src/scaler.ts'
import type { Answer, Host, Service } from '../../src/scaler.ts'
import { type Bearer, cloudOf, type Identity, storageSuffix, tokenFor } from '../shared/azure.ts'
import {
  addressOf,
  dispatcherFor,
  fault,
  onceMore,
  refusal,
  retryAfter,
  systemTrust,
} from '../../src/http.ts'
import { request as send } from '../../src/request.ts'
import { parseConnectionString } from './connection-string.ts'

export interface Connection extends Identity {
  readonly connection: string | undefined
  readonly accountName: string | undefined
  readonly cloud: string
  readonly endpointSuffix: string | undefined
}

// A type alias, because an interface is not taken for plain data with string keys.
export type QueueQuery = {
  readonly queue: string
  readonly strategy: 'all' | 'visibleonly'
}

export interface QueueService extends Service {
  /** Messages in one queue. Never throws but when the signal aborts. */
  length(query: QueueQuery, signal: AbortSignal): Promise<Answer<number>>
}

/** The most messages one peek may return, and so the most that `visibleonly` can count. */
const peekLimit = 32
/** Clients of single queues are cheap to keep and dear to make; beyond this many they are made anew. */
const kept = 1000

export async function openQueueService(c: Connection, host: Host): Promise<QueueService> {
  const { url, query, credential, bearer } = await account(c, host)
  const dispatcher = dispatcherFor(url, systemTrust, host)
  const pipeline = newPipeline(credential, {
    httpClient: transport(dispatcher, url.origin),
    // The engine decides what is asked again, and when.
    retryOptions: { maxTries: 1 },
    userAgentOptions: { userAgentPrefix: 'ebb' },
  })
  const service = new QueueServiceClient(`${withoutLast(url.href, '/')}${query}`, pipeline)
  const clients = new Map<string, QueueClient>()
  const clientOf = (queue: string): QueueClient => {
    const known = clients.get(queue)
    if (known) return known
    if (clients.size >= kept) clients.clear()
    const made = service.getQueueClient(queue)
    clients.set(queue, made)
    return made
  }
  const address = addressOf(url)
  return {
    address,
    async length(query, signal) {
      try {
        const ask = (): Promise<Answer<number>> =>
          count(clientOf(query.queue), query, address, signal)
        return await onceMore(signal, ask).catch((thrown: unknown) => {
          // a token may have been revoked before its end
          if (!isRestError(thrown) || thrown.statusCode !== 401 || !bearer?.refused()) throw thrown
          return ask()
        })
      } catch (thrown) {
        if (signal.aborted) throw signal.reason
        return refused(thrown, address, query.queue, host)
      }
    },
    close: () => dispatcher.destroy(),
  }
}

async function account(
  c: Connection,
  host: Host,
): Promise<{
  url: URL
  query: string
  credential: Parameters<typeof newPipeline>[0]
  bearer?: Bearer
}> {
  if (c.provider === 'azure-workload') {
    const bearer = tokenFor('https://storage.azure.com/.default', c, host)
    const never = new AbortController().signal
    return {
      url: new URL(`https://${c.accountName}.${await suffixOf(c)}`),
      query: '',
      bearer,
      credential: {
        // The host caches; the SDK is to ask it every time.
        getToken: async (_scopes, options) => ({
          token: await bearer.token(
            options?.abortSignal instanceof AbortSignal ? options.abortSignal : never,
          ),
          expiresOnTimestamp: host.clock.now(),
        }),
      },
    }
  }
  const parsed = parseConnectionString(c.connection ?? '')
  if ('problem' in parsed)
    throw failure('METADATA_INVALID', {
      trigger: 'azure-queue',
      problems: [`connection ${parsed.problem}`],
    })
  const { login } = parsed
  return login.kind === 'key'
    ? {
        url: new URL(parsed.url),
        query: '',
        credential: new StorageSharedKeyCredential(login.name, login.key),
      }
    : { url: new URL(parsed.url), query: `?${login.query}`, credential: new AnonymousCredential() }
}

async function suffixOf(c: Connection): Promise<string> {
  const cloud = cloudOf(c.cloud)
  if (cloud === 'private' || cloud === undefined) return c.endpointSuffix ?? ''
  return `queue.${await storageSuffix(cloud)}`
}

/** Carries the SDK's requests over our own connections, which are trusted, bounded and closed as all others are. */
function transport(dispatcher: Dispatcher, origin: string): IHttpClient {
  return {
    async sendRequest(request) {
      const answer = await send(
        dispatcher,
        {
          origin,
          path: request.url.slice(origin.length),
          method: request.method === 'GET' ? 'GET' : 'HEAD',
          headers: request.headers.rawHeaders(),
        },
        // The pipeline hands on a signal of its own that follows ours.
        request.abortSignal as AbortSignal,
      )
      const headers = request.headers.clone()
      for (const name of headers.headerNames()) headers.remove(name)
      for (const [name, text] of Object.entries(answer.headers)) headers.set(name, String(text))
      return { request, status: answer.status, headers, bodyAsText: answer.text }
    },
  }
}

async function count(
  queue: QueueClient,
  { strategy }: QueueQuery,
  address: string,
  abortSignal: AbortSignal,
): Promise<Answer<number>> {
  if (strategy === 'visibleonly') {
    const peeked = await queue.peekMessages({ numberOfMessages: peekLimit, abortSignal })
    // The SDK makes an empty list of any XML, and an error page must not count as an empty queue.
    if (!peeked._response.bodyAsText.includes('<QueueMessagesList'))
      return garbled(address, 'a peek without a list of messages')
    if (peeked.peekedMessageItems.length < peekLimit) return value(peeked.peekedMessageItems.length)
  }
  const { approximateMessagesCount: length } = await queue.getProperties({ abortSignal })
  return length !== undefined && Number.isSafeInteger(length) && length >= 0
    ? value(length)
    : garbled(address, 'queue properties without a message count')
}

const garbled = (address: string, why: string): Answer<never> =>
  error(failure('SOURCE_GARBLED', { address, why }))

function refused(thrown: unknown, address: string, queue: string, host: Host): Answer<never> {
  if (!isRestError(thrown)) return error(fault(thrown, address))
  const wait = retryAfter(thrown.response?.headers.get('retry-after'), host.clock.now())
  return error(explained(thrown, address, queue), wait)
}

/** By status and Azure's own code alone: the texts repeat what was signed. */
function explained(thrown: RestError, address: string, queue: string): EbbError {
  const { statusCode: status, code = '' } = thrown
  if (status === undefined || status < 300 || code === 'PARSE_ERROR')
    return failure('SOURCE_GARBLED', { address, why: code || 'an answer without a status' })
  return refusal(status, address, `queue ${queue}`, code)
}
