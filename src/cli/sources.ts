import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { type EbbError, failure, reasonOf } from '../errors.ts'

/** A file's text; `-` is called stdin. */
export interface Source {
  readonly file: string
  readonly text: string
}

/** What could be read, and why the rest could not. */
export interface Sources {
  readonly sources: readonly Source[]
  readonly unreadable: readonly EbbError[]
}

const longest = 4 * 1024 * 1024
const mostFiles = 5_000
const manifest = /\.(ya?ml|json)$/i
/** Where no manifests of the user's own are. */
const skipped = /^(\..+|node_modules)$/

/** Reads files, `-`, and every manifest below folders, in the order of their names. */
export async function readSources(paths: readonly string[]): Promise<Sources> {
  const sources: Source[] = []
  const unreadable: EbbError[] = []
  const attempt = async (work: () => Promise<void>, file: string): Promise<void> => {
    try {
      await work()
    } catch (error) {
      unreadable.push(failure('FILE_UNREADABLE', { file, why: whyOf(error) }, error))
    }
  }
  const take = (file: string): Promise<void> =>
    attempt(async () => {
      const text = await (file === '-' ? readAll(process.stdin) : readFile(file, 'utf8'))
      if (text.length > longest) throw new TypeError('it is larger than 4 MiB')
      if (text.includes('\0')) throw new TypeError('it is no text')
      sources.push({ file: file === '-' ? 'stdin' : file, text })
    }, file)
  for (const path of paths) {
    if (path === '-') await take(path)
    else
      await attempt(async () => {
        const files = (await stat(path)).isDirectory() ? await below(path) : [path]
        for (const file of files) await take(file)
      }, path)
  }
  return { sources, unreadable }
}

async function below(folder: string): Promise<readonly string[]> {
  const found: string[] = []
  const waiting = [folder]
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    const entries = await readdir(at, { withFileTypes: true })
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory() && !skipped.test(entry.name)) waiting.push(join(at, entry.name))
      if (entry.isFile() && manifest.test(entry.name)) found.push(join(at, entry.name))
    }
    if (found.length + waiting.length > mostFiles)
      throw new TypeError(`it holds more than ${mostFiles} files`)
  }
  return found.toSorted()
}

const codes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
}

const whyOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return Object.hasOwn(codes, code) ? (codes[code] ?? code) : reasonOf(error)
}
