import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { queryKey, sourceKey } from '../../src/poll/key.ts'
import { manualClock } from '../support/clock.ts'
import { digestKey, memoryScaler } from './support.ts'

const { scaler } = memoryScaler(manualClock())
const base = { endpoint: 'https://a', password: 'hunter2', threshold: '1' }
const key = sourceKey(scaler, base, digestKey)

describe('the key of a source', () => {
  const cases: [name: string, difference: object, same: boolean][] = [
    ['does not depend on fields that are no part of the connection', { threshold: '2' }, true],
    ['differs by endpoint', { endpoint: 'https://b' }, false],
    ['differs by secret: answers never cross identities', { password: 'hunter3' }, false],
    ['tells an absent secret from an empty one', { password: undefined }, false],
  ]
  for (const [name, difference, same] of cases) {
    test(name, () => {
      assert.equal(sourceKey(scaler, { ...base, ...difference }, digestKey) === key, same)
    })
  }

  test('differs by scaler', () => {
    const other = memoryScaler(manualClock(), { type: 'other' })
    assert.notEqual(sourceKey(other.scaler, base, digestKey), key)
  })

  test('shows nothing of the secret, not even to one who tries all secrets without the digest key', () => {
    assert.ok(!key.includes('hunter2'))
    assert.notEqual(sourceKey(scaler, base, new Uint8Array(32)), key)
  })
})

describe('the key of a query', () => {
  const content = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.array(fc.string()))
  const query = fc.dictionary(fc.string(), content)

  test('does not depend on the order of its parts, nor on parts that are undefined', () => {
    fc.assert(
      fc.property(query, (q) => {
        const turned = Object.fromEntries(Object.entries(q).toReversed())
        assert.equal(queryKey(turned), queryKey(q))
        assert.equal(queryKey({ ...q, '\u0000absent': undefined }), queryKey(q))
      }),
    )
  })

  test('differs where the content differs', () => {
    const different: Record<string, string | number | boolean | readonly string[]>[] = [
      { a: '1' },
      { a: 1 },
      { a: true },
      { a: ['1'] },
      { a: ['1', '2'] },
      { a: ['1,2'] },
      { b: '1' },
      { a: '1', b: '' },
      {},
    ]
    assert.equal(new Set(different.map(queryKey)).size, different.length)
  })
})
