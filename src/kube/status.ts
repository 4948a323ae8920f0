import { failure, type EbbError } from '../errors.ts'

/** What the API server says of a refusal, as far as it is needed. */
export interface Status {
  readonly reason: string
  readonly message: string
  readonly code: number
  /** What was not found, by kind and name; '' where the path itself leads nowhere. */
  readonly kind: string
  readonly name: string
}

/** What is done to what, for messages: `patching` and `deployments.apps shop/app`. */
export interface Deed {
  readonly doing: string
  readonly object: string
}

/** Reads a `Status` object out of a body; an answer that is none (a proxy's page, plain text) keeps its code alone. */
export function statusOf(code: number, body: unknown): Status {
  const given = record(body)
  if (given['kind'] !== 'Status') {
    const message = typeof body === 'string' ? body.trim().split('\n')[0]?.slice(0, 200) : undefined
    return { reason: '', message: message || `HTTP ${code}`, code, kind: '', name: '' }
  }
  const details = record(given['details'])
  return {
    reason: text(given['reason']),
    message: text(given['message']) || `HTTP ${code}`,
    code: typeof given['code'] === 'number' ? given['code'] : code,
    kind: text(details['kind']),
    name: text(details['name']),
  }
}

/** The failure that an answer of the API server stands for. */
export function refusal(status: Status, { doing, object }: Deed): EbbError {
  const why = status.message
  const what = `${doing} ${object}`
  switch (status.code) {
    case 400:
    case 422:
      return failure('CLUSTER_INVALID', { what, why })
    case 401:
    case 403:
      return failure('CLUSTER_FORBIDDEN', { what, why })
    case 404:
      return failure('CLUSTER_NOT_FOUND', { what: missing(status, object) })
    case 409:
      if (status.reason === 'AlreadyExists') return failure('CLUSTER_EXISTS', { what: object })
      return failure('CLUSTER_CONFLICT', { what: object })
    case 410:
      return failure('CLUSTER_GONE', { what: object })
    case 429:
      return failure('CLUSTER_THROTTLED', { what })
    default:
      return failure('CLUSTER_FAILED', { what, why })
  }
}

const missing = ({ kind, name }: Status, object: string): string =>
  name === '' ? `the kind of ${object}` : `${kind} "${name}"`

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
