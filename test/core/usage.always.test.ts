import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { UsagePod, UsageTarget } from '../../src/core/usage.ts'
import { counted, minute, notReady, starting, type Row } from './usage.rows.ts'

const share = fc.integer({ min: 0, max: 400 })
const anyRow: fc.Arbitrary<Row> = fc.record({
  uses: fc.option(share, { nil: undefined, freq: 4 }),
  asks: fc.constantFrom(50, 100, 200),
  pod: fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    fc.constantFrom<Partial<UsagePod>>(
      { phase: 'Pending' },
      { phase: 'Failed' },
      { leaving: true },
      starting(minute, notReady(minute)),
      { readiness: undefined },
    ),
  ),
})
const anyRows = fc.array(anyRow, { maxLength: 8 })
const anyTarget: fc.Arbitrary<UsageTarget> = fc
  .record({
    resource: fc.constantFrom('cpu' as const, 'memory' as const),
    amount: fc.integer({ min: 1, max: 300 }),
    share: fc.boolean(),
  })
  .map(({ resource, amount, share: isShare }) => ({
    resource,
    container: undefined,
    target: isShare
      ? { type: 'Utilization', percent: amount }
      : { type: 'AverageValue', milli: amount },
  }))
const current = fc.integer({ min: 1, max: 20 })

describe('usage, always', () => {
  test('a count is whole and not negative', () =>
    fc.assert(
      fc.property(anyTarget, anyRows, current, (wanted, rows, n) => {
        const count = counted(wanted, rows, n)
        return typeof count === 'string' || (Number.isInteger(count) && count >= 0)
      }),
    ))

  // with fewer pods than replicas, as while they are made, an HPA that leaves its tolerance may fall
  test('more usage never means fewer replicas where each has its pod', () =>
    fc.assert(
      fc.property(anyTarget, anyRows, share, (wanted, rows, more) => {
        const grown = rows.map((row) =>
          row.uses === undefined ? row : { ...row, uses: row.uses + more },
        )
        const isIgnored = ({ pod }: Row): boolean =>
          pod?.leaving === true || pod?.phase === 'Failed'
        const n = rows.filter((row) => !isIgnored(row)).length
        const before = counted(wanted, rows, n)
        const after = counted(wanted, grown, n)
        return typeof before === 'string' || typeof after === 'string' || after >= before
      }),
      { numRuns: 2_000 },
    ))

  test('the order of the pods does not matter', () =>
    fc.assert(
      fc.property(anyTarget, anyRows, current, (wanted, rows, n) => {
        const named = rows.map((row, i) => ({ ...row, name: `p${i}` }))
        assert.deepEqual(counted(wanted, named.toReversed(), n), counted(wanted, named, n))
      }),
    ))
})
