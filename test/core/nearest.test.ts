import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearest } from '../../src/core/nearest.ts'

const words = ['queueLength', 'queueName', 'connection', 'accountName', 'cloud', 'rate']
const rows: readonly (readonly [text: string, meant: string | undefined])[] = [
  ['queueLenght', 'queueLength'],
  ['queuelength', 'queueLength'],
  ['QUEUENAME', 'queueName'],
  ['conection', 'connection'],
  ['clod', 'cloud'],
  ['ratee', 'rate'],
  ['r', undefined],
  ['', undefined],
  ['somethingElse', undefined],
  ['x'.repeat(1_000_000), undefined],
]

void describe('nearest', () => {
  for (const [text, meant] of rows)
    void it(`takes ${text.slice(0, 20)} for ${meant}`, () =>
      assert.equal(nearest(text, words), meant))
  void it('looks at no word that is too long, and takes none of none', () => {
    assert.equal(nearest('a', ['a'.repeat(100_000)]), undefined)
    assert.equal(nearest('a', []), undefined)
  })
})
