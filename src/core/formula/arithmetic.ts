import { bounds, fitting, type Meter } from './bounds.ts'
import { Fault, unfit } from './fault.ts'
import { isArray, isNumber, toFloat, toInt, typeOf, whole, type Value } from './value.ts'

type Numbers = readonly [number | bigint, number | bigint]

function numbers(sign: string, a: Value, b: Value): Numbers {
  if (isNumber(a) && isNumber(b)) return [a, b]
  throw unfit(`${typeOf(a)} ${sign} ${typeOf(b)} is not defined`)
}

/** Two ints stay an int; with a float both are floats. */
const either = (
  [a, b]: Numbers,
  ints: (a: bigint, b: bigint) => bigint,
  floats: (a: number, b: number) => number,
): Value =>
  typeof a === 'bigint' && typeof b === 'bigint' ? whole(ints(a, b)) : floats(Number(a), Number(b))

export function add(a: Value, b: Value): Value {
  if (typeof a === 'string' && typeof b === 'string') return joined(a, b)
  return either(
    numbers('+', a, b),
    (x, y) => x + y,
    (x, y) => x + y,
  )
}

function joined(a: string, b: string): string {
  if (a.length + b.length > bounds.characters)
    throw new Fault('limit', `makes a string of more than ${bounds.characters} characters`)
  return a + b
}

export const subtract = (a: Value, b: Value): Value =>
  either(
    numbers('-', a, b),
    (x, y) => x - y,
    (x, y) => x - y,
  )

export const multiply = (a: Value, b: Value): Value =>
  either(
    numbers('*', a, b),
    (x, y) => x * y,
    (x, y) => x * y,
  )

/** Always a float; by zero it is infinite or NaN, as in Go. */
export function divide(a: Value, b: Value): Value {
  const [x, y] = numbers('/', a, b)
  return Number(x) / Number(y)
}

/** Of ints only; the sign is that of the first. */
export function modulo(a: Value, b: Value): Value {
  if (typeof a !== 'bigint' || typeof b !== 'bigint')
    throw unfit(`${typeOf(a)} % ${typeOf(b)} is not defined`)
  if (b === 0n) throw unfit('integer divide by zero')
  return a % b
}

/** Go's Pow: unlike in JavaScript 1 stays 1 whatever the exponent, and so does -1 for an infinite one. */
export function power(a: Value, b: Value): Value {
  const [x, y] = numbers('**', a, b).map(Number) as [number, number] // map keeps the length
  if (x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY)) return 1
  return x ** y
}

export function negate(a: Value): Value {
  if (typeof a === 'bigint') return whole(-a)
  if (typeof a === 'number') return -a
  throw unfit(`-${typeOf(a)} is not defined`)
}

export type Ordering = '<' | '>' | '<=' | '>='

/** Compares numbers, or strings by their characters; NaN is in no order with anything. */
export function ordered(sign: Ordering, a: Value, b: Value): boolean {
  if (typeof a === 'string' && typeof b === 'string') return orderings[sign](a, b)
  const [x, y] = numbers(sign, a, b)
  return typeof x === typeof y ? orderings[sign](x, y) : orderings[sign](Number(x), Number(y))
}

type Comparable = number | bigint | string
const orderings: Readonly<Record<Ordering, (a: Comparable, b: Comparable) => boolean>> = {
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
}

/** Numbers by value, arrays by element; values of different kinds are never equal. */
export function equal(a: Value, b: Value, meter: Meter): boolean {
  if (isNumber(a) && isNumber(b)) return typeof a === typeof b ? a === b : Number(a) === Number(b)
  if (!isArray(a) || !isArray(b)) return a === b
  meter.spend(Math.min(a.length, b.length))
  return a.length === b.length && a.every((item, i) => equal(item, b[i] ?? null, meter))
}

/** Whether an array has the value; nothing is in nil. */
export function within(needle: Value, hay: Value, meter: Meter): boolean {
  if (hay === null) return false
  if (!isArray(hay)) throw unfit(`"in" is not defined on ${typeOf(hay)}`)
  meter.spend(hay.length)
  return hay.some((item) => equal(item, needle, meter))
}

/** The ints from a to b, both included; none where b is the smaller. */
export function range(a: Value, b: Value, meter: Meter): Value {
  const from = toInt(isNumber(a) ? a : null)
  const to = toInt(isNumber(b) ? b : null)
  const size = to < from ? 0 : fitting(Number(to - from) + 1)
  meter.spend(size)
  return Array.from({ length: size }, (_, i) => from + BigInt(i))
}

/** contains, startsWith and endsWith: with nil on a side they are false. */
export function text(
  sign: string,
  a: Value,
  b: Value,
  test: (a: string, b: string) => boolean,
): boolean {
  if (a === null || b === null) return false
  if (typeof a === 'string' && typeof b === 'string') return test(a, b)
  throw unfit(`${typeOf(a)} ${sign} ${typeOf(b)} is not defined`)
}

/** Half away from zero, as Go rounds. */
export function round(value: Value): number {
  const x = toFloat(isNumber(value) ? value : null)
  const cut = Math.trunc(x)
  return Math.abs(x - cut) >= 0.5 ? cut + Math.sign(x) : cut
}
