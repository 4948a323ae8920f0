import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stale } from '../../tools/docs.ts'

test('no generated page is stale', async () => {
  assert.deepEqual(await stale(), [], 'run: npm run docs')
})
