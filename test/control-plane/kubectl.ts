import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Pair } from './pki.ts'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs kubectl to its end; it leaves nothing outside `folder`. */
export async function run(
  kubectl: string,
  kubeconfig: string,
  folder: string,
  input: string,
  args: readonly string[],
): Promise<Outcome> {
  const child = spawn(kubectl, [`--cache-dir=${join(folder, 'kubectl')}`, ...args], {
    env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig },
    stdio: 'pipe',
  })
  child.stdin.on('error', () => {}) // it ended without reading: its exit code says so
  child.stdin.end(input)
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

/** Writes a kubeconfig for one user and returns its path. */
export async function kubeconfig(
  folder: string,
  name: string,
  server: string,
  ca: string,
  who: Pair | { readonly token: string },
): Promise<string> {
  const user =
    'token' in who
      ? { token: who.token }
      : { 'client-certificate': who.cert, 'client-key': who.key }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name, user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    'current-context': 'test',
  }
  const file = join(folder, `${name}.kubeconfig`)
  await writeFile(file, JSON.stringify(config, undefined, 2), { mode: 0o600 })
  return file
}
