import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { compileFormula, evaluate, type Outcome } from '../../../src/core/formula/formula.ts'
import { difference, ours, type Answer } from './ask.ts'
import { questions } from './generate.ts'

const given = { a: 3, b: 4.5 }
const is = (value: number): Answer => ({ kind: 'value', value })
const nil: Answer = { kind: 'nil' }

/** keda-behaviour-ops.md B.2; what is not said of it there is known from the real evaluator. */
describe('a formula over a=3 and b=4.5', () => {
  const rows: [formula: string, value: number][] = [
    ['a+b', 7.5],
    ['a>1?2:3', 2],
    ['max([a,b])', 4.5],
    ['count([a,b],{#>1}) > 1 ? 5 : 0', 5],
    ['count([a,b], # > 4)', 1],
    ['float(a)+1', 4],
    ['let z = a; z*2', 6],
    ['round(a)', 3],
    ['round(-2.5)', -3],
    ['ceil(a/b)', 1],
    ['floor(b)', 4],
    ['a ** 2', 9],
    ['a ^ 2', 9],
    ['2 ** 3 ** 2', 512],
    ['-2 ** 2', -4],
    ['1 ** (1/0)', 1],
    ['(-1) ** (1/0)', 1],
    ['7 / 2', 3.5],
    ['a ?? b', 3],
    ['1 + a ?? b', 4],
    ['min(a,b)', 3],
    ['sum([a,b])', 7.5],
    ['mean([a,b])', 3.75],
    ['median([a, b, 100])', 4.5],
    ['abs(-a)', 3],
    ['int(a)', 3],
    ['int(b) % 3', 1],
    ['a > 2 && b < 5 ? 1 : 0', 1],
    ['a > 2 and not (b < 5) ? 1 : 0', 0],
    ['1 < a < 2 ? 1 : 0', 0],
    ['a in [1,2] ? 1 : 2', 2],
    ['a not in 1..2 ? 1 : 2', 1],
    ['a == b ? 1 : 0', 0],
    ['[a, b] | map(# * 2) | sum()', 15],
    ['reduce([a, b], #acc + #, 0)', 7.5],
    ['$env["a"] + $env.b', 7.5],
    ['if a > 1 { 2 } else { 3 }', 2],
    ['first(filter([a, b], # > 4)) ?? 1', 4.5],
    ['[a, b][-1]', 4.5],
  ]
  for (const [formula, value] of rows)
    test(`${formula} is ${value}`, () =>
      assert.deepEqual(ours({ formula, values: given }), is(value)))
})

describe('a trigger without a value is nil:', () => {
  const rows: [formula: string, a: number | null, b: number | null, answer: Answer][] = [
    ['a ?? b', null, 4.5, is(4.5)],
    ['a ?? b', null, null, nil],
    ['a ?? b ?? 8', null, null, is(8)],
    ['a == nil ? b ?? 1 : a', null, 2, is(2)],
    ['max(a) ?? 5', null, 2, is(5)],
    ['len([a, b])', null, null, is(2)],
    ['a+b', null, 2, { kind: 'failed', text: 'formula nil + float is not defined' }],
    ['a > 1 ? 1 : 2', null, 2, { kind: 'failed', text: 'formula nil > int is not defined' }],
    ['max(a, b)', null, 2, { kind: 'failed', text: 'formula max of nil is not defined' }],
    ['float(a)', null, 2, { kind: 'failed', text: 'formula float(nil) is not a number' }],
  ]
  for (const [formula, a, b, answer] of rows)
    test(`${formula} with ${a} and ${b} is ${answer.value ?? answer.kind}`, () =>
      assert.deepEqual(ours({ formula, values: { a, b } }), answer))

  test('a value that is not handed over is nil too', () => {
    assert.deepEqual(run('a ?? 7', new Map()), { kind: 'value', value: 7 })
  })
})

describe('a formula is refused', () => {
  const rows: [formula: string, problem: string][] = [
    ['a > 1', 'formula does not give a number: float is not defined on bool'],
    ['true', 'formula does not give a number: float is not defined on bool'],
    ['"x"', 'formula cannot be evaluated with every trigger at -1: float("x") is not a number'],
    ['a % 2', 'formula at character 3: float % int is not defined'],
    ['a ? 1 : 2', 'formula at character 1: a condition must be a bool, not float'],
    ['a and b', 'formula at character 3: float and float is not defined'],
    ['1 + c', 'formula at character 5: unknown name c; the named triggers are a, b'],
    ['avg([a, b])', 'formula at character 1: unknown name avg; the named triggers are a, b'],
    ['trig-x + 1', 'formula at character 1: unknown name trig; the named triggers are a, b'],
    ['now() + 1', 'formula at character 1: the function now is not supported'],
    ['a + ', 'formula ends too early'],
    ['(a', 'formula ends too early'],
    ['a b', 'formula at character 3: b is not expected here'],
    ['a @ b', 'formula at character 3: @ means nothing here'],
    ['a + "b', 'formula at character 5: a string has no end'],
    [
      'a ?? b + 1',
      'formula at character 8: + and ?? cannot be mixed; wrap one of them in parentheses',
    ],
    ['max()', 'formula at character 1: max takes 1 or more arguments, not 0'],
    ['abs(a, b)', 'formula at character 1: abs takes 1 argument, not 2'],
    ['[a][3]', 'formula cannot be evaluated with every trigger at -1: an index is out of range'],
    ['# + 1', 'formula at character 1: # is not expected here'],
    ['let z = 1', 'formula ends too early'],
    ['(let a = 1; a)', 'formula at character 6: a means something already'],
    ['"a" matches "b" ? 1 : 2', 'formula at character 5: regular expressions are not supported'],
    ['{x: 1}', 'formula at character 1: maps are not supported'],
    ['', 'formula is empty'],
    ['  ', 'formula is empty'],
    [
      'constructor',
      'formula at character 1: unknown name constructor; the named triggers are a, b',
    ],
    ['a.constructor', 'formula at character 3: nothing here has a field constructor'],
  ]
  for (const [formula, problem] of rows)
    test(`where it reads ${formula || 'nothing'}`, () =>
      assert.deepEqual(ours({ formula, values: given }), { kind: 'refused', text: problem }))

  test('and a trigger of a function’s name is no function', () => {
    const { text } = ours({ formula: 'max(1)', values: { max: 1 } })
    assert.equal(text, "formula at character 1: max is a trigger's value, not a function")
  })

  test('but not because a number is too large with every trigger at -1', () => {
    const formula = 'int(1 / (a + 1))'
    assert.deepEqual(ours({ formula, values: { a: 0 } }), is(1))
    assert.equal(ours({ formula, values: { a: -1 } }).kind, 'failed')
  })
})

