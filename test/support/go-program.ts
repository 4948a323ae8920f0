import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { arch, homedir, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { lock } from '../control-plane/lock.ts'

/**
 * Builds a small Go program of the tests and gives its path: outside the work tree, named by everything that goes into it,
 * so that it is built once. Several processes may call it at once. Needs Go, and a module proxy the first time.
 */
export async function goProgram(folder: string, signal: AbortSignal): Promise<string> {
  const program = await placeOf(folder)
  if (existsSync(program)) return program
  await mkdir(dirname(program), { recursive: true })
  await using _held = await lock(`${program}.lock`, () => undefined, signal)
  if (existsSync(program)) return program
  const unfinished = `${program}.unfinished`
  await rm(unfinished, { force: true })
  await run('go', ['build', '-mod=readonly', '-buildvcs=false', '-o', unfinished, '.'], {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
    input: '',
    signal,
  })
  await rename(unfinished, program)
  return program
}

async function placeOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(`${platform()}/${arch()}`)
  const files = (await readdir(folder)).filter((f) => /\.(go|mod|sum)$/.test(f)).sort()
  for (const file of files) hash.update(`\n${file}\n`).update(await readFile(join(folder, file)))
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return join(cache, 'ebb', 'go-programs', hash.digest('hex').slice(0, 16))
}

/** Gives a program its input and returns what it prints; fails with what it complained of. */
export async function run(
  program: string,
  args: readonly string[],
  options: {
    readonly input: string
    readonly signal: AbortSignal
    readonly cwd?: string
    readonly env?: NodeJS.ProcessEnv
  },
): Promise<string> {
  const { input, ...spawning } = options
  const child = spawn(program, args, { ...spawning, stdio: ['pipe', 'pipe', 'pipe'] })
  const said: string[] = []
  const complained: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => complained.push(text))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complained.join('')}`)
  return said.join('')
}
