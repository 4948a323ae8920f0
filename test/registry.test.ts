import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { isFailure } from '../src/errors.ts'
import { load, types } from '../src/registry.ts'

test('every folder of scalers but the shared one is registered, under its own name, in order', async () => {
  const folders = readdirSync(new URL('../scalers', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
    .map(({ name }) => name)
  assert.deepEqual(types, folders.sort())
  for (const type of types) assert.equal((await load(type)).type, type)
})

test('an unknown type says which there are', async () => {
  await assert.rejects(load('azure-quue'), (error) => {
    assert.ok(isFailure(error, 'TRIGGER_UNKNOWN'))
    assert.match(error.message, /"azure-quue".*azure-queue, cron, .*prometheus/)
    return true
  })
})
