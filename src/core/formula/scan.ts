import { bounds } from './bounds.ts'
import { wrong } from './fault.ts'

export type TokenKind = 'name' | 'number' | 'string' | 'operator' | 'bracket' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As written; of a string, what it says. */
  readonly text: string
  /** Offset in the source. */
  readonly at: number
}

/** Words that are operators wherever they stand. */
const words = new Set('not in or and matches contains startsWith endsWith let if else'.split(' '))

const space =
  /(?:[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]|\/\/[^\n]*)+/y
const comment = /\/\*[^]*?\*\//y
const bytes = /[bB]["']/y
const number =
  /(?:0[xX][\da-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|(?=\.?\d)[\d_]*)(?:\.(?!\.)[\d_]*)?(?:[eE][+-]?[\d_]*)?/y
const word = /[\p{L}\p{Nd}_$]+/uy
const string = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/y
const raw = /`(?:[^`]|``)*`/y
const bracket = /[()[\]{}]/y
/** As expr-lang reads them; not each of these means something. */
const operator = /\.\.?|\?[.?]?|\|\|?|::?|[&!=*<>][&=*]?|##?|[,;%+\-^/]/y

/** Cuts a formula into tokens the way expr-lang 1.17 does. Ends with one of kind `end`; throws a Fault. */
export function scan(source: string): readonly Token[] {
  if (source.length > bounds.source) throw wrong(0, `is longer than ${bounds.source} characters`)
  const tokens: Token[] = []
  let at = 0
  const match = (shape: RegExp): string | undefined => {
    shape.lastIndex = at
    return shape.exec(source)?.[0]
  }
  const add = (kind: TokenKind, written: string, text = written): void => {
    tokens.push({ kind, text, at })
    at += written.length
  }
  const one = (): void => {
    const literal = match(string) ?? match(raw)
    if (literal !== undefined) return add('string', literal, content(literal, at))
    if (match(bytes) !== undefined) throw wrong(at, 'bytes are not supported')
    const digits = match(number)
    if (digits) return addNumber(digits)
    const name = match(word)
    if (name !== undefined) return add(words.has(name) ? 'operator' : 'name', name)
    const mark = match(bracket)
    if (mark !== undefined) return add('bracket', mark)
    const sign = match(operator)
    if (sign === undefined) throw wrong(at, unreadable(source, at))
    add('operator', sign)
    // whatever touches # is the name of a pointer, operators too: `#in` is none
    const pointer = sign.startsWith('#') ? match(word) : undefined
    if (pointer !== undefined) add('name', pointer)
  }
  const addNumber = (digits: string): void => {
    word.lastIndex = at + digits.length
    if (word.test(source)) throw wrong(at, `${digits}… is not a number`)
    add('number', digits)
  }
  while (at < source.length) {
    const skipped = match(space) ?? match(comment)
    if (skipped === undefined) one()
    else at += skipped.length
  }
  add('end', '')
  return tokens
}

function unreadable(source: string, at: number): string {
  const sign = String.fromCodePoint(source.codePointAt(at) ?? 0)
  return '"\'`'.includes(sign) ? 'a string has no end' : `${sign} means nothing here`
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** What a string literal says. The rarer escapes of Go are refused. */
function content(literal: string, at: number): string {
  const inside = literal.slice(1, -1)
  if (literal.startsWith('`')) return inside.replaceAll('``', '`')
  return inside.replace(/\\(.)/gu, (_, sign: string) => {
    const meant = escapes[sign]
    if (meant === undefined) throw wrong(at, `the escape \\${sign} is not supported`)
    return meant
  })
}
