import { execFileSync, spawn } from 'node:child_process'
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { answering, end, freePort } from './azurite.ts'

/** A real Prometheus that scrapes nothing: ask it `vector(n)` for a value that is there at once. */
export interface Prometheus {
  readonly url: string
  stop(): Promise<void>
}

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ebb', 'prometheus')
const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/**
 * Path of the program: the machine's own, or Debian's package unpacked into the cache (nothing is installed).
 * `undefined` where it can be had in neither way.
 */
export async function prometheusProgram(): Promise<string | undefined> {
  const own = '/usr/bin/prometheus'
  if (await there(own)) return own
  const program = join(cache, 'usr', 'bin', 'prometheus')
  if (await there(program)) return program
  try {
    await unpack()
  } catch {
    return undefined
  }
  return (await there(program)) ? program : undefined
}

/** Unpacks beside the cache and moves it there whole, so that tests that run at once do not see half of it. */
async function unpack(): Promise<void> {
  await mkdir(join(cache, '..'), { recursive: true })
  const folder = await mkdtemp(join(cache, '..', 'fetch-'))
  try {
    // apt-get downloads as a user of its own where there is one.
    await chmod(folder, 0o777)
    execFileSync('apt-get', ['download', 'prometheus'], { cwd: folder, stdio: 'ignore' })
    const [name] = (await readdir(folder)).filter((file) => file.endsWith('.deb'))
    if (name === undefined) throw new Error('apt-get brought no package')
    const root = join(folder, 'root')
    execFileSync('dpkg-deb', ['-x', join(folder, name), root], { stdio: 'ignore' })
    await rename(root, cache)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Password `open sesame`, by bcrypt, for the user `ebb`. */
const users =
  'basic_auth_users:\n  ebb: $2b$04$PSg6lnyhRdi5XrxHZlEZ6O4W5q3PPLYqkx/w85iR2c1.5RBCbCO7u\n'

export async function startPrometheus(
  program: string,
  options: { readonly login?: boolean } = {},
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'ebb-prometheus-'))
  const port = await freePort()
  await writeFile(join(folder, 'prometheus.yml'), 'scrape_configs: []\n')
  await writeFile(join(folder, 'web.yml'), options.login ? users : '')
  const child = spawn(
    program,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--web.config.file=${join(folder, 'web.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore', env: { ...process.env, GOMAXPROCS: '1' } },
  )
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await answering(`${url}/-/ready`, () => child.exitCode === null)
    while ((await fetch(`${url}/-/ready`)).status === 503) await delay(50)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}
