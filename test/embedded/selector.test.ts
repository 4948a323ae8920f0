import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fieldMatcher, labelMatcher, selectorText } from '../../src/embedded/selector.ts'

test('a selector that cannot be read is refused, not taken for everything', () => {
  for (const text of ['a b', 'a in x', '=a', 'a in (b', 'a=b=c', '!', 'a~b'])
    assert.throws(() => labelMatcher(text), { code: 'CLUSTER_INVALID' }, text)
  assert.throws(() => fieldMatcher('metadata.name'), { code: 'CLUSTER_INVALID' })
})

test('field selectors compare any member of an object', () => {
  const pod = { metadata: { name: 'a' }, spec: {}, status: { phase: 'Running' } }
  const rows = [
    ['metadata.name=a,status.phase==Running', true],
    ['metadata.name=a,status.phase!=Running', false],
    ['spec.nodeName=', true],
    ['spec.nodeName=n', false],
    ['', true],
  ] as const
  for (const [text, expected] of rows) assert.equal(fieldMatcher(text)(pod), expected, text)
})

test('a selector object reads as the text that selects the same', () => {
  const text = selectorText({
    matchLabels: { b: '2', a: '1' },
    matchExpressions: [
      { key: 'c', operator: 'In', values: ['y', 'x'] },
      { key: 'd', operator: 'NotIn', values: ['z'] },
      { key: 'e', operator: 'Exists' },
      { key: 'f', operator: 'DoesNotExist' },
    ],
  })
  assert.equal(text, '!f,a=1,b=2,c in (x,y),d notin (z),e')
  const matches = labelMatcher(text)
  assert.equal(matches({ a: '1', b: '2', c: 'x', e: '' }), true)
  assert.equal(matches({ a: '1', b: '2', c: 'x', e: '', d: 'z' }), false)
  assert.equal(selectorText(undefined), undefined)
})

test('labels always match the selector made of them', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  fc.assert(
    fc.property(fc.dictionary(word, word, { noNullPrototype: true }), (labels) => {
      assert.ok(labelMatcher(selectorText({ matchLabels: labels }))({ ...labels, more: 'x' }))
    }),
  )
})
