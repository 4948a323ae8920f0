import type { Value } from './value.ts'

interface Place {
  /** Offset in the source. */
  readonly at: number
  /** Levels below and with this node. */
  readonly depth: number
}

/** A parsed formula. Only what a formula may say: no maps, no methods, no regular expressions. */
export type Node = Place &
  (
    | { readonly kind: 'literal'; readonly value: Value }
    | { readonly kind: 'name'; readonly name: string }
    /** `$env.name`, `$env["name"]`: a variable, whatever else bears its name. */
    | { readonly kind: 'variable'; readonly name: string }
    /** `#`, or `#index` and `#acc`: what the innermost predicate is asked about. */
    | { readonly kind: 'pointer'; readonly name: '' | 'index' | 'acc' }
    | { readonly kind: 'unary'; readonly sign: Unary; readonly of: Node }
    | {
        readonly kind: 'binary'
        readonly sign: Binary
        readonly left: Node
        readonly right: Node
      }
    | {
        readonly kind: 'conditional'
        readonly test: Node
        readonly yes: Node
        readonly no: Node
      }
    /** `constant` where every element is known before any variable is. */
    | { readonly kind: 'array'; readonly items: readonly Node[]; readonly constant: boolean }
    | { readonly kind: 'index'; readonly of: Node; readonly index: Node }
    | {
        readonly kind: 'slice'
        readonly of: Node
        readonly from: Node | undefined
        readonly to: Node | undefined
      }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
    | {
        readonly kind: 'each'
        readonly name: string
        readonly over: Node
        readonly predicate: Node | undefined
        /** The order of sortBy, the first accumulator of reduce. */
        readonly extra: Node | undefined
      }
    | { readonly kind: 'let'; readonly name: string; readonly value: Node; readonly body: Node }
    | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  )

type WithoutPlace<T> = T extends unknown ? Omit<T, keyof Place> : never
/** A node before it has its place. */
export type Part = WithoutPlace<Node>

export type Unary = 'not' | '-' | '+'
export type Binary = keyof typeof binary

interface Operator {
  readonly precedence: number
  readonly right?: true
}

/** expr-lang's table; of operators that mean the same, the tree holds the first. */
export const binary = {
  or: { precedence: 10 },
  and: { precedence: 15 },
  '==': { precedence: 20 },
  '!=': { precedence: 20 },
  '<': { precedence: 20 },
  '>': { precedence: 20 },
  '<=': { precedence: 20 },
  '>=': { precedence: 20 },
  in: { precedence: 20 },
  contains: { precedence: 20 },
  startsWith: { precedence: 20 },
  endsWith: { precedence: 20 },
  '..': { precedence: 25 },
  '+': { precedence: 30 },
  '-': { precedence: 30 },
  '*': { precedence: 60 },
  '/': { precedence: 60 },
  '%': { precedence: 60 },
  '**': { precedence: 100, right: true },
  '??': { precedence: 500 },
} as const satisfies Record<string, Operator>

const synonyms: Readonly<Record<string, Binary>> = { '||': 'or', '&&': 'and', '^': '**' }

export const pipe = 0

/** The operator that a sign stands for between two operands. */
export function binaryOf(sign: string): (Operator & { readonly sign: Binary }) | undefined {
  const name = synonyms[sign] ?? sign
  if (!Object.hasOwn(binary, name)) return undefined
  const own = name as Binary // a key of the table, as just checked
  return { sign: own, ...binary[own] }
}

/** The operator that a sign stands for before an operand, and how tightly it binds. */
export const unary: Readonly<
  Record<string, { readonly sign: Unary; readonly precedence: number }>
> = {
  not: { sign: 'not', precedence: 50 },
  '!': { sign: 'not', precedence: 50 },
  '-': { sign: '-', precedence: 90 },
  '+': { sign: '+', precedence: 90 },
}

/** Functions whose second argument is asked about each element, and how many arguments they need and take. */
export const predicates: Readonly<Record<string, { readonly least: 1 | 2; readonly most: 2 | 3 }>> =
  {
    all: { least: 2, most: 2 },
    none: { least: 2, most: 2 },
    any: { least: 2, most: 2 },
    one: { least: 2, most: 2 },
    filter: { least: 2, most: 2 },
    map: { least: 2, most: 2 },
    count: { least: 1, most: 2 },
    sum: { least: 1, most: 2 },
    find: { least: 2, most: 2 },
    findIndex: { least: 2, most: 2 },
    findLast: { least: 2, most: 2 },
    findLastIndex: { least: 2, most: 2 },
    sortBy: { least: 2, most: 3 },
    reduce: { least: 2, most: 3 },
  }

/** What expr-lang has and Ebb has not: text, dates, maps, bits. Their names are taken all the same. */
export const unsupported = new Set(
  (
    'groupBy type string trim trimPrefix trimSuffix upper lower split splitAfter replace repeat join indexOf ' +
    'lastIndexOf hasPrefix hasSuffix toJSON fromJSON toBase64 fromBase64 now duration date timezone keys values ' +
    'toPairs fromPairs uniq flatten bitand bitor bitxor bitnand bitshl bitshr bitushr bitnot'
  ).split(' '),
)
