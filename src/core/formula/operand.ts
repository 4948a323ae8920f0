import { wrong } from './fault.ts'
import { isConstant, node, type Reader } from './reader.ts'
import type { Token } from './scan.ts'
import { predicates, unary, type Node } from './syntax.ts'
import { whole } from './value.ts'

/** The rules that an operand leads back to. */
export interface Grammar {
  readonly variables: ReadonlySet<string>
  expression(least: number): Node
  sequence(): Node
}

/** One operand with all that follows it directly: `-a`, `(a + b)`, `max(a, b)`, `[a, b][0]`. */
export function operand(r: Reader, grammar: Grammar): Node {
  const { token } = r
  const sign = token.kind === 'operator' ? unary[token.text] : undefined
  if (sign !== undefined) {
    r.take('operator')
    const of = grammar.expression(sign.precedence)
    return postfix(r, grammar, node(token.at, { kind: 'unary', sign: sign.sign, of }, of))
  }
  if (r.skip('bracket', '(')) {
    const inside = grammar.sequence()
    r.take('bracket', ')')
    return postfix(r, grammar, inside)
  }
  if (r.predicates > 0 && r.is('operator', '#')) return postfix(r, grammar, pointer(r))
  if (r.skip('operator', '::'))
    return postfix(r, grammar, call(r, grammar, r.take('name'), [], false))
  return simple(r, grammar)
}

function pointer(r: Reader): Node {
  const { at } = r.take('operator', '#')
  const name = r.is('name') ? r.take('name').text : ''
  if (name !== '' && name !== 'index' && name !== 'acc')
    throw wrong(at, `#${name} is unknown; there are #, #index and #acc`)
  return node(at, { kind: 'pointer', name })
}

const constants: Readonly<Record<string, boolean | null>> = { true: true, false: false, nil: null }

function simple(r: Reader, grammar: Grammar): Node {
  const { token } = r
  if (token.kind === 'number') {
    r.take('number')
    return node(token.at, { kind: 'literal', value: number(token) })
  }
  if (token.kind === 'string') {
    r.take('string')
    return postfix(r, grammar, node(token.at, { kind: 'literal', value: token.text }))
  }
  if (r.is('bracket', '[')) return postfix(r, grammar, array(r, grammar))
  if (r.is('bracket', '{')) throw wrong(token.at, 'maps are not supported')
  if (token.kind !== 'name') throw r.unexpected()
  r.take('name')
  const value = Object.hasOwn(constants, token.text) ? constants[token.text] : undefined
  if (value !== undefined) return node(token.at, { kind: 'literal', value })
  return postfix(
    r,
    grammar,
    r.is('bracket', '(')
      ? call(r, grammar, token, [])
      : node(token.at, { kind: 'name', name: token.text }),
  )
}

const written = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i

/** Whole numbers are ints, all others floats. */
function number({ text, at }: Token): number | bigint {
  const digits = text.replaceAll('_', '')
  if (/^(?:\d{1,40}|0[xX][\da-fA-F]{1,40}|0[oO][0-7]{1,40}|0[bB][01]{1,80})$/.test(digits))
    return whole(BigInt(digits))
  const value = written.test(digits) ? Number(digits) : Number.NaN
  if (!Number.isFinite(value)) throw wrong(at, `${text.slice(0, 40)} is not a number`)
  return value
}

function array(r: Reader, grammar: Grammar): Node {
  const { at } = r.take('bracket', '[')
  const items = list(r, grammar, ']')
  const constant = items.every(isConstant)
  return node(at, { kind: 'array', items, constant }, ...items)
}

/** Expressions with commas between them, one after the last included, up to the bracket. */
function list(r: Reader, grammar: Grammar, end: ')' | ']'): readonly Node[] {
  const items: Node[] = []
  while (!r.is('bracket', end)) {
    if (items.length > 0) r.take('operator', ',')
    if (r.is('bracket', end)) break
    items.push(grammar.expression(0))
  }
  r.take('bracket', end)
  return items
}

/** A call; a pipe hands its left side over as `given`. A variable of that name is what is called, and cannot be. */
export function call(
  r: Reader,
  grammar: Grammar,
  name: Token,
  given: readonly Node[],
  hidden = true,
): Node {
  if (hidden && grammar.variables.has(name.text))
    throw wrong(name.at, `${name.text} is a trigger's value, not a function`)
  const shape = Object.hasOwn(predicates, name.text) ? predicates[name.text] : undefined
  r.take('bracket', '(')
  if (shape === undefined) {
    const args = [...given, ...list(r, grammar, ')')]
    return node(name.at, { kind: 'call', name: name.text, args }, ...args)
  }
  const args = [...given]
  for (let i = given.length; i < shape.most; i++) {
    if (r.is('bracket', ')')) {
      if (i >= shape.least) break
      throw wrong(r.token.at, `${name.text} takes ${shape.least} arguments at least`)
    }
    if (i > given.length) r.take('operator', ',')
    args.push(i === 1 ? predicate(r, grammar) : grammar.expression(0))
  }
  r.skip('operator', ',')
  r.take('bracket', ')')
  const [over, asked, extra] = args
  if (over === undefined) throw r.unexpected()
  return node(
    name.at,
    { kind: 'each', name: name.text, over, predicate: asked, extra },
    over,
    asked,
    extra,
  )
}

/** `{ # > 1 }` or `# > 1`. */
const predicate = (r: Reader, grammar: Grammar): Node =>
  r.inPredicate(() => {
    if (!r.skip('bracket', '{')) return grammar.expression(0)
    const inside = grammar.sequence()
    r.take('bracket', '}')
    return inside
  })

function postfix(r: Reader, grammar: Grammar, first: Node): Node {
  let of = first
  for (;;) {
    const { at } = r.token
    if (r.skip('operator', '.')) of = field(r, of)
    else if (r.is('operator', '?.')) throw wrong(at, '?. is not supported')
    else if (r.skip('bracket', '[')) of = element(r, grammar, of, at)
    else return of
  }
}

const isEnvironment = (n: Node): boolean => n.kind === 'name' && n.name === '$env'

function field(r: Reader, of: Node): Node {
  const { text: name, at } = r.take('name')
  if (!isEnvironment(of)) throw wrong(at, `nothing here has a field ${name}`)
  return node(at, { kind: 'variable', name })
}

function element(r: Reader, grammar: Grammar, of: Node, at: number): Node {
  const from = r.is('operator', ':') ? undefined : grammar.expression(0)
  const sliced = r.skip('operator', ':')
  const to = sliced && !r.is('bracket', ']') ? grammar.expression(0) : undefined
  r.take('bracket', ']')
  if (sliced || from === undefined) return node(at, { kind: 'slice', of, from, to }, of, from, to)
  if (isEnvironment(of) && from.kind === 'literal' && typeof from.value === 'string')
    return node(at, { kind: 'variable', name: from.value })
  return node(at, { kind: 'index', of, index: from }, of, from)
}
