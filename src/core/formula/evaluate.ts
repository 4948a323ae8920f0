import {
  add,
  divide,
  equal,
  modulo,
  multiply,
  negate,
  ordered,
  power,
  range,
  subtract,
  text,
  within,
} from './arithmetic.ts'
import type { Meter } from './bounds.ts'
import { eachOf } from './each.ts'
import { unfit } from './fault.ts'
import { at, functionOf, place } from './functions.ts'
import type { Binary, Node } from './syntax.ts'
import { isNumber, toArray, toBool, typeOf, type Value } from './value.ts'

/** What names mean while a formula is evaluated. */
interface Frame {
  readonly values: ReadonlyMap<string, number | undefined>
  readonly locals: Local | undefined
  /** What the innermost predicate is asked about. */
  readonly asked: { readonly item: Value; readonly index: number; readonly acc: Value } | undefined
  readonly meter: Meter
}

interface Local {
  readonly name: string
  readonly value: Value
  readonly outer: Local | undefined
}

/** The value of a checked formula. A variable without a value is nil. Throws a Fault. */
export const valueOf = (
  root: Node,
  values: ReadonlyMap<string, number | undefined>,
  meter: Meter,
): Value => run(root, { values, locals: undefined, asked: undefined, meter })

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>
type Steps = { readonly [K in Node['kind']]: (n: Of<K>, f: Frame) => Value }

function run<K extends Node['kind']>(n: Of<K>, f: Frame): Value {
  f.meter.spend(1)
  const kind: K = n.kind
  return steps[kind](n, f)
}

const steps: Steps = {
  literal: ({ value }) => value,
  name({ name }, { locals, values }) {
    for (let local = locals; local !== undefined; local = local.outer)
      if (local.name === name) return local.value
    return values.get(name) ?? null
  },
  variable: ({ name }, { values }) => values.get(name) ?? null,
  pointer({ name }, { asked }) {
    if (name === 'index') return BigInt(asked?.index ?? 0)
    return (name === 'acc' ? asked?.acc : asked?.item) ?? null
  },
  unary({ sign, of }, f) {
    const value = run(of, f)
    if (sign === 'not') return !toBool(value)
    return sign === '-' ? negate(value) : value
  },
  binary(n, f) {
    const left = run(n.left, f)
    if (n.sign === 'and') return toBool(left) && toBool(run(n.right, f))
    if (n.sign === 'or') return toBool(left) || toBool(run(n.right, f))
    if (n.sign === '??') return left ?? run(n.right, f)
    return operations[n.sign](left, run(n.right, f), f.meter)
  },
  conditional: ({ test, yes, no }, f) => run(toBool(run(test, f)) ? yes : no, f),
  array: ({ items }, f) => items.map((item) => run(item, f)),
  index({ of, index }, f) {
    const items = run(of, f)
    const found = at(toArray(items, 'an index'), place(run(index, f)))
    if (found === undefined) throw unfit('an index is out of range')
    return found
  },
  slice({ of, from, to }, f) {
    const items = toArray(run(of, f), 'a slice')
    f.meter.spend(items.length)
    const end = to && Number(place(run(to, f)))
    return items.slice(from && Number(place(run(from, f))), end)
  },
  call({ name, args }, f) {
    const fn = functionOf(name)
    if (fn === undefined) throw unfit(`there is no function ${name}`)
    return fn.run(
      args.map((arg) => run(arg, f)),
      f.meter,
    )
  },
  each: visit,
  let: ({ name, value, body }, f) =>
    run(body, { ...f, locals: { name, value: run(value, f), outer: f.locals } }),
  sequence: ({ items }, f) => items.map((item) => run(item, f)).at(-1) ?? null,
}

function visit({ name, over, predicate, extra }: Of<'each'>, f: Frame): Value {
  const rule = eachOf(name)
  if (rule === undefined) throw unfit(`there is no function ${name}`)
  const items = toArray(run(over, f), name)
  f.meter.spend(items.length)
  return rule.run({
    items,
    ask: (item, index, acc) =>
      predicate === undefined ? item : run(predicate, { ...f, asked: { item, index, acc } }),
    extra: extra && run(extra, f),
    literal: predicate === undefined && over.kind === 'array' && !over.constant,
    meter: f.meter,
  })
}

type Operation = (a: Value, b: Value, meter: Meter) => Value

const operations: Readonly<Record<Exclude<Binary, 'and' | 'or' | '??'>, Operation>> = {
  '==': equal,
  '!=': (a, b, meter) => !equal(a, b, meter),
  '<': (a, b) => ordered('<', a, b),
  '>': (a, b) => ordered('>', a, b),
  '<=': (a, b) => ordered('<=', a, b),
  '>=': (a, b) => ordered('>=', a, b),
  in: within,
  contains: (a, b) => text('contains', a, b, (x, y) => x.includes(y)),
  startsWith: (a, b) => text('startsWith', a, b, (x, y) => x.startsWith(y)),
  endsWith: (a, b) => text('endsWith', a, b, (x, y) => x.endsWith(y)),
  '..': range,
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': modulo,
  '**': power,
}

/** What a formula's value is to its caller. */
export function numeric(value: Value): number | undefined {
  if (value === null) return undefined
  if (isNumber(value)) return Number(value)
  throw unfit(`gives ${typeOf(value)}, not a number`)
}
