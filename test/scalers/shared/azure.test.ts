import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { cloudOf, storageSuffix } from '../../../scalers/shared/azure.ts'
import { isFailure } from '../../../src/errors.ts'

test('clouds are known by all names of KEDA, in any case, and by no others', () => {
  const rows = [
    ['AzurePublicCloud', 'public'],
    ['azurecloud', 'public'],
    ['AZUREUSGOVERNMENTCLOUD', 'usgov'],
    ['AzureUSGovernment', 'usgov'],
    ['AzureChinaCloud', 'china'],
    ['AzureGermanCloud', 'german'],
    ['AzureStackCloud', 'stack'],
    ['private', 'private'],
    ['', undefined],
    ['constructor', undefined],
  ] as const
  for (const [name, expected] of rows) assert.equal(cloudOf(name), expected)
})

describe('the suffix of Azure Stack comes from the file of its operator', () => {
  const variable = 'AZURE_ENVIRONMENT_FILEPATH'
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebb-azure-'))
  })
  after(() => rm(folder, { recursive: true }))

  const told = async (text: string | undefined): Promise<string> => {
    const path = join(folder, 'environment.json')
    if (text === undefined) delete process.env[variable]
    else {
      await writeFile(path, text)
      process.env[variable] = path
    }
    return storageSuffix('stack')
  }

  test('where it names one', async () =>
    assert.equal(
      await told('{"storageEndpointSuffix":"core.stack.example"}'),
      'core.stack.example',
    ))

  const rows: readonly (readonly [name: string, text: string | undefined, why: RegExp])[] = [
    ['no file', undefined, /the variable is not set/],
    ['not JSON', 'x', /JSON/],
    ['no suffix', '{}', /it has no storageEndpointSuffix/],
    ['an empty suffix', '{"storageEndpointSuffix":""}', /it has no storageEndpointSuffix/],
  ]
  for (const [name, text, why] of rows) {
    test(`and says what is wrong: ${name}`, () =>
      assert.rejects(told(text), (error) => {
        assert.ok(isFailure(error, 'METADATA_INVALID'))
        assert.match(error.message, why)
        return true
      }))
  }
})
