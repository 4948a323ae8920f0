import { wrong } from './fault.ts'
import { call, operand, type Grammar } from './operand.ts'
import { node, read, type Reader } from './reader.ts'
import { scan, type Token } from './scan.ts'
import { binaryOf, pipe, type Binary, type Node } from './syntax.ts'

/**
 * Parses a formula as expr-lang 1.17 does, its oddities included: `??` binds tighter than all else and does not mix,
 * `not in` is one operator, `1 < a < 5` is two comparisons. `variables` hide functions of the same name. Throws a Fault.
 */
export function parse(source: string, variables: ReadonlySet<string>): Node {
  const r = read(scan(source))
  const root = sequence(r, variables)
  if (!r.is('end')) throw r.unexpected()
  return root
}

/** Expressions with semicolons between them; the last one is the value. */
function sequence(r: Reader, variables: ReadonlySet<string>): Node {
  const { at } = r.token
  const items = [expression(r, variables, 0)]
  while (r.skip('operator', ';')) {
    if (r.is('end')) break
    items.push(expression(r, variables, 0))
  }
  const [only] = items
  return items.length === 1 && only !== undefined
    ? only
    : node(at, { kind: 'sequence', items }, ...items)
}

const expression = (r: Reader, variables: ReadonlySet<string>, least: number): Node =>
  r.nested(() => {
    const grammar: Grammar = {
      variables,
      expression: (min) => expression(r, variables, min),
      sequence: () => sequence(r, variables),
    }
    if (least === 0 && r.is('operator', 'let')) return declaration(r, grammar)
    if (least === 0 && r.is('operator', 'if')) return choice(r, grammar)
    const left = operations(r, grammar, least)
    return least === 0 ? ternaries(r, grammar, left) : left
  })

/** Operators of at least this precedence, from left to right. */
function operations(r: Reader, grammar: Grammar, least: number): Node {
  let left = operand(r, grammar)
  let before = ''
  while (r.is('operator')) {
    const first = r.token
    const negated = r.skip('operator', 'not')
    const sign = r.token
    if (negated && !negatable.has(sign.text)) throw r.unexpected()
    const next = operation(r, grammar, least, left, before, negated)
    if (next === undefined) {
      if (negated) r.back(first)
      return left
    }
    left = next
    before = sign.text
  }
  return left
}

const negatable = new Set(['in', 'contains', 'startsWith', 'endsWith', 'matches'])

/** One operator with its right side; undefined where the token is none or binds less than asked for. */
function operation(
  r: Reader,
  grammar: Grammar,
  least: number,
  left: Node,
  before: string,
  negated: boolean,
): Node | undefined {
  const sign = r.token
  if (sign.text === '|' && pipe >= least) {
    r.take('operator')
    return call(r, grammar, r.take('name'), [left])
  }
  if (sign.text === 'matches') throw wrong(sign.at, 'regular expressions are not supported')
  const operator = binaryOf(sign.text)
  if (operator === undefined || operator.precedence < least) return undefined
  if (before === '??' && operator.sign !== '??')
    throw wrong(sign.at, `${sign.text} and ?? cannot be mixed; wrap one of them in parentheses`)
  r.take('operator')
  if (comparisons.has(operator.sign)) return comparison(r, grammar, left, sign, operator.precedence)
  const right = grammar.expression(operator.precedence + ('right' in operator ? 0 : 1))
  const joined = binaryNode(sign, operator.sign, left, right)
  return negated ? node(sign.at, { kind: 'unary', sign: 'not', of: joined }, joined) : joined
}

const binaryNode = (token: Token, sign: Binary, left: Node, right: Node): Node =>
  node(token.at, { kind: 'binary', sign, left, right }, left, right)

const comparisons = new Set<string>(['<', '>', '<=', '>='])

/** `1 < a < 5` holds where both comparisons do. */
function comparison(
  r: Reader,
  grammar: Grammar,
  first: Node,
  token: Token,
  precedence: number,
): Node {
  let left = first
  let sign = token
  let whole: Node | undefined
  for (;;) {
    const right = grammar.expression(precedence + 1)
    const one = binaryNode(sign, binaryOf(sign.text)?.sign ?? '<', left, right)
    whole = whole === undefined ? one : binaryNode(sign, 'and', whole, one)
    if (!r.is('operator') || !comparisons.has(r.token.text)) return whole
    left = right
    sign = r.take('operator')
  }
}

function ternaries(r: Reader, grammar: Grammar, first: Node): Node {
  let test = first
  while (r.is('operator', '?')) {
    const { at } = r.take('operator')
    // `a ?: b` is a where a holds
    const yes = r.is('operator', ':') ? test : grammar.expression(0)
    r.take('operator', ':')
    const no = grammar.expression(0)
    test = node(at, { kind: 'conditional', test, yes, no }, test, yes, no)
  }
  return test
}

function declaration(r: Reader, grammar: Grammar): Node {
  r.take('operator', 'let')
  const { text: name, at } = r.take('name')
  r.take('operator', '=')
  const value = grammar.expression(0)
  r.take('operator', ';')
  const body = grammar.sequence()
  return node(at, { kind: 'let', name, value, body }, value, body)
}

/** `if a > 1 { 2 } else { 3 }` */
function choice(r: Reader, grammar: Grammar): Node {
  const { at } = r.take('operator', 'if')
  const block = (): Node => {
    r.take('bracket', '{')
    const inside = grammar.sequence()
    r.take('bracket', '}')
    return inside
  }
  const test = grammar.expression(0)
  const yes = block()
  r.take('operator', 'else')
  const no = r.is('operator', 'if') ? r.nested(() => choice(r, grammar)) : block()
  return node(at, { kind: 'conditional', test, yes, no }, test, yes, no)
}
