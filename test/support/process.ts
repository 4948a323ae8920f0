import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The bundle as users run it, as a process of its own. */
export interface EbbProcess {
  readonly pid: number
  readonly httpPort: number
  readonly httpsPort: number
  /** Everything it has printed, a line an entry. */
  readonly lines: readonly string[]
  /** Whether it has said that it polls and decides; not taken back when it loses the Lease. */
  readonly leads: boolean
  /** Sends SIGTERM and waits; resolves with the exit code and how long it took (ms). */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>
  /** Sends SIGKILL and waits. */
  kill(): Promise<void>
}

/** Makes `dist/` what the sources say. */
export function build(): void {
  const run = spawnSync(process.execPath, ['tools/build.ts'], { cwd: root, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`the build failed: ${run.stdout}${run.stderr}`)
}

/** Runs a command of `ebb` to its end. */
export function ebb(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly code: number | null; readonly out: string; readonly err: string } {
  const run = spawnSync(process.execPath, ['dist/ebb.js', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
  })
  return { code: run.status, out: run.stdout, err: run.stderr }
}

/** Starts `ebb run` on ports of its choice and waits until it listens. */
export async function startEbb(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<EbbProcess> {
  const child = spawn(
    process.execPath,
    ['dist/ebb.js', 'run', '--http-port', '0', '--https-port', '0', ...args],
    { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const lines: string[] = []
  const ports = Promise.withResolvers<{ http: number; https: number }>()
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      const started = /"https":(\d+),"http":(\d+)/.exec(line)
      if (started) ports.resolve({ https: Number(started[1]), http: Number(started[2]) })
    })
  child.once('exit', (code) =>
    ports.reject(new Error(`ebb run ended with ${code}: ${lines.join('\n')}`)),
  )
  const { http, https } = await ports.promise
  return {
    pid: child.pid ?? 0,
    httpPort: http,
    httpsPort: https,
    lines,
    get leads() {
      return lines.some((line) => line.includes('"leads: polls and decides"'))
    },
    async stop() {
      const started = performance.now()
      child.kill('SIGTERM')
      return { code: await ended(child), ms: performance.now() - started }
    },
    async kill() {
      child.kill('SIGKILL')
      await ended(child)
    },
  }
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}
