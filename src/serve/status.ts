/** A Kubernetes `Status` object of a failure, as its JSON text: what every client of an API server understands. */
export function statusJson(code: number, reason: string | undefined, message: string): string {
  const because = reason === undefined ? '' : `,"reason":${JSON.stringify(reason)}`
  return `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":${JSON.stringify(message)}${because},"code":${code}}\n`
}

/** The reasons the API server gives with each code. A code without a word here carries none. */
export const statusReasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  413: 'RequestEntityTooLarge',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}
