import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutLast } from '../../src/core/trim.ts'

test('takes the marks at the end away, and only those', () => {
  for (const [text, rest] of [
    ['/a//b//', '/a//b'],
    ['//', ''],
    ['', ''],
    ['a', 'a'],
  ] as const)
    assert.equal(withoutLast(text, '/'), rest)
})

test('is done at once with a million of them that do not end the text', { timeout: 5_000 }, () => {
  const text = `${'/'.repeat(1_000_000)}x`
  assert.equal(withoutLast(text, '/'), text)
})
