/**
 * Builds the programs of the test control plane from Go modules: `node test/control-plane/build.ts`.
 * Needs Go and a module proxy; takes minutes the first time, nothing after that.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { arch, homedir, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { lock } from './lock.ts'

const here = import.meta.dirname
const modules = {
  kubernetes: [
    'k8s.io/kubernetes/cmd/kube-apiserver',
    'k8s.io/kubernetes/cmd/kube-controller-manager',
    'k8s.io/kubernetes/cmd/kubectl',
    './fakelet',
  ],
  etcd: ['.'],
} as const
const kept = 3

/** The folder the programs are in, or will be: outside the work tree, named by everything that goes into them. */
export async function binaries(): Promise<string> {
  const hash = createHash('sha256').update(`${platform()}/${arch()}`)
  for (const module of Object.keys(modules)) {
    const files = await readdir(join(here, module), { recursive: true })
    for (const file of files.filter((f) => /\.(go|mod|sum)$/.test(f)).sort()) {
      hash.update(`\n${module}/${file}\n`).update(await readFile(join(here, module, file)))
    }
  }
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return join(cache, 'ebb', 'control-plane', hash.digest('hex').slice(0, 16))
}

/** Whether the programs are built already. */
export const isBuilt = async (): Promise<boolean> => existsSync(await binaries())

/**
 * Builds what is not built yet and returns the folder that holds `etcd`, `kube-apiserver`, `kube-controller-manager`,
 * `kubectl` and `fakelet`. Several processes may call it at once: one builds, the others wait. `say` gets a line every few seconds.
 */
export async function buildControlPlane(
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const folder = await binaries()
  if (!existsSync(folder)) {
    await mkdir(dirname(folder), { recursive: true })
    await using _held = await lock(`${folder}.lock`, say, signal)
    if (!existsSync(folder)) await buildInto(folder, say, signal)
  }
  const now = performance.timeOrigin / 1000 + performance.now() / 1000
  await utimes(folder, now, now)
  return folder
}

/** All or nothing: the folder appears under its name when every program in it is whole. */
async function buildInto(folder: string, say: (line: string) => void, signal: AbortSignal) {
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished)
  const version = await kubernetesVersion()
  say(`building Kubernetes ${version} and etcd into ${folder}; minutes the first time`)
  for (const [module, packages] of Object.entries(modules)) {
    await compile(join(here, module), packages, unfinished, version, say, signal)
  }
  await rename(unfinished, folder)
  say(`built ${folder}`)
  await prune(dirname(folder))
}

/** A server without a version stamp calls itself v0.0.0, which kubectl and discovery refuse. */
function stamps(version: string): string {
  const [major = '', minor = ''] = version.replace('v', '').split('.')
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const set = Object.entries(values).map(([k, v]) => `-X k8s.io/component-base/version.${k}=${v}`)
  return ['-s', '-w', ...set].join(' ')
}

async function kubernetesVersion(): Promise<string> {
  const mod = await readFile(join(here, 'kubernetes', 'go.mod'), 'utf8')
  const version = /^\s*k8s\.io\/kubernetes (v[\d.]+)/m.exec(mod)?.[1]
  if (version === undefined) throw new TypeError('kubernetes/go.mod names no k8s.io/kubernetes')
  return version
}

async function compile(
  module: string,
  packages: readonly string[],
  out: string,
  version: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const ldflags = stamps(version)
  const go = spawn(
    'go',
    [
      'build',
      '-v',
      '-mod=readonly',
      '-buildvcs=false',
      '-ldflags',
      ldflags,
      '-o',
      `${out}/`,
      ...packages,
    ],
    {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    },
  )
  const tail: string[] = []
  let compiled = 0
  let downloaded = 0
  let told = performance.now()
  createInterface({ input: go.stderr }).on('line', (line) => {
    if (line.startsWith('go: downloading')) downloaded++
    else compiled++
    tail.push(line)
    if (tail.length > 20) tail.shift()
    if (performance.now() - told < 5000) return
    told = performance.now()
    say(`${compiled} packages compiled, ${downloaded} modules downloaded; now ${line}`)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    go.once('error', reject)
    go.once('close', resolve)
  })
  if (code !== 0) throw new Error(`go build failed in ${module}:\n${tail.join('\n')}`)
}

/** Keeps the builds used last; each is some 250 MB. */
async function prune(cache: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => /^[0-9a-f]{16}$/.test(name))
  const aged = await Promise.all(
    names.map(async (name) => ({ name, used: (await stat(join(cache, name))).mtimeMs })),
  )
  const old = aged.toSorted((a, b) => b.used - a.used).slice(kept)
  for (const { name } of old) await rm(join(cache, name), { recursive: true, force: true })
}

if (import.meta.main) {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  console.log(await buildControlPlane((line) => console.error(line), stop.signal))
}
