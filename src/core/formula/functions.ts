import { ordered, round } from './arithmetic.ts'
import { fitting, type Meter } from './bounds.ts'
import { unfit } from './fault.ts'
import { sorted } from './sort.ts'
import {
  any,
  anyArray,
  float,
  int,
  isNumber as isNumeric,
  isUnknown,
  nameOf,
  type Type,
} from './types.ts'
import { isArray, isNumber, toArray, toFloat, toInt, typeOf, whole, type Value } from './value.ts'

interface Fn {
  /** How many arguments it takes, at least and at most. */
  readonly least: number
  readonly most: number
  /** The type of the result; undefined where an argument does not fit. */
  type(args: readonly Type[]): Type | undefined
  run(args: readonly Value[], meter: Meter): Value
}

const first = (args: readonly Type[]): Type => args[0] ?? any

const one = (
  fits: (t: Type) => boolean,
  type: (t: Type) => Type,
  run: (value: Value, meter: Meter) => Value,
): Fn => ({
  least: 1,
  most: 1,
  type: (args) => (fits(first(args)) ? type(first(args)) : undefined),
  run: ([value = null], meter) => run(value, meter),
})

const number = (t: Type): boolean => isNumeric(t) || isUnknown(t)
const numberOrText = (t: Type): boolean => number(t) || t.kind === 'string'
/** An array that a function hands on: of its elements nothing is known any more. */
const seen = (t: Type): Type => (isUnknown(t) ? any : anyArray)

const array = (t: Type): boolean => t.kind === 'array' || isUnknown(t)

const rounding = (name: string, run: (x: number) => number): Fn =>
  one(
    number,
    () => float,
    (value) => run(numeric(name, value)),
  )

function numeric(name: string, value: Value): number {
  if (isNumber(value)) return Number(value)
  throw unfit(`${name} of ${typeOf(value)} is not defined`)
}

/** Functions over numbers and arrays of them, however deep. As in expr-lang, arguments after an array are not checked. */
const aggregate = (run: (args: readonly Value[], meter: Meter) => Value): Fn => ({
  least: 1,
  most: Number.POSITIVE_INFINITY,
  type(args) {
    for (const t of args) {
      if (t.kind === 'array' || isUnknown(t)) return any
      if (!isNumeric(t)) return undefined
    }
    return first(args)
  },
  run,
})

/** Every number in the arguments, in order. */
function flat(name: string, args: readonly Value[], meter: Meter): (number | bigint)[] {
  meter.spend(args.length)
  return args.flatMap((value) => {
    if (isNumber(value)) return [value]
    if (isArray(value)) return flat(name, value, meter)
    throw unfit(`${name} of ${typeOf(value)} is not defined`)
  })
}

const extreme = (name: string, sign: '<' | '>'): Fn =>
  aggregate((args, meter) => {
    const [only = null] = args
    // of one value that is no number at all, that value
    if (args.length === 1 && !isArray(only) && !isNumber(only)) return only
    const [start = null, ...rest] = flat(name, args, meter)
    return rest.reduce<Value>((best, x) => (ordered(sign, best, x) ? x : best), start)
  })

const floats = (name: string, args: readonly Value[], meter: Meter): number[] =>
  flat(name, args, meter).map(Number)

function mean(values: readonly number[]): number {
  const total = values.reduce((sum, x) => sum + x, 0)
  return values.length === 0 ? 0 : total / values.length
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b))
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? 0)) / 2
}

/** An element counted from the front, or with a negative index from the back. */
export const at = (items: readonly Value[], index: bigint): Value | undefined =>
  items.at(Number(index))

const element = (index: bigint): Fn =>
  one(
    array,
    () => any,
    (value) => (isArray(value) ? at(value, index) : undefined) ?? null,
  )

/** The functions a formula may call, besides those that take a predicate. */
const table: Readonly<Record<string, Fn>> = {
  len: one(
    (t) => t.kind === 'array' || t.kind === 'string' || isUnknown(t),
    () => int,
    (value) => {
      if (typeof value === 'string') return BigInt(Array.from(value).length)
      return BigInt(toArray(value, 'len').length)
    },
  ),
  abs: one(
    number,
    (t) => (isUnknown(t) ? any : t),
    (value) => {
      if (typeof value === 'bigint') return whole(value < 0n ? -value : value)
      return Math.abs(numeric('abs', value))
    },
  ),
  ceil: rounding('ceil', Math.ceil),
  floor: rounding('floor', Math.floor),
  round: rounding('round', round),
  int: one(
    numberOrText,
    () => int,
    (value) => toInt(value),
  ),
  float: one(
    numberOrText,
    () => float,
    (value) => toFloat(value),
  ),
  max: extreme('max', '<'),
  min: extreme('min', '>'),
  mean: aggregate((args, meter) => mean(floats('mean', args, meter))),
  median: aggregate((args, meter) => median(floats('median', args, meter))),
  first: element(0n),
  last: element(-1n),
  get: {
    least: 2,
    most: 2,
    type: ([items = any, index = any]) => {
      if (isUnknown(items)) return any
      return items.kind === 'array' && (index.kind === 'int' || isUnknown(index))
        ? items.of
        : undefined
    },
    run: ([items = null, index = null]) =>
      items === null ? null : (at(toArray(items, 'get'), place(index)) ?? null),
  },
  take: {
    least: 2,
    most: 2,
    type: ([items = any, count = any]) =>
      array(items) && (count.kind === 'int' || isUnknown(count)) ? seen(items) : undefined,
    run: ([items = null, count = null]) => {
      if (typeof count !== 'bigint' || count < 0n)
        throw unfit('take needs a count that is an int and not negative')
      return toArray(items, 'take').slice(0, Number(count))
    },
  },
  reverse: one(
    array,
    () => anyArray,
    (value, meter) => {
      const items = toArray(value, 'reverse')
      meter.spend(items.length)
      return items.toReversed()
    },
  ),
  concat: {
    least: 1,
    most: Number.POSITIVE_INFINITY,
    type: (args) => (args.every(array) ? anyArray : undefined),
    run(args, meter) {
      const parts = args.map((value) => toArray(value, 'concat'))
      meter.spend(fitting(parts.reduce((sum, part) => sum + part.length, 0)))
      return parts.flatMap((part) => [...part])
    },
  },
  sort: {
    least: 1,
    most: 2,
    type: ([items = any, order]) =>
      array(items) && (order === undefined || order.kind === 'string' || isUnknown(order))
        ? anyArray
        : undefined,
    run([items = null, order = 'asc'], meter) {
      const values = toArray(items, 'sort')
      return sorted(values, values, order, meter)
    },
  },
}

/** An index as it may be written; a float loses its fraction. */
export function place(index: Value): bigint {
  if (isNumber(index)) return toInt(index)
  throw unfit(`an index is ${typeOf(index)}, not an int`)
}

/** The function of that name, where there is one. */
export const functionOf = (name: string): Fn | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** What a call gives; what is wrong with it, where anything is. */
export function callType(name: string, fn: Fn, args: readonly Type[]): Type | string {
  if (args.length < fn.least || args.length > fn.most)
    return `${name} takes ${howMany(fn)}, not ${args.length}`
  return fn.type(args) ?? `${name} is not defined on ${args.map(nameOf).join(', ')}`
}

function howMany({ least, most }: Fn): string {
  if (most === Number.POSITIVE_INFINITY) return `${least} or more arguments`
  return least === most
    ? `${least} argument${least === 1 ? '' : 's'}`
    : `${least} to ${most} arguments`
}
