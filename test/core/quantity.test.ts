import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import {
  formatMetric,
  formatMilli,
  formatReading,
  formatTarget,
  parseMilli,
  parseNano,
  parseQuantity,
  sameQuantity,
  toMilli,
} from '../../src/core/quantity.ts'

describe('parseQuantity', () => {
  const cases: [text: string, value: number | undefined][] = [
    ['0', 0],
    ['5', 5],
    ['+5', 5],
    ['-5', -5],
    ['5.', 5],
    ['.5', 0.5],
    ['0.1', 0.1],
    ['007', 7],
    ['100n', 1e-7],
    ['100u', 1e-4],
    ['1500m', 1.5],
    ['16.1', 16.1],
    ['2k', 2000],
    ['1.5M', 1_500_000],
    ['1G', 1e9],
    ['1T', 1e12],
    ['1P', 1e15],
    ['10E', 1e19],
    ['1Ki', 1024],
    ['1.5Mi', 1_572_864],
    ['1Gi', 2 ** 30],
    ['1Ti', 2 ** 40],
    ['1Pi', 2 ** 50],
    ['1Ei', 2 ** 60],
    ['12e6', 12e6],
    ['12E6', 12e6],
    ['2500e-3', 2.5],
    ['1e+3', 1000],
    ['', undefined],
    ['.', undefined],
    ['m', undefined],
    ['abc', undefined],
    ['1 k', undefined],
    ['1K', undefined],
    ['1ki', undefined],
    ['1e', undefined],
    ['1.2.3', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['1e999', undefined],
    ['1e99999999999', undefined],
    ['9'.repeat(200), undefined],
  ]
  for (const [text, value] of cases) {
    test(`reads ${JSON.stringify(text.slice(0, 20))} as ${value}`, () =>
      assert.equal(parseQuantity(text), value))
  }

  test('rounds what is smaller than a billionth away from zero, as the API server does', () => {
    assert.equal(parseNano('0.1n'), 1n)
    assert.equal(parseNano('-0.1n'), -1n)
    assert.equal(parseNano('1e-300'), 1n)
    assert.equal(parseNano('0e-300'), 0n)
  })

  test('reads back every number that JavaScript prints', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e15, noNaN: true }), (n) => {
        const back = parseQuantity(String(n))
        return back !== undefined && Math.abs(back - n) <= Math.max(1e-9, n * 1e-15)
      }),
    )
  })
})

describe('parseMilli', () => {
  const cases: [text: string, milli: number | undefined][] = [
    ['16.1', 16_100],
    ['1.0001', 1001],
    ['-1.0001', -1001],
    ['1n', 1],
    ['2k', 2_000_000],
    ['x', undefined],
  ]
  for (const [text, milli] of cases) {
    test(`takes ${text} for ${milli} thousandths`, () => assert.equal(parseMilli(text), milli))
  }
})

describe('sameQuantity', () => {
  const cases: [a: string, b: string, same: boolean][] = [
    ['2.500', '2500m', true],
    ['1k', '1e3', true],
    ['1Ki', '1024', true],
    ['0', '-0', true],
    ['1', '1m', false],
    ['1.000000001', '1', false],
    ['junk', 'junk', true],
    ['junk', 'other', false],
  ]
  for (const [a, b, same] of cases) {
    test(`${a} is ${same ? '' : 'not '}${b}`, () => assert.equal(sameQuantity(a, b), same))
  }
})

describe('formatReading', () => {
  for (const [metric, value, text] of [
    ['composite-metric', -1.5, '-1.500'],
    ['composite-metric', -0.0001, '0'],
    ['composite-metric', Number.NaN, '0'],
    ['composite-metric', Number.NEGATIVE_INFINITY, '0'],
    ['composite-metric', 7, '7'],
    ['s0-kafka', -1.5, '0'],
    ['s0-kafka', 1.5, '1.500'],
  ] as const)
    test(`writes ${value} of ${metric} as ${text}`, () =>
      assert.equal(formatReading({ metric, value }), text))
})

describe('formatMetric', () => {
  const cases: [value: number, text: string][] = [
    [0, '0'],
    [0.0004, '0'],
    [-3, '0'],
    [-0.5, '0'],
    [Number.NaN, '0'],
    [Number.POSITIVE_INFINITY, '0'],
    [Number.NEGATIVE_INFINITY, '0'],
    [0.0005, '1m'],
    [0.5, '500m'],
    [0.9999, '1'],
    [1, '1'],
    [5, '5'],
    [1000, '1k'],
    [2000, '2k'],
    [1_234_567, '1234567'],
    [1.5, '1.500'],
    [12.34, '12.340'],
    [1000.5, '1000.500'],
    [1500, '1500'],
    [1_500_000, '1500k'],
    [1e16, '10P'],
    [1e19, '10E'],
    [1e22, '10000E'],
    // exactly half-way in binary: to even, both ways
    [0.0625, '62m'],
    [0.1875, '188m'],
    [1.0625, '1.062'],
    [1.1875, '1.188'],
    [512_175_020_402_883.4375, '512175020402883.438'],
    [66_684_017_991_122.9375, '66684017991122.938'],
    // only nearly half-way: to the nearer
    [1.0005, '1'],
    [1.0015, '1.002'],
    [999_999_999_999_999.5, '999999999999999.500'],
    [1_000_000_000_000_000.5, '1000000000000000500m'],
  ]
  for (const [value, text] of cases) {
    test(`writes ${value} as ${text}`, () => assert.equal(formatMetric(value), text))
  }

  test('writes every value so that it reads back within half a thousandth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (value) => {
        const back = parseQuantity(formatMetric(value))
        return back !== undefined && Math.abs(back - value) <= 0.0005 + value * 1e-15
      }),
    )
  })

  test('is total and never writes a sign, an exponent or a word', () => {
    fc.assert(
      fc.property(fc.double(), (value) => /^\d+(\.\d{3})?[mkMGTPE]?$/.test(formatMetric(value))),
    )
  })

  test('keeps the order of values', () => {
    const value = fc.double({ min: 0, max: 1e15, noNaN: true })
    fc.assert(fc.property(value, value, (a, b) => a > b || toMilli(a) <= toMilli(b)))
  })
})

describe('formatMilli', () => {
  const cases: [milli: bigint, text: string][] = [
    [0n, '0'],
    [2500n, '2500m'],
    [2000n, '2'],
    [1_000_000n, '1k'],
    [-1500n, '-1500m'],
  ]
  for (const [milli, text] of cases) {
    test(`writes ${milli} thousandths as ${text}`, () => assert.equal(formatMilli(milli), text))
  }

  test('is the same number as its thousandths', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (n) =>
        sameQuantity(formatMilli(n), `${n}m`),
      ),
    )
  })
})

describe('formatTarget', () => {
  test('writes whole targets plainly and others with three decimals', () => {
    assert.equal(formatTarget(5, 'integer'), '5')
    assert.equal(formatTarget(1000, 'integer'), '1k')
    assert.equal(formatTarget(2.5, 'decimal'), '2.500')
    assert.equal(formatTarget(5, 'decimal'), '5')
    assert.equal(formatTarget(Number.NaN, 'decimal'), '0')
    assert.equal(formatTarget(-1, 'decimal'), '0')
  })
})
