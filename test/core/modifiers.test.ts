import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  compositeTarget,
  decimal,
  modifiersOf,
  usesModifiers,
  variablesOf,
  type ModifiersSpec,
} from '../../src/core/modifiers.ts'

const triggers = [
  { type: 'prometheus', name: 'a' },
  { type: 'kafka', name: 'b' },
  { type: 'cpu', name: 'c' },
  { type: 'azure-queue' },
]
const spec = { formula: 'a + b', target: '2' }

test('any field that is not empty uses modifiers (1.11)', () => {
  const rows: [ModifiersSpec | undefined, boolean][] = [
    [undefined, false],
    [{}, false],
    [{ formula: '', target: '', activationTarget: '', metricType: '' }, false],
    [{ formula: 'a' }, true],
    [{ target: '1' }, true],
    [{ activationTarget: '1' }, true],
    [{ metricType: 'Value' }, true],
  ]
  for (const [given, uses] of rows) assert.equal(usesModifiers(given), uses)
})

test('the formula may use the named triggers, cpu and memory left out', () => {
  assert.deepEqual(variablesOf(triggers), ['a', 'b'])
})

test('modifiers have their defaults', () => {
  const { formula, ...rest } = assertValid({})
  assert.equal(formula.text, 'a + b')
  assert.deepEqual(rest, { target: 2, activationTarget: 0, metricType: 'AverageValue' })
})

test('modifiers have what they say', () => {
  const { formula: _, ...rest } = assertValid({
    target: '2.5',
    activationTarget: '-1e1',
    metricType: 'Value',
  })
  assert.deepEqual(rest, { target: 2.5, activationTarget: -10, metricType: 'Value' })
})

test('no modifiers are none', () => assert.equal(modifiersOf({}, triggers), undefined))

describe('modifiers are refused (2.6, ops 9.3)', () => {
  const rows: [name: string, difference: ModifiersSpec, problems: readonly RegExp[]][] = [
    ['without a formula', { formula: '' }, [/formula is empty/]],
    ['without a target', { target: '' }, [/target must be a number/]],
    ['with a target of 0', { target: '0' }, [/target must be a number/]],
    ['with a target that thousandths cannot hold', { target: '0.0009' }, [/at least 0.001/]],
    ['with a target that is no number', { target: '2x' }, [/target must be a number/]],
    ['with an infinite target', { target: 'Inf' }, [/target must be a number/]],
    ['with an activationTarget that is no number', { activationTarget: 'low' }, [/activationT/]],
    ['with metricType Utilization', { metricType: 'Utilization' }, [/AverageValue or Value/]],
    ['with a formula that does not compile', { formula: 'a +' }, [/formula ends too early/]],
    ['with a formula over cpu', { formula: 'c + 1' }, [/unknown name c/]],
    ['with a formula over the unnamed', { formula: 'd + 1' }, [/unknown name d/]],
    [
      'for all reasons at once',
      { formula: 'a > 1', target: '-1', activationTarget: 'x', metricType: 'y' },
      [/does not give a number/, /: target/, /activationTarget/, /metricType/],
    ],
  ]
  for (const [name, difference, problems] of rows)
    test(name, () => {
      const result = modifiersOf({ ...spec, ...difference }, triggers)
      assert.ok(result !== undefined && 'problems' in result)
      assert.equal(result.problems.length, problems.length)
      for (const [i, problem] of problems.entries()) assert.match(result.problems[i] ?? '', problem)
    })
})

test('the target in the HPA is cut to thousandths', () => {
  const rows: [string, string][] = [
    ['2', '2'],
    ['2.5', '2500m'],
    ['2.0009', '2'],
    ['1500', '1500'],
    ['1000', '1k'],
  ]
  for (const [target, quantity] of rows)
    assert.equal(compositeTarget(assertValid({ target })), quantity)
})

test('decimal numbers are those of Go, without words and hexadecimals', () => {
  const rows: [string | undefined, number | undefined][] = [
    ['2', 2],
    ['-.5', -0.5],
    ['1.', 1],
    ['1e3', 1000],
    [' 2', undefined],
    ['', undefined],
    ['0x10', undefined],
    ['NaN', undefined],
    ['1e999', undefined],
    [undefined, undefined],
  ]
  for (const [text, value] of rows) assert.equal(decimal(text), value)
})

function assertValid(difference: ModifiersSpec) {
  const result = modifiersOf({ ...spec, ...difference }, triggers)
  assert.ok(result !== undefined && !('problems' in result))
  return result
}
