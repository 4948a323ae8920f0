import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readManifests } from '../../src/cli/manifests.ts'
import { isFailure } from '../../src/errors.ts'

const object = (name: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n`

describe('readManifests', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebb-manifests-'))
  })
  after(() => rm(folder, { recursive: true }))

  const file = async (text: string): Promise<string> => {
    const path = join(folder, 'given.yaml')
    await writeFile(path, text)
    return path
  }

  test('reads every document of every file with the line it begins at', async () => {
    const path = await file(`# first\n${object('a')}---\n${object('b')}---\n# nothing here\n`)
    const found = await readManifests([path, path])
    assert.deepEqual(
      found.map(({ object: { metadata }, where }) => `${metadata.name} ${where}`),
      [`a ${path}:2`, `b ${path}:7`, `a ${path}:2`, `b ${path}:7`],
    )
  })

  test('takes a List apart', async () => {
    const items = ['a', 'b'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
    }))
    const path = await file(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    assert.equal((await readManifests([path])).length, 2)
  })

  const bad: readonly [name: string, text: string, problems: readonly string[]][] = [
    ['a tab', 'a: 1\n\tb: 2\n', [':2: ']],
    ['a list', '- a\n', [':1: this is no Kubernetes object']],
    ['missing fields', 'kind: Secret\n', [':1: apiVersion is missing', ':1: metadata is missing']],
    ['every document', `a: 1\n---\nb: 1\n`, [':1: ', ':3: ']],
    [
      'aliases that explode',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]\n`,
      [':1: '],
    ],
    ['nothing at all', '# empty\n', ['no object in it']],
  ]
  for (const [name, text, problems] of bad) {
    test(`names file and line of ${name}`, async () => {
      const path = await file(text)
      await assert.rejects(readManifests([path]), (error) => {
        assert.ok(isFailure(error, 'MANIFEST_INVALID'))
        for (const problem of problems) assert.ok(error.message.includes(problem), error.message)
        assert.ok(error.message.split('\n').every((line) => line.startsWith(path)))
        return true
      })
    })
  }

  test('says plainly that a file is not there', async () => {
    await assert.rejects(
      readManifests([join(folder, 'nothing.yaml')]),
      /nothing\.yaml: there is no such file/,
    )
  })
})