describe('what is no finite number is a failure:', () => {
  const rows: [formula: string, text: string][] = [
    ['a/0', 'formula gives Infinity, not a finite number'],
    ['0/0', 'formula gives NaN, not a finite number'],
    ['10.0 ** 400', 'formula gives Infinity, not a finite number'],
    ['9223372036854775807 + 1', 'formula makes an integer that 64 bits cannot hold'],
    ['float(a) > 1', 'formula gives bool, not a number'],
  ]
  for (const [formula, text] of rows)
    test(formula, () =>
      assert.deepEqual(ours({ formula, values: given }), { kind: 'failed', text }),
    )

  test('an infinite value in between is none', () => {
    assert.deepEqual(ours({ formula: 'a/0 > 5 ? 1 : 2', values: given }), is(1))
  })
})

describe('no formula holds the process:', () => {
  const deep = 5000
  const rows: [name: string, formula: string][] = [
    ['parentheses', `${'('.repeat(deep)}a${')'.repeat(deep)}`],
    ['brackets', `${'['.repeat(deep)}a${']'.repeat(deep)}`],
    ['signs', `${'-'.repeat(deep)}a`],
    ['a long sum', `a${'+a'.repeat(deep)}`],
    ['ternaries', `${'a>1?1:'.repeat(2000)}2`],
    ['powers', `a${'**a'.repeat(deep)}`],
    ['indices', `[a]${'[0]'.repeat(deep)}`],
    ['variables', `${Array.from({ length: 900 }, (_, i) => `let v${i}=a;`).join('')}a`],
    ['an endless source', 'a+'.repeat(1_000_000)],
    ['an endless number', '1'.repeat(16_000)],
    ['an endless range', 'sum(1..9223372036854775807)'],
    ['ranges in ranges', 'len(map(1..9999, sum(map(1..9999, #))))'],
    ['doubling strings', 'len(reduce(1..9999, #acc + #acc, "xx"))'],
    ['doubling arrays', 'len(reduce(1..9999, concat(#acc, #acc), [1]))'],
    [
      'arrays that hold themselves twice, 40 times over',
      'sum(map([reduce(1..40, [#acc, #acc], [a])], max(#)))',
    ],
    ['their equality', '(let x = reduce(1..40, [#acc, #acc], [a]); x == x ? 1 : 2)'],
    ['doubling integers', 'reduce(1..9999, #acc * #acc, 3)'],
    ['sorts of sorts', 'len(map(1..9999, sort(1..9999)))'],
    ['comments', '/*'.repeat(8000)],
    ['quotes', '"\\'.repeat(8000)],
  ]
  for (const [name, formula] of rows)
    test(name, { timeout: 5000 }, () => {
      const { kind } = ours({ formula, values: given })
      assert.ok(kind === 'refused' || kind === 'failed', kind)
    })

  test('a sum of a thousand terms is none of these', () => {
    const formula = `a${'+a'.repeat(990)}`
    assert.deepEqual(ours({ formula, values: given }), is(3 * 991))
  })
})

test('any text at all is refused, has a value or has none, and says which', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom('a', '(', ')', '[', ']', '#', '??', 'let', '{', '}', ';', 'map', '1', '"', '|'),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      const answer = ours({ formula: words.join(' '), values: given })
      assert.ok(['refused', 'failed', 'value', 'nil'].includes(answer.kind))
    }),
    { numRuns: 2000 },
  )
})

test('a formula gives the same for the same values, and never a number that is not finite', () => {
  fc.assert(
    fc.property(questions, (q) => {
      const answer = ours(q)
      assert.equal(difference(q, ours(q), answer), undefined)
      if (answer.kind === 'value') assert.ok(Number.isFinite(answer.value))
    }),
    { numRuns: 500 },
  )
})

function run(formula: string, values: ReadonlyMap<string, number | undefined>): Outcome {
  const compiled = compileFormula(formula, ['a'])
  assert.ok(!('problem' in compiled))
  return evaluate(compiled, values)
}
