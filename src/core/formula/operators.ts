import {
  arrayOf,
  bool,
  both,
  bothNumbers,
  comparable,
  assignable,
  elementOf,
  float,
  int,
  isUnknown,
  maybe,
  promoted,
  string,
  unknown,
  type Type,
} from './types.ts'
import type { Binary, Unary } from './syntax.ts'

type Rule = (a: Type, b: Type) => Type | undefined

const when = (holds: boolean, then: Type): Type | undefined => (holds ? then : undefined)

const logical: Rule = (a, b) => when(both(a, b, 'bool') || maybe(a, b, 'bool'), bool)

const order: Rule = (a, b) =>
  when(bothNumbers(a, b) || both(a, b, 'string') || maybe(a, b, 'int', 'float', 'string'), bool)

const equality: Rule = (a, b) => when(comparable(a, b), bool)

const textual: Rule = (a, b) => when(both(a, b, 'string') || maybe(a, b, 'string'), bool)

const sum: Rule = (a, b) => {
  if (bothNumbers(a, b)) return promoted(a, b)
  return when(maybe(a, b, 'int', 'float'), unknown)
}

const quotient: Rule = (a, b) => when(bothNumbers(a, b) || maybe(a, b, 'int', 'float'), float)

/** What each operator makes of two types; undefined where it is not defined on them. */
const rules: Readonly<Record<Binary, Rule>> = {
  or: logical,
  and: logical,
  '==': equality,
  '!=': equality,
  '<': order,
  '>': order,
  '<=': order,
  '>=': order,
  in(a, b) {
    if (b.kind === 'array') return when(comparable(a, elementOf(b)), bool)
    return when(isUnknown(b) || (isUnknown(a) && b.kind === 'string'), bool)
  },
  contains: textual,
  startsWith: textual,
  endsWith: textual,
  '..': (a, b) => when(both(a, b, 'int') || maybe(a, b, 'int'), arrayOf(int)),
  '+': (a, b) => {
    if (both(a, b, 'string')) return string
    return sum(a, b) ?? when(maybe(a, b, 'string'), unknown)
  },
  '-': sum,
  '*': sum,
  '/': quotient,
  '%': (a, b) => when(both(a, b, 'int') || maybe(a, b, 'int'), int),
  '**': quotient,
  '??': (a, b) => {
    if (a.kind === 'nil') return b
    return b.kind === 'nil' || assignable(b, a) ? a : unknown
  },
}

export const binaryType = (sign: Binary, a: Type, b: Type): Type | undefined => rules[sign](a, b)

export function unaryType(sign: Unary, of: Type): Type | undefined {
  if (sign === 'not') return when(of.kind === 'bool' || isUnknown(of), bool)
  if (isUnknown(of)) return unknown
  return when(of.kind === 'int' || of.kind === 'float', of)
}
