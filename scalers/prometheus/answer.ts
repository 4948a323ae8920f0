import { type EbbError, failure } from '../../src/errors.ts'
import { type Answer, empty, error, value } from '../../src/scaler.ts'

/** Whom the answer is from. */
export interface From {
  readonly address: string
  /** Takes credentials out of text that the server sent. */
  hide(text: string): string
}

/** What KEDA makes of a JSON null where the value should be. */
const nothing = -1
const finite = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
const unbounded = /^([+-]?inf(inity)?|nan)$/i

/**
 * Reads the answer to an instant query (KEDA pkg/scalers/prometheus_scaler.go): one element or none. No element, an element
 * without a value (a range vector) and values that are not finite are `empty`. Anything that is no answer of Prometheus
 * is an error, never a zero.
 */
export function parseAnswer(body: string, from: From): Answer<number> {
  let said: unknown
  try {
    said = JSON.parse(body)
  } catch {
    return garbled(from, 'not JSON')
  }
  if (!isRecord(said)) return garbled(from, 'not an object')
  if (said['status'] === 'error') return error(complaint(said, from))
  const data = said['data']
  if (!isRecord(data) || !('result' in data)) return garbled(from, 'no data.result')
  const result = data['result']
  // What Go makes of an empty slice that was never made.
  if (result === null) return empty
  return Array.isArray(result) ? single(result, from) : garbled(from, 'result is not a list')
}

function single(result: readonly unknown[], from: From): Answer<number> {
  const [element] = result
  if (result.length === 0) return empty
  if (!isRecord(element)) return unfit(from, 'it gives a scalar or a string; wrap it in vector()')
  if (result.length > 1)
    return unfit(from, `it gives ${result.length} elements; aggregate them to one, as sum() does`)
  const pair = element['value'] ?? []
  if (!Array.isArray(pair)) return garbled(from, 'value is not a list')
  if (pair.length === 0) return empty
  return pair.length === 1 ? garbled(from, 'value without a number') : number(pair[1], from)
}

function number(raw: unknown, from: From): Answer<number> {
  if (raw === null) return value(nothing)
  if (typeof raw !== 'string') return garbled(from, 'the value is not a string')
  if (unbounded.test(raw)) return empty
  const parsed = finite.test(raw) ? Number(raw) : Number.NaN
  return Number.isFinite(parsed) ? value(parsed) : garbled(from, 'the value is no number')
}

/** The server's own words about a query, from the error body of its API; `undefined` where the body is none. */
export function complaintOf(body: string, from: From): EbbError | undefined {
  try {
    const said: unknown = JSON.parse(body)
    return isRecord(said) && said['status'] === 'error' ? complaint(said, from) : undefined
  } catch {
    return undefined
  }
}

function complaint(said: Readonly<Record<string, unknown>>, from: From): EbbError {
  const words = [said['errorType'], said['error']].filter((word) => typeof word === 'string')
  const why = from.hide(words.join(': ')).slice(0, 200) || 'no reason given'
  return failure('SOURCE_REFUSED', { address: from.address, why })
}

const garbled = (from: From, why: string): Answer<never> =>
  error(failure('SOURCE_GARBLED', { address: from.address, why }))

const unfit = (from: From, why: string): Answer<never> =>
  error(failure('QUERY_UNFIT', { address: from.address, why }))

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === 'object' && x !== null && !Array.isArray(x)
