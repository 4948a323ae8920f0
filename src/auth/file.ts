import { open, realpath } from 'node:fs/promises'
import { isAbsolute, join, sep } from 'node:path'
import { reasonOf } from '../errors.ts'
import type { Item, Read } from './store.ts'

/** The most a file of parameters may hold. */
const most = 1024 * 1024

/**
 * A file of parameters below the folder the controller allows (KEDA readAuthParamsFromFile): a JSON object of strings. The
 * path is relative and without `..`; a link may not lead out of the folder either.
 */
export const fileItem = (root: string | undefined, path: string): Item => ({
  key: `file/${path}`,
  lane: 'files',
  async read() {
    const what = `file ${path}`
    if (root === undefined)
      return wrong(`${what} cannot be read: the controller has no --filepath-auth-root-path`)
    if (path === '' || isAbsolute(path) || path.split(/[\\/]/).includes('..'))
      return wrong(`filePath must be relative to --filepath-auth-root-path and hold no ..`)
    try {
      const home = await realpath(root)
      const found = await realpath(join(home, path))
      if (!found.startsWith(home + sep))
        return wrong(`${what} is a link out of --filepath-auth-root-path`)
      return parsed(what, await content(found))
    } catch (error) {
      const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      return absent
        ? { problem: `${what} does not exist below --filepath-auth-root-path`, missing: true }
        : wrong(`${what} cannot be read: ${reasonOf(error)}`)
    }
  },
})

const wrong = (problem: string): Read => ({ problem, missing: false })

async function content(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new TypeError('it is no file')
    if (stat.size > most) throw new TypeError('it is larger than 1 MiB')
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** What JSON.parse says repeats what it read, so it is not repeated here. */
function parsed(what: string, text: string): Read {
  const form = `${what} must be a JSON object whose values are strings`
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    return wrong(form)
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return wrong(form)
  const data: Record<string, string> = {}
  for (const [key, value] of Object.entries(said)) {
    if (typeof value !== 'string') return wrong(form)
    data[key] = value
  }
  return { data }
}
