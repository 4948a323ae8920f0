import { bounds } from './bounds.ts'
import { wrong, type Fault } from './fault.ts'
import type { Token, TokenKind } from './scan.ts'
import type { Node, Part } from './syntax.ts'

/** The tokens of a formula, one after the other, with the bounds that parsing keeps. */
export interface Reader {
  readonly token: Token
  is(kind: TokenKind, text?: string): boolean
  /** Takes the token and gives it; a Fault where it is another. */
  take(kind: TokenKind, text?: string): Token
  /** Takes the token where it is this one. */
  skip(kind: TokenKind, text: string): boolean
  /** Goes back to a token that was taken. */
  back(to: Token): void
  unexpected(): Fault
  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T
  /** Runs `parse` where `#` means something. */
  inPredicate<T>(parse: () => T): T
  readonly predicates: number
}

export function read(tokens: readonly Token[]): Reader {
  let place = 0
  let nesting = 0
  let predicates = 0
  const end: Token = tokens.at(-1) ?? { kind: 'end', text: '', at: 0 }
  const reader: Reader = {
    get token() {
      return tokens[place] ?? end
    },
    get predicates() {
      return predicates
    },
    is: (kind, text) =>
      reader.token.kind === kind && (text === undefined || reader.token.text === text),
    take(kind, text) {
      if (!reader.is(kind, text)) throw reader.unexpected()
      const { token } = reader
      place += 1
      return token
    },
    skip(kind, text) {
      const there = reader.is(kind, text)
      if (there) place += 1
      return there
    },
    back(to) {
      place = tokens.indexOf(to)
    },
    unexpected() {
      const { kind, text, at } = reader.token
      return wrong(at, kind === 'end' ? 'ends too early' : `${text} is not expected here`)
    },
    nested(parse) {
      nesting += 1
      if (nesting > bounds.nesting)
        throw wrong(reader.token.at, `is nested more than ${bounds.nesting} levels deep`)
      const result = parse()
      nesting -= 1
      return result
    },
    inPredicate(parse) {
      predicates += 1
      const result = parse()
      predicates -= 1
      return result
    },
  }
  return reader
}

/** Gives a node its place, and the tree its bound. */
export function node(at: number, part: Part, ...children: readonly (Node | undefined)[]): Node {
  const below = children.reduce((deepest, child) => Math.max(deepest, child?.depth ?? 0), 0)
  if (below >= bounds.depth) throw wrong(at, `has more than ${bounds.depth} levels`)
  return { ...part, at, depth: below + 1 }
}

/** Whether a value is known before any variable is. */
export function isConstant(n: Node): boolean {
  if (n.kind === 'literal') return n.value !== null
  if (n.kind === 'unary') return isConstant(n.of)
  return n.kind === 'binary' && folding.has(n.sign) && isConstant(n.left) && isConstant(n.right)
}

const folding = new Set(['+', '-', '*', '/', '%', '**'])
