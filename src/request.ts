import type { Dispatcher } from 'undici'

/** Response headers by their names in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>

/** A server's answer, read to its end. */
export interface Response {
  readonly status: number
  readonly headers: ResponseHeaders
  /** The body as UTF-8, without a byte order mark. */
  readonly text: string
}

/**
 * One HTTP request whose whole answer is wanted. Rejects with what undici says of the connection, or with the signal's reason as
 * soon as it aborts. undici's own `request` makes a stream of each answer: most of what a poll left for the garbage collector
 * was its parts (docs/performance.md).
 */
export function request(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) throw signal.reason
    let controller: Dispatcher.DispatchController | undefined
    const abort = (): void => {
      controller?.abort(signal.reason)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort)
    const end = (): void => signal.removeEventListener('abort', abort)

    let status = 0
    let headers: ResponseHeaders = {}
    const chunks: Buffer[] = []
    dispatcher.dispatch(options, {
      onRequestStart(started) {
        controller = started
        // it waited for a connection until now
        if (signal.aborted) started.abort(signal.reason)
      },
      onResponseStart(_, code, said) {
        status = code
        headers = said
      },
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd() {
        end()
        resolve({ status, headers, text: textOf(chunks) })
      },
      onResponseError(_, error) {
        end()
        reject(error)
      },
    })
  })
}

const textOf = (chunks: readonly Buffer[]): string => {
  const [first] = chunks
  const text = (chunks.length === 1 ? first : Buffer.concat(chunks))?.toString() ?? ''
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
