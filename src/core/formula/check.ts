import { eachOf } from './each.ts'
import { mistyped } from './fault.ts'
import { callType, functionOf } from './functions.ts'
import { binaryType, unaryType } from './operators.ts'
import { predicates, unsupported, type Node } from './syntax.ts'
import {
  arrayOfAll,
  assignable,
  bool,
  elementOf,
  float,
  int,
  isUnknown,
  merged,
  nameOf,
  nil,
  string,
  unknown,
  type Type,
} from './types.ts'

/** What names mean at a place of the formula. */
interface Scope {
  /** The triggers' names; each is a float. */
  readonly variables: ReadonlySet<string>
  readonly locals: ReadonlyMap<string, Type>
  /** Of the innermost predicate: the array it visits, and what `#index` and `#acc` are. */
  readonly over: Type
  readonly pointers: Readonly<Partial<Record<'index' | 'acc', Type>>>
}

/** The type of a formula over triggers of these names; throws a Fault where expr-lang's checker would refuse it. */
export const check = (root: Node, variables: ReadonlySet<string>): Type =>
  typeOf(root, { variables, locals: new Map(), over: unknown, pointers: {} })

type Of<K extends Node['kind']> = Extract<Node, { kind: K }>
type Checks = { readonly [K in Node['kind']]: (n: Of<K>, s: Scope) => Type }

function typeOf<K extends Node['kind']>(n: Of<K>, s: Scope): Type {
  const kind: K = n.kind
  return checks[kind](n, s)
}

const known = (type: Type | undefined, at: number, say: () => string): Type => {
  if (type === undefined) throw mistyped(at, say())
  return type
}

const checks: Checks = {
  literal: ({ value }) => {
    if (value === null) return nil
    if (typeof value === 'bigint') return int
    if (typeof value === 'boolean') return bool
    return typeof value === 'string' ? string : float
  },
  name: ({ name, at }, s) => {
    const local = s.locals.get(name)
    if (local !== undefined) return local
    if (s.variables.has(name)) return float
    throw mistyped(
      at,
      isTaken(name) ? `${name} is a function and must be called` : stranger(name, s),
    )
  },
  variable: ({ name, at }, s) => {
    if (s.variables.has(name)) return float
    throw mistyped(at, stranger(name, s))
  },
  pointer: ({ name, at }, s) =>
    name === ''
      ? elementOf(s.over)
      : known(s.pointers[name], at, () => `#${name} means nothing in this predicate`),
  unary: ({ sign, of, at }, s) => {
    const type = typeOf(of, s)
    return known(unaryType(sign, type), at, () => `${sign} is not defined on ${nameOf(type)}`)
  },
  binary: ({ sign, left, right, at }, s) => {
    const [a, b] = [typeOf(left, s), typeOf(right, s)]
    return known(
      binaryType(sign, a, b),
      at,
      () => `${nameOf(a)} ${sign} ${nameOf(b)} is not defined`,
    )
  },
  conditional: ({ test, yes, no }, s) => {
    const type = typeOf(test, s)
    if (type.kind !== 'bool' && !isUnknown(type))
      throw mistyped(test.at, `a condition must be a bool, not ${nameOf(type)}`)
    return merged(typeOf(yes, s), typeOf(no, s))
  },
  array: ({ items }, s) => arrayOfAll(items.map((item) => typeOf(item, s))),
  index: ({ of, index, at }, s) => {
    const [type, place] = [typeOf(of, s), typeOf(index, s)]
    if (isUnknown(type)) return unknown
    if (type.kind !== 'array') throw mistyped(at, `${nameOf(type)} has no elements`)
    requireIndex(place, index.at)
    return type.of
  },
  slice: ({ of, from, to, at }, s) => {
    const type = typeOf(of, s)
    if (type.kind !== 'array' && !isUnknown(type))
      throw mistyped(at, `${nameOf(type)} cannot be sliced`)
    for (const end of [from, to]) if (end) requireIndex(typeOf(end, s), end.at)
    return type
  },
  call: ({ name, args, at }, s) => {
    const fn = functionOf(name)
    if (fn === undefined) throw mistyped(at, isTaken(name) ? noFunction(name) : stranger(name, s))
    const type = callType(
      name,
      fn,
      args.map((arg) => typeOf(arg, s)),
    )
    if (typeof type === 'string') throw mistyped(at, type)
    return type
  },
  each: checkEach,
  let: ({ name, value, body, at }, s) => {
    if (s.variables.has(name) || s.locals.has(name) || isTaken(name))
      throw mistyped(at, `${name} means something already`)
    return typeOf(body, { ...s, locals: new Map([...s.locals, [name, typeOf(value, s)]]) })
  },
  sequence: ({ items }, s) => items.map((item) => typeOf(item, s)).at(-1) ?? nil,
}

function checkEach({ name, over, predicate, extra, at }: Of<'each'>, s: Scope): Type {
  const rule = eachOf(name)
  if (rule === undefined) throw mistyped(at, noFunction(name))
  const array = typeOf(over, s)
  if (array.kind !== 'array' && !isUnknown(array))
    throw mistyped(over.at, `${name} takes an array, not ${nameOf(array)}`)
  const asked = predicate && typeOf(predicate, { ...s, over: array, pointers: rule.pointers })
  if (asked?.kind === 'nil') throw mistyped(at, `the predicate of ${name} gives nothing`)
  if (rule.condition) requireKind(asked, 'bool', at, `the predicate of ${name}`)
  const third = extra && typeOf(extra, s)
  if (name === 'sortBy') requireKind(third, 'string', at, 'the order of sortBy')
  return rule.type(array, asked)
}

function requireKind(
  type: Type | undefined,
  kind: 'bool' | 'string',
  at: number,
  what: string,
): void {
  if (type !== undefined && type.kind !== kind && !isUnknown(type))
    throw mistyped(at, `${what} must be a ${kind}, not ${nameOf(type)}`)
}

function requireIndex(type: Type, at: number): void {
  if (!assignable(type, int) && !isUnknown(type))
    throw mistyped(at, `an index must be an int, not ${nameOf(type)}`)
}

/** Names that expr-lang keeps for its functions. */
const isTaken = (name: string): boolean =>
  functionOf(name) !== undefined || Object.hasOwn(predicates, name) || unsupported.has(name)

const noFunction = (name: string): string => `the function ${name} is not supported`

function stranger(name: string, { variables }: Scope): string {
  const names = [...variables].toSorted().slice(0, 10).join(', ')
  const there = names === '' ? 'no trigger has a name' : `the named triggers are ${names}`
  return `unknown name ${name}; ${there}`
}
