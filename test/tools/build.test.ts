import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { build } from '../../tools/build.ts'

describe('the build', () => {
  let out = ''
  before(async () => {
    out = await mkdtemp(join(tmpdir(), 'ebb-build-'))
    await build(out)
  })
  after(() => rm(out, { recursive: true }))

  /** The file with all that it imports at once. */
  const loadedBy = async (
    file: string,
    loaded: Set<string> = new Set(),
  ): Promise<ReadonlySet<string>> => {
    if (file === '' || loaded.has(file)) return loaded
    loaded.add(file)
    const text = await readFile(join(out, file), 'utf8')
    for (const [, next] of text.matchAll(/(?:from|^import) ?["']\.\/([^"']+)["']/gm))
      await loadedBy(next ?? '', loaded)
    return loaded
  }

  test('makes a program that runs by itself', () => {
    const run = spawnSync(join(out, 'ebb.js'), ['--version'], { encoding: 'utf8' })
    assert.deepEqual([run.status, run.stderr], [0, ''])
  })

  test('the entry imports nothing of Ebb before it has looked at the version of Node', async () => {
    const entry = await readFile(join(out, 'ebb.js'), 'utf8')
    const imported = [...entry.matchAll(/^import .* from ["'](.*)["'];?$/gm)].map(
      ([, from]) => from,
    )
    assert.deepEqual(
      imported.filter((from) => !from?.startsWith('node:')),
      [],
    )
  })

  test('what is not needed to start is loaded later: scalers, the cluster client, the demo', async () => {
    const files = await readdir(out)
    const loaded = await loadedBy(files.find((file) => file.startsWith('program-')) ?? '')
    for (const file of loaded) {
      const text = await readFile(join(out, file), 'utf8')
      for (const heavy of ['QueueServiceClient', 'KubeConfig', 'FST_ERR_', 'createEmbedded']) {
        assert.ok(!text.includes(heavy), `${heavy} is loaded at the start, in ${file}`)
      }
    }
  })

  test('the Azure SDK is loaded by what uses it alone, not by the controller', async () => {
    const files = await readdir(out)
    const loaded = await loadedBy(files.find((file) => /^ebb-.*\.js$/.test(file)) ?? '')
    assert.ok(loaded.size > 1)
    for (const file of loaded) {
      const text = await readFile(join(out, file), 'utf8')
      for (const heavy of ['WorkloadIdentityCredential', 'getSecret(', 'QueueServiceClient'])
        assert.ok(!text.includes(heavy), `${heavy} is loaded by the controller, in ${file}`)
    }
  })

  test('the page is complete and asks nobody else for anything', async () => {
    const page = join(out, 'page')
    assert.deepEqual((await readdir(page)).sort(), ['app.css', 'app.js', 'icon.svg', 'index.html'])
    for (const file of ['index.html', 'app.css']) {
      assert.doesNotMatch(await readFile(join(page, file), 'utf8'), /https?:|@import/, file)
    }
  })

  test('a second build writes nothing, and removes what no build makes', async () => {
    const entry = join(out, 'ebb.js')
    const before = (await stat(entry)).mtimeMs
    await writeFile(join(out, 'chunk-OLD.js'), '')
    await build(out)
    assert.equal((await stat(entry)).mtimeMs, before)
    assert.ok(!(await readdir(out)).includes('chunk-OLD.js'))
  })
})
