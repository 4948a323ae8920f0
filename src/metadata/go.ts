/** Go's reading of numbers, booleans and durations, because existing manifests rely on exactly that. */

/** The largest number below 2^63 that a double holds: an int64 above it is read as this, so it stays an int64. */
const int64Top = 9_223_372_036_854_774_784
const integerForm = /^-?(0|[1-9]\d*)$/
const decimalForm = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
const digitsForm = /^[+-]?\d+$/

/** What a parameter must look like, for JSON Schema; the functions below have the last word. */
export const patterns = {
  integer: integerForm.source,
  number: decimalForm.source,
} as const

/** A JSON integer within int64; `undefined` where the text is none (`5.0`, `05`, `+5`, `1e3`). */
export function goInteger(raw: string): number | undefined {
  // no int64 is longer, and to read a long one exactly takes time
  if (raw.length > 20 || !integerForm.test(raw)) return undefined
  const exact = BigInt(raw)
  if (exact !== BigInt.asIntN(64, exact)) return undefined
  return Math.min(int64Top, Number(exact)) + 0
}

/** A finite JSON number; `undefined` where the text is none (`.5`, `NaN`, `Inf`, `1e999`). */
export function goDecimal(raw: string): number | undefined {
  const number = decimalForm.test(raw) ? Number(raw) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}

export const truths: readonly string[] = ['1', 't', 'T', 'TRUE', 'true', 'True']
export const lies: readonly string[] = ['0', 'f', 'F', 'FALSE', 'false', 'False']

/** What strconv.ParseBool accepts, and nothing else. */
export function goBoolean(raw: string): boolean | undefined {
  if (truths.includes(raw)) return true
  return lies.includes(raw) ? false : undefined
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
// one way to read a run of digits, or a long one takes forever
const part = '(\\d+(?:\\.\\d*)?|\\.\\d+)(ns|us|µs|μs|ms|s|m|h)'
const durationForm = new RegExp(`^\\+?(${part})+$`)

/** A Go duration (`30s`, `1m30s`) or a whole number of milliseconds, in ms; `undefined` for anything else and below zero. */
export function goDuration(raw: string): number | undefined {
  if (digitsForm.test(raw)) {
    const ms = Number(raw) + 0
    return ms >= 0 && Number.isSafeInteger(ms) ? ms : undefined
  }
  if (!durationForm.test(raw)) return undefined
  let ms = 0
  for (const [, amount, unit] of raw.matchAll(new RegExp(part, 'g'))) {
    ms += Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN)
  }
  return Number.isSafeInteger(Math.trunc(ms)) ? ms : undefined
}
