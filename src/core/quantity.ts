import { compositeMetric } from './names.ts'

/** Decimal exponents of the SI suffixes Kubernetes knows. */
const decimal: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}

/** Binary exponents of the suffixes that end in `i`. */
const binary: Readonly<Record<string, bigint>> = {
  Ki: 10n,
  Mi: 20n,
  Gi: 30n,
  Ti: 40n,
  Pi: 50n,
  Ei: 60n,
}

const shape = /^([+-]?)(\d*)\.?(\d*)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,4}|)$/
/** No quantity that means anything is longer or larger; the bounds keep arithmetic on hostile text cheap. */
const longest = 128
const largestExponent = 308

/**
 * A Kubernetes quantity in billionths, exactly, rounded away from zero below that as the API server does;
 * undefined where the text is none.
 */
export function parseNano(text: string): bigint | undefined {
  const match = text.length > longest ? null : shape.exec(text)
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match ?? []
  if (whole + fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const power = (decimal[suffix] ?? (suffix in binary ? 0 : Number(suffix.slice(1)))) + 9
  if (Math.abs(power) > largestExponent) return undefined
  const size = scale(digits << (binary[suffix] ?? 0n), power - fraction.length)
  return sign === '-' ? -size : size
}

/** `n` times ten to the `power`, rounded up. */
function scale(n: bigint, power: number): bigint {
  if (power >= 0) return n * 10n ** BigInt(power)
  const unit = 10n ** BigInt(-power)
  return (n + unit - 1n) / unit
}

/** A Kubernetes quantity as a number; undefined where the text is none. */
export function parseQuantity(text: string): number | undefined {
  const nano = parseNano(text)
  return nano === undefined ? undefined : fraction(nano, 1_000_000_000n)
}

/** Divides without losing the digits a double can hold: large parts first, then the rest. */
const fraction = (n: bigint, unit: bigint): number =>
  Number(n / unit) + Number(n % unit) / Number(unit)

/** A quantity in thousandths, rounded away from zero: the unit in which the HPA computes. */
export function parseMilli(text: string): number | undefined {
  const nano = parseNano(text)
  if (nano === undefined) return undefined
  return nano < 0n ? -Number(scale(-nano, -6)) : Number(scale(nano, -6))
}

/** Whether two quantities are the same number, however written. Texts that are no quantities are equal only to themselves. */
export function sameQuantity(a: string, b: string): boolean {
  if (a === b) return true
  const nano = parseNano(a)
  return nano !== undefined && nano === parseNano(b)
}

/** A value in thousandths as KEDA rounds it: half to even, and whatever no replica count can follow from is 0. */
export function toMilli(value: number): bigint {
  if (!Number.isFinite(value) || value <= 0) return 0n
  // a double of this size is a whole number
  if (value >= 2 ** 52) return BigInt(value) * 1000n
  // exact: only odd sixteenths lie half-way between two thousandths
  if (Number.isInteger(value * 16) && (value * 16) % 2 !== 0) return halfToEven(BigInt(value * 16))
  return BigInt(value.toFixed(3).replace('.', ''))
}

/** An odd number of sixteenths in thousandths: always a half too many or too few. */
function halfToEven(sixteenths: bigint): bigint {
  const below = (sixteenths * 125n) / 2n
  return below % 2n === 0n ? below : below + 1n
}

/**
 * A metric value as KEDA puts it on the wire: three decimals from 1 up unless it is whole, else canonical SI form.
 * NaN, infinite and negative values are `0`.
 */
export function formatMetric(value: number): string {
  const milli = toMilli(value)
  const text = `${milli / 1000n}.${String(milli % 1000n).padStart(3, '0')}`
  // beyond 18 digits the API's own parser gives the text up for the canonical form
  const kept = milli >= 1000n && milli % 1000n !== 0n && text.length <= 19
  return kept ? text : formatMilli(milli)
}

/** A reading as an HPA is given it: what a formula made may be negative, anything else not. */
export const formatReading = ({
  metric,
  value,
}: {
  readonly metric: string
  readonly value: number
}): string =>
  metric === compositeMetric && toMilli(-value) > 0n
    ? `-${formatMetric(-value)}`
    : formatMetric(value)

/** Thousandths in canonical SI form: the largest suffix that leaves a whole number. */
export function formatMilli(milli: bigint): string {
  if (milli === 0n) return '0'
  let rest = milli
  let step = 0
  while (rest % 1000n === 0n && step < suffixes.length - 1) {
    rest /= 1000n
    step += 1
  }
  return `${rest}${suffixes[step]}`
}

const suffixes = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const

/** A trigger's target as KEDA writes it into the HPA: whole numbers plainly, others like metric values. */
export const formatTarget = (target: number, form: 'integer' | 'decimal'): string =>
  formatMetric(form === 'integer' ? Math.trunc(target) : target)
