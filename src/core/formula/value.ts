import { Fault, unfit } from './fault.ts'

/**
 * What a formula computes with. Go's int is a bigint and its float64 a number, so that `7 / 2` is 3.5 while `int(a) % 2`
 * is defined and `a % 2` is not; null is nil.
 */
export type Value = number | bigint | string | boolean | null | readonly Value[]

/** The value's type in the words of expr-lang. */
export function typeOf(value: Value): string {
  if (value === null) return 'nil'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'array'
}

export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value)

export const isNumber = (value: Value): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'

const largest = 2n ** 63n - 1n

/** The int, where 64 bits can hold it. Go wraps around here; a replica count must not. */
export function whole(value: bigint): bigint {
  if (value > largest || value < -largest - 1n)
    throw new Fault('overflow', 'makes an integer that 64 bits cannot hold')
  return value
}

/** float(x): numbers, and strings that are decimal numbers. */
export function toFloat(value: Value): number {
  if (isNumber(value)) return Number(value)
  if (typeof value === 'string' && decimal.test(value)) return Number(value)
  throw unfit(`float(${shown(value)}) is not a number`)
}

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** int(x): cuts the fraction off. */
export function toInt(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return cut(value)
  if (typeof value === 'string' && /^[+-]?\d{1,40}$/.test(value))
    return whole(BigInt(value.replace('+', '')))
  throw unfit(`int(${shown(value)}) is not a number`)
}

function cut(value: number): bigint {
  if (!Number.isFinite(value)) throw new Fault('overflow', `int(${value}) is not a number`)
  return whole(BigInt(Math.trunc(value)))
}

/** A condition must be one: nil and numbers are none. */
export function toBool(value: Value): boolean {
  if (typeof value === 'boolean') return value
  throw unfit(`a condition is ${typeOf(value)}, not a bool`)
}

export function toArray(value: Value, what: string): readonly Value[] {
  if (isArray(value)) return value
  throw unfit(`${what} takes an array, not ${typeOf(value)}`)
}

const shown = (value: Value): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeOf(value)
