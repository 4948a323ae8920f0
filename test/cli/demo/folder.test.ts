import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { findDemo, openFolder } from '../../../src/cli/demo/folder.ts'
import { isFailure } from '../../../src/errors.ts'

const found = { page: 'http://127.0.0.1:8080/', connection: 'c', queue: 'orders' }

describe("a demo's folder", () => {
  let base = ''
  let env: NodeJS.ProcessEnv = {}
  const home = (): string => join(base, `ebb-demo-${userInfo().uid}`)
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'ebb-folder-'))
    env = { XDG_RUNTIME_DIR: base }
  })
  afterEach(() => rm(base, { recursive: true }))

  const absent = (error: unknown): boolean => isFailure(error, 'DEMO_ABSENT')

  test('is found once the demo announced itself, and gone without a trace afterwards', async () => {
    const folder = await openFolder(env)
    await assert.rejects(findDemo(env), absent)
    await folder.announce(found)
    assert.deepEqual(await findDemo(env), { pid: process.pid, ...found })
    await folder.remove()
    await assert.rejects(findDemo(env), absent)
    assert.deepEqual(await readdir(base), [])
  })

  test('nobody else may read it', async () => {
    const folder = await openFolder(env)
    await folder.announce(found)
    const modes = await Promise.all(
      [home(), folder.path, join(folder.path, 'demo.json')].map((path) => stat(path)),
    )
    assert.deepEqual(
      modes.map(({ mode }) => mode & 0o077),
      [0, 0, 0],
    )
  })

  test('a folder others may write to is not trusted', async () => {
    await mkdir(home())
    await chmod(home(), 0o777)
    await assert.rejects(openFolder(env), /belongs to somebody else/)
  })

  test('what a killed demo left is removed', async () => {
    const dead = join(home(), '4194304')
    await mkdir(dead, { recursive: true, mode: 0o700 })
    await writeFile(join(dead, 'demo.json'), JSON.stringify({ pid: 4_194_304, ...found }))
    await assert.rejects(findDemo(env), absent)
    assert.deepEqual(await readdir(home()), [])
  })

  test('a damaged announcement is named', async () => {
    const folder = await openFolder(env)
    await writeFile(join(folder.path, 'demo.json'), '{')
    await assert.rejects(findDemo(env), /demo\.json: it is damaged/)
    await folder.remove()
  })
})
