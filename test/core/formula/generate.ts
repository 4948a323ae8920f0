import * as fc from 'fast-check'
import type { Question } from './ask.ts'

const pick = fc.constantFrom
const text = (strings: TemplateStringsArray, ...parts: fc.Arbitrary<string>[]) =>
  fc.tuple(...parts).map((values) => String.raw({ raw: strings }, ...values))

const { number } = fc.letrec<Record<'number' | 'condition' | 'array' | 'test' | 'inside', string>>(
  (tie) => ({
    number: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      pick(
        'a',
        'b',
        'c',
        'last([a, b])',
        '0',
        '1',
        '2',
        '3',
        '0.5',
        '2.5',
        '1e2',
        'int(a)',
        'int(2.7)',
      ),
      text`${tie('number')} ${pick('+', '-', '*', '/', '**', '^')} ${tie('number')}`,
      text`int(${tie('number')}) % ${pick('2', '3', 'int(b)', 'b')}`,
      text`(${tie('number')})`,
      text`-${tie('number')}`,
      text`(${tie('number')} ?? ${tie('number')})`,
      text`${tie('number')} ?? ${tie('number')}`,
      text`(${tie('condition')} ? ${tie('number')} : ${tie('number')})`,
      text`${tie('condition')} ? ${tie('number')} : ${tie('number')}`,
      text`${pick('abs', 'ceil', 'floor', 'round', 'int', 'float')}(${tie('number')})`,
      text`${pick('min', 'max', 'mean', 'median')}(${tie('number')}, ${tie('number')})`,
      text`${pick('min', 'max', 'mean', 'median', 'sum', 'len', 'first')}(${tie('array')})`,
      text`sum(${tie('array')}, ${tie('inside')})`,
      text`${pick('count', 'find', 'findIndex')}(${tie('array')}, ${tie('test')})`,
      text`reduce(${tie('array')}, ${pick('#acc + #', '#acc * 2 + #index')}, ${tie('number')})`,
      text`reduce(${tie('array')}, ${pick('#acc - #', '#index')})`,
      text`${tie('array')} | ${pick('sum', 'len', 'max', 'median')}()`,
      text`${tie('array')}[${pick('0', '1', '-1', 'int(b)', '5')}]`,
      text`(let x = ${tie('number')}; x * ${tie('number')} + x)`,
      text`if ${tie('condition')} { ${tie('number')} } else { ${tie('number')} }`,
    ),
    condition: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      pick('a > 1', 'b == nil', 'c != a'),
      text`${tie('number')} ${pick('<', '>', '<=', '>=')} ${tie('number')}`,
      text`${tie('number')} ${pick('==', '!=')} a`,
      text`(${tie('condition')} ${pick('&&', '||', 'and', 'or', '==')} ${tie('condition')})`,
      text`${pick('!', 'not ')}(${tie('condition')})`,
      text`${tie('number')} ${pick('in', 'not in')} ${tie('array')}`,
      text`${pick('any', 'all', 'none', 'one')}(${tie('array')}, ${tie('test')})`,
      text`${tie('number')} < ${tie('number')} <= ${tie('number')}`,
    ),
    array: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      pick('[a, b]', '[a, b, c]', '[]', '[1, 2, 3]', '[0.1, a, 0.2]', '1..3', '[a]'),
      text`[${tie('number')}, ${tie('number')}]`,
      text`concat(filter(${tie('array')}, ${tie('test')}))`,
      text`${pick('map', 'sortBy')}(${tie('array')}, ${tie('inside')})`,
      text`${pick('sort', 'reverse')}(${tie('array')})`,
      text`concat(${tie('array')}, ${tie('array')})`,
      text`take(${tie('array')}, ${pick('0', '1', '9')})`,
      text`${tie('array')}[${pick('1:', ':1', '1:2', ':')}]`,
      text`${tie('number')}..${tie('number')}`,
    ),
    test: fc.oneof(
      pick('# > 1', '{# > 1}', '{ # <= b }'),
      text`# ${pick('>', '==')} ${tie('number')}`,
    ),
    inside: fc.oneof(
      pick('# * 2', '#', '# ?? 1', '#index', '{let y = #; y + a}'),
      tie('test'),
      tie('condition'),
      text`# ${pick('+', '-', '*')} ${tie('number')}`,
    ),
  }),
)

const amount = pick(-3, -1, 0, 0.5, 1, 2, 3, 4.5, 7, 100, 1_234_567.891, null)
const values = fc.record({ a: amount, b: amount, c: amount })

/**
 * Formulas as one might write them, most of them without an error. Left out is where the real evaluator has defects or
 * depends on what it has optimized: findLast inside an expression, conditions known in advance, elements of a
 * filter that are never asked for.
 */
export const questions: fc.Arbitrary<Question> = fc.record({ formula: number, values })

const noise = ['(', ')', '[', ']', '{', '}', ',', ';', '?', ':', '#', '|', '..', '??', 'not', 'in']

/** The same with a token lost, doubled or out of place: both must refuse the same. */
export const damaged: fc.Arbitrary<Question> = fc
  .tuple(questions, fc.nat(), fc.nat(), pick('lose', 'double', 'add'))
  .map(([{ formula, values }, where, what, how]) => {
    const tokens = formula.match(/[\w.]+|\?\?|\*\*|[<>=!]=|&&|\|\||\S/g) ?? []
    const i = where % (tokens.length + 1)
    const kept = how === 'lose' ? tokens.toSpliced(i, 1) : tokens
    const added = how === 'double' ? tokens.slice(i, i + 1) : [noise[what % noise.length] ?? ',']
    const all = how === 'lose' ? kept : kept.toSpliced(i, 0, ...added)
    return { formula: all.join(' '), values }
  })
