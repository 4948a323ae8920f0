import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, test, type TestContext } from 'node:test'
import {
  fakeApi,
  folder,
  json,
  kubeconfig,
  status,
  type Account,
  type Got,
} from '../kube/fake-api.ts'
import { until } from '../support/installed.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** What the kubelet may count on (ms). */
const atMost = 10_000

interface Process {
  readonly child: ChildProcess
  /** Resolves when it has printed such a line. */
  says(words: string): Promise<void>
  /** Sends a signal; resolves with the exit code and how long it took (ms). */
  end(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }>
}

/** `ebb run` on that API server, as it is before it listens. */
async function run(
  t: TestContext,
  url: string,
  account: Account = {},
  delay = '5s',
): Promise<Process> {
  const file = join(await folder(t), 'kubeconfig')
  await writeFile(file, kubeconfig(url, account))
  const place = [
    '--namespace',
    'ebb',
    '--http-port',
    '0',
    '--https-port',
    '0',
    '--log-level',
    'debug',
  ]
  const child = spawn(
    process.execPath,
    [main, 'run', '--kubeconfig', file, '--shutdown-delay', delay, ...place],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  t.after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const ended = once(child, 'exit')
  const heard = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const look of heard) look()
    })
  return {
    child,
    says: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (lines.some((line) => line.includes(words))) resolve()
        }
        heard.add(look)
        look()
        void ended.then(() => reject(new Error(`it ended: ${lines.join('\n')}`)))
      }),
    async end(signal = 'SIGTERM') {
      const started = performance.now()
      child.kill(signal)
      await ended
      return { code: child.exitCode, ms: performance.now() - started }
    },
  }
}

const quick = ({ code, ms }: { readonly code: number | null; readonly ms: number }): void => {
  assert.equal(code, 0)
  assert.ok(ms < atMost, `${ms} ms`)
}

/** Answers like an API server on which there is nothing, and keeps what is made. */
function empty(): (got: Got, response: ServerResponse) => void {
  const made = new Map<string, object>()
  let version = 1
  return (got, response) => {
    const { method, path, query, body } = got
    if (query['watch'] === 'true') return response.writeHead(200).flushHeaders()
    if (method === 'POST' || method === 'PUT') {
      // what is sent to such an API is an object
      const { metadata, ...rest } = body as { readonly metadata: { readonly name: string } }
      const object = { ...rest, metadata: { ...metadata, resourceVersion: String(++version) } }
      made.set(method === 'POST' ? `${path}/${metadata.name}` : path, object)
      return json(object)(got, response)
    }
    const found = made.get(path)
    if (found) return json(found)(got, response)
    const one = /\/(leases|secrets|configmaps|apiservices|validatingwebhookconfigurations)\/[^/]+$/
    if (one.test(path)) return status(404, 'NotFound', { name: 'it' })(got, response)
    return json({ metadata: { resourceVersion: '1' }, items: [] })(got, response)
  }
}

/** Sends SIGTERM to its own process when the program is about to be loaded. */
const early = `
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      if (url.endsWith('/cli/program.ts')) process.kill(process.pid, 'SIGTERM')
      return next(url, context)
    },
  })`

describe('asked to end', () => {
  test('before the program is loaded, it ends with 0', async (t) => {
    const api = await fakeApi(t, () => undefined)
    const file = join(await folder(t), 'kubeconfig')
    await writeFile(file, kubeconfig(api.url))
    const hook = `--import=data:text/javascript,${encodeURIComponent(early)}`
    const child = spawn(process.execPath, [hook, main, 'run', '--kubeconfig', file], {
      stdio: 'ignore',
    })
    t.after(() => child.kill('SIGKILL'))
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    test(`by ${signal} while the API server does not answer its first question, it ends at once, with 0`, async (t) => {
      const api = await fakeApi(t, () => undefined)
      const ebb = await run(t, api.url)
      await api.next()
      quick(await ebb.end(signal))
    })

  test('while a command for its credentials hangs, too', async (t) => {
    const command = join(await folder(t), 'hangs')
    await writeFile(command, `#!/bin/sh\ntouch ${command}.asked\nexec sleep 60\n`)
    await chmod(command, 0o700)
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command,
      interactiveMode: 'Never',
    }
    const api = await fakeApi(t, () => undefined)
    const ebb = await run(t, api.url, { user: { exec } })
    await until('it is asked', async () => existsSync(`${command}.asked`), Boolean)
    quick(await ebb.end())
  })

  for (const [what, path] of [
    ['whether KEDA is at work', /operator\.keda\.sh|\/leases$/],
    ['whom the API server trusts', /extension-apiserver-authentication/],
  ] as const)
    test(`while it waits to hear ${what}, too`, async (t) => {
      const answer = empty()
      const asked = Promise.withResolvers<void>()
      const api = await fakeApi(t, (got, response) => {
        if (path.test(got.path)) asked.resolve()
        else answer(got, response)
      })
      const ebb = await run(t, api.url)
      await asked.promise
      quick(await ebb.end())
    })

  test('while it leads and the API server has stopped to answer, it ends within ten seconds, with 0', async (t) => {
    const answer = empty()
    let hangs = false
    const api = await fakeApi(t, (got, response) => {
      if (!hangs) answer(got, response)
    })
    // as in a pod, but for what a busy machine may take
    const ebb = await run(t, api.url, {}, '3s')
    await ebb.says('leads: polls and decides')
    hangs = true
    // a renewal that hangs
    while ((await api.next()).method !== 'PUT' || !hangs);
    quick(await ebb.end())
  })
})
