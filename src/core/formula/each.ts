import { add } from './arithmetic.ts'
import type { Meter } from './bounds.ts'
import { unfit } from './fault.ts'
import { sorted } from './sort.ts'
import {
  any,
  anyArray,
  arrayOf,
  bool,
  elementOf,
  int,
  isUnknown,
  unknown,
  type Type,
} from './types.ts'
import { toBool, type Value } from './value.ts'

/** Asks the predicate about one element. */
export type Ask = (item: Value, index: number, acc: Value) => Value

/** What a function that visits an array was given. */
export interface Visit {
  readonly items: readonly Value[]
  /** The predicate; without one, the element itself. */
  readonly ask: Ask
  /** The third argument, where there is one. */
  readonly extra: Value | undefined
  /** The array is written out, and not all of it is constant. */
  readonly literal: boolean
  readonly meter: Meter
}

interface Each {
  /** Whether the predicate must be a condition. */
  readonly condition: boolean
  /** What `#index` and `#acc` are, where they mean something. */
  readonly pointers: Readonly<Partial<Record<'index' | 'acc', Type>>>
  /** The type of the result; `asked` is the predicate's, undefined without one. */
  type(over: Type, asked: Type | undefined): Type
  run(visit: Visit): Value
}

const holds =
  ({ ask }: Visit) =>
  (item: Value, i: number): boolean =>
    toBool(ask(item, i, null))

const condition = (type: (over: Type) => Type, run: (visit: Visit) => Value): Each => ({
  condition: true,
  pointers: {},
  type,
  run,
})

/** A predicate's type as the next one sees it: of an array only that it is one. */
const seen = (t: Type): Type => (t.kind === 'array' ? anyArray : isUnknown(t) ? any : t)

/** The functions that ask a predicate about each element of an array. */
const table: Readonly<Record<string, Each>> = {
  all: condition(
    () => bool,
    (v) => v.items.every(holds(v)),
  ),
  any: condition(
    () => bool,
    (v) => v.items.some(holds(v)),
  ),
  none: condition(
    () => bool,
    (v) => !v.items.some(holds(v)),
  ),
  one: condition(
    () => bool,
    (v) => v.items.filter(holds(v)).length === 1,
  ),
  count: condition(
    () => int,
    (v) => BigInt(v.items.filter(holds(v)).length),
  ),
  filter: condition(
    (over) => (isUnknown(over) ? anyArray : arrayOf(elementOf(over))),
    (v) => v.items.filter(holds(v)),
  ),
  find: condition(elementOf, (v) => v.items.find(holds(v)) ?? null),
  findLast: condition(elementOf, (v) => v.items.findLast(holds(v)) ?? null),
  findIndex: condition(
    () => int,
    (v) => place(v.items.findIndex(holds(v))),
  ),
  findLastIndex: condition(
    () => int,
    (v) => place(v.items.findLastIndex(holds(v))),
  ),
  map: {
    condition: false,
    pointers: { index: int },
    type: (_, asked = unknown) => arrayOf(asked),
    run: ({ items, ask }) => items.map((item, i) => ask(item, i, null)),
  },
  sum: {
    condition: false,
    pointers: {},
    type: (over, asked) => (asked === undefined ? elementOf(over) : seen(asked)),
    run: sum,
  },
  sortBy: {
    condition: false,
    pointers: {},
    type: (over) => over,
    run({ items, ask, extra = 'asc', meter }) {
      const keys = items.map((item, i) => ask(item, i, null))
      return sorted(items, keys, extra, meter)
    },
  },
  reduce: {
    condition: false,
    pointers: { index: int, acc: unknown },
    type: (_, asked = unknown) => asked,
    run: reduce,
  },
}

/** The function of that name, where there is one. */
export const eachOf = (name: string): Each | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** Numbers from 0 up, one after the other; those of a literal from its end, as expr-lang's optimizer has it. */
function sum({ items, ask, literal }: Visit): Value {
  const [last, ...rest] = literal && items.length > 1 ? items.toReversed() : []
  if (last !== undefined) return rest.reduce((total, item) => add(item, total), last)
  return items.reduce<Value>((total, item, i) => add(ask(item, i, null), total), 0n)
}

function reduce({ items, ask, extra }: Visit): Value {
  if (extra !== undefined) return items.reduce((acc, item, i) => ask(item, i, acc), extra)
  const [start, ...rest] = items
  if (start === undefined) throw unfit('reduce of an empty array needs a first value')
  return rest.reduce((acc, item, i) => ask(item, i + 1, acc), start)
}

const place = (index: number): Value => (index === -1 ? null : BigInt(index))
