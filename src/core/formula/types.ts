/**
 * A type as expr-lang's checker knows it. `unknown` and `any` both say that only the value will tell; they differ in
 * that everything may be assigned to `any`, which decides the type of a ternary.
 */
export type Type =
  | {
      readonly kind: 'int' | 'float' | 'bool' | 'string' | 'nil' | 'unknown' | 'any'
      readonly of?: undefined
    }
  | { readonly kind: 'array'; readonly of: Type }

type Plain = Exclude<Type['kind'], 'array'>
const plain = (kind: Plain): Type => ({ kind })

export const int = plain('int')
export const float = plain('float')
export const bool = plain('bool')
export const string = plain('string')
export const nil = plain('nil')
export const unknown = plain('unknown')
export const any = plain('any')
export const arrayOf = (of: Type): Type => ({ kind: 'array', of })
export const anyArray = arrayOf(any)

export const isUnknown = (t: Type): boolean => t.kind === 'unknown' || t.kind === 'any'
export const isNumber = (t: Type): boolean => t.kind === 'int' || t.kind === 'float'

/** The type in the words of expr-lang. */
export const nameOf = (t: Type): string => (t.kind === 'any' ? 'unknown' : t.kind)

/** Whether a value of one type may stand where the other is asked for. */
export const assignable = (from: Type, to: Type): boolean =>
  from.kind !== 'nil' &&
  from.kind !== 'unknown' &&
  to.kind !== 'nil' &&
  to.kind !== 'unknown' &&
  (from.kind === to.kind || to.kind === 'any')

/** Whether == is defined. */
export const comparable = (a: Type, b: Type): boolean =>
  isUnknown(a) ||
  isUnknown(b) ||
  a.kind === 'nil' ||
  b.kind === 'nil' ||
  (isNumber(a) && isNumber(b)) ||
  assignable(a, b)

/** Whether one side or both are unknown and the other is of one of the kinds. */
export function maybe(a: Type, b: Type, ...kinds: readonly Type['kind'][]): boolean {
  if (isUnknown(a)) return isUnknown(b) || kinds.includes(b.kind)
  return isUnknown(b) && kinds.includes(a.kind)
}

export const bothNumbers = (a: Type, b: Type): boolean => isNumber(a) && isNumber(b)
export const both = (a: Type, b: Type, kind: Type['kind']): boolean =>
  a.kind === kind && b.kind === kind

/** Of two numbers that are added: an int only where both are. */
export const promoted = (a: Type, b: Type): Type => (both(a, b, 'int') ? int : float)

/** What a choice between two values is. */
export function merged(a: Type, b: Type): Type {
  if (a.kind === 'nil') return b
  if (b.kind === 'nil') return a
  if (!assignable(a, b)) return unknown
  if (a.kind === 'array' && b.kind === 'array')
    return assignable(a.of, b.of) && assignable(b.of, a.of) ? a : anyArray
  return a
}

/** What an array of these is: of one type where neighbours are of one kind. */
export function arrayOfAll(items: readonly Type[]): Type {
  const mixed = items.some((t, i) => i > 0 && kindOf(t) !== kindOf(items[i - 1] ?? t))
  return mixed ? anyArray : arrayOf(items.at(-1) ?? unknown)
}

/** nil and the unknown have no kind of their own. */
const kindOf = (t: Type): Type['kind'] => (t.kind === 'nil' ? 'unknown' : t.kind)

export const elementOf = (t: Type): Type => (t.kind === 'array' ? t.of : unknown)
