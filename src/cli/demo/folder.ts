import { lstat, mkdir, readFile, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { failure } from '../../errors.ts'

/** How `ebb demo send` and `ebb explain --demo` reach a running demo. */
export interface DemoAddress {
  readonly pid: number
  readonly page: string
  /** Connection string of the demo's queue service; its key is made anew for each demo. */
  readonly connection: string
  readonly queue: string
}

const address = z.object({
  pid: z.int().positive(),
  page: z.url(),
  connection: z.string(),
  queue: z.string(),
})

/** One running demo's own folder, which nobody but this user may read; `remove` leaves no trace of it. */
export interface DemoFolder {
  readonly path: string
  announce(found: Omit<DemoAddress, 'pid'>): Promise<void>
  remove(): Promise<void>
}

/** Where demos of this user keep their folders, one per process. */
const homeOf = (env: NodeJS.ProcessEnv): string =>
  join(env['XDG_RUNTIME_DIR'] ?? tmpdir(), `ebb-demo-${userInfo().uid}`)

/** In a folder all may write to, another user could have put this name there first. */
async function mustBeMine(path: string): Promise<void> {
  const found = await lstat(path)
  const mine = found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0
  if (!mine) throw failure('FILE_UNREADABLE', { file: path, why: 'it belongs to somebody else' })
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Whether the process is still there; one of another user counts as gone, since its demo is not ours. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    // ESRCH or EPERM
    return false
  }
}

/** The demos of this user that are running, the newest last; folders of dead ones are removed. */
async function sweep(home: string): Promise<readonly number[]> {
  const names = await readdir(home).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0)
  const dead = pids.filter((pid) => !isAlive(pid))
  await Promise.all(
    dead.map((pid) => rm(join(home, String(pid)), { recursive: true, force: true })),
  )
  return pids.filter(isAlive)
}

/** Makes the folder of the demo that runs in this process. */
export async function openFolder(env: NodeJS.ProcessEnv): Promise<DemoFolder> {
  const home = homeOf(env)
  await mkdir(home, { recursive: true, mode: 0o700 })
  await mustBeMine(home)
  await sweep(home)
  const path = join(home, String(process.pid))
  await mkdir(path, { mode: 0o700 })
  return {
    path,
    async announce(found) {
      const text = JSON.stringify({ pid: process.pid, ...found } satisfies DemoAddress)
      // renamed into place, so that a reader never sees half of it
      await writeFile(join(path, '.demo.json'), text, { mode: 0o600 })
      await rename(join(path, '.demo.json'), join(path, 'demo.json'))
    },
    async remove() {
      await rm(path, { recursive: true, force: true })
      await rmdir(home).catch((error: NodeJS.ErrnoException) => {
        // another demo is running, or has removed it first
        if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
      })
    },
  }
}

async function readAddress(file: string): Promise<{ found: DemoAddress; at: number } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), lstat(file)])
    return { found: address.parse(JSON.parse(text)), at: mtimeMs }
  } catch (error) {
    // a demo that is still starting has not announced itself yet
    if (isMissing(error)) return undefined
    throw failure('FILE_UNREADABLE', { file, why: 'it is damaged' }, error)
  }
}

/** The demo of this user that announced itself last; fails with DEMO_ABSENT where none runs. */
export async function findDemo(env: NodeJS.ProcessEnv): Promise<DemoAddress> {
  const home = homeOf(env)
  const pids = await sweep(home)
  if (pids.length > 0) await mustBeMine(home)
  const all = await Promise.all(
    pids.map((pid) => readAddress(join(home, String(pid), 'demo.json'))),
  )
  const newest = all.filter((one) => one !== undefined).sort((a, b) => b.at - a.at)[0]
  if (!newest) throw failure('DEMO_ABSENT', {})
  return newest.found
}
