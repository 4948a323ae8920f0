import * as fc from 'fast-check'
import type { Question } from './ask.ts'

const pick = fc.constantFrom
const text = (strings: TemplateStringsArray, ...parts: fc.Arbitrary<string>[]) =>
  fc.tuple(...parts).map((values) => String.raw({ raw: strings }, ...values))

/** Formulas by type: whole numbers, numbers, conditions, lists of numbers; `inner` stands inside a predicate, where `#` is a number. */
type Parts = 'whole' | 'number' | 'condition' | 'list' | 'inner' | 'test'
const names = ['a', 'b', 'c', 'queue_length', '$lag']
const { number } = fc.letrec<Record<Parts, string>>((tie) => ({
  whole: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    pick('0', '1', '2', '3', '10', '1_000', '0xff'),
    text`int(${tie('number')})`,
    text`len(${tie('list')})`,
    text`count(${tie('list')}, ${tie('test')})`,
    text`(${tie('whole')} ${pick('+', '-', '*')} ${tie('whole')})`,
    text`(${tie('whole')} % ${pick('2', '3', '7', '(1 + 1)')})`,
    text`(${tie('condition')} ? ${tie('whole')} : ${tie('whole')})`,
    text`abs(${tie('whole')})`,
  ),
  number: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    { arbitrary: pick(...names), weight: 4 },
    pick('0.5', '1.5', '1e3', '.25', '100'),
    tie('whole'),
    text`(${tie('number')} ${pick('+', '-', '*', '/')} ${tie('number')})`,
    text`(${tie('number')} ${pick('**', '^')} ${pick('2', '0.5', '0', '-1', '3')})`,
    text`(-${tie('number')})`,
    text`(${pick(...names)} ?? ${tie('number')})`,
    text`(${tie('condition')} ? ${tie('number')} : ${tie('number')})`,
    text`${pick('abs', 'ceil', 'floor', 'round', 'float')}(${tie('number')})`,
    text`${pick('min', 'max', 'sum', 'mean', 'median', 'first', 'last')}([${tie('number')}, ${tie('number')}])`,
    text`${pick('min', 'max', 'mean', 'median')}(${tie('number')}, ${tie('number')}, ${tie('number')})`,
    text`${pick('sum', 'mean', 'median')}(${tie('list')})`,
    text`sum(${tie('list')}, ${tie('inner')})`,
    text`reduce(${tie('list')}, ${pick('#acc + #', '#acc * 2 - #', '#acc > # ? #acc : #')}, ${tie('number')})`,
    text`(let x = ${tie('number')}; x * 2 + ${pick('x', 'a', '1')})`,
    text`(let list = ${tie('list')}; sum(list) - len(list))`,
    text`(${tie('list')} | filter(${tie('test')}) | sum())`,
    text`([${tie('number')}, ${tie('number')}][${pick('0', '1', '-1')}])`,
  ),
  condition: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    text`(${tie('number')} ${pick('<', '>', '<=', '>=', '==', '!=')} ${tie('number')})`,
    text`(${tie('condition')} ${pick('&&', '||', 'and', 'or')} ${tie('condition')})`,
    text`(${pick('!', 'not ')}${tie('condition')})`,
    text`(${pick(...names)} ${pick('==', '!=')} nil)`,
    text`(${tie('number')} ${pick('in', 'not in')} ${tie('list')})`,
    text`${pick('any', 'all', 'none', 'one')}(${tie('list')}, ${tie('test')})`,
  ),
  list: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    text`[${tie('number')}]`,
    text`[${tie('number')}, ${tie('number')}, ${tie('number')}]`,
    pick('[a, b, c]', '[a, b, c, queue_length, $lag]', '1..4'),
    text`map(${tie('list')}, ${tie('inner')})`,
    text`filter(${tie('list')}, ${tie('test')})`,
    text`${pick('sort', 'reverse')}(${tie('list')})`,
    text`concat(${tie('list')}, ${tie('list')})`,
    text`take(${tie('list')}, ${pick('0', '1', '2')})`,
    text`(${tie('list')})[${pick('1:', ':1', '0:2')}]`,
  ),
  inner: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    pick('#', '# * 2', '# + a', '# - #index', 'abs(#)', '# ?? 1'),
    text`# + ${tie('number')}`,
    text`(${tie('test')} ? # : ${tie('number')})`,
  ),
  test: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    pick('# > 1', '{# > 1}', '# != a', '#index > 0', '# in [1, 2]', '# == nil'),
    text`# ${pick('<', '>=')} ${tie('number')}`,
    text`(# > 0 && ${tie('condition')})`,
  ),
}))

const amount = fc.oneof(
  { arbitrary: pick(-3, -1, 0, 0.5, 1, 2, 3, 4.5, 7, 100, 1_234_567.891), weight: 12 },
  // JSON, by which the real one is asked, has no -0
  { arbitrary: fc.double({ min: -1e6, max: 1e9, noNaN: true }).map((n) => n + 0), weight: 6 },
  { arbitrary: fc.constant(null), weight: 1 },
)

/** Formulas that hold together by their types, so that most of them have a value. */
export const careful: fc.Arbitrary<Question> = fc.record({
  formula: number,
  values: fc.record({ a: amount, b: amount, c: amount, queue_length: amount, $lag: amount }),
})
