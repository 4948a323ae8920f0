import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, before, beforeEach, describe, test } from 'node:test'
import { request } from 'undici'
import { type DemoAddress, findDemo } from '../../src/cli/demo/folder.ts'
import { build } from '../../tools/build.ts'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))

interface Run {
  readonly child: ChildProcess
  /** What it printed so far, both streams. */
  said(): string
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>
}

describe('the demo', () => {
  let folder = ''
  let runs: Run[] = []
  before(() => build(dist))
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebb-e2e-'))
    runs = []
  })
  afterEach(async () => {
    for (const { child } of runs) child.kill('SIGKILL')
    await Promise.all(runs.map(({ ended }) => ended))
    await rm(folder, { recursive: true, force: true })
  })

  const env = (): NodeJS.ProcessEnv => ({ ...process.env, XDG_RUNTIME_DIR: folder })

  function ebb(...args: readonly string[]): Run {
    const child = spawn(process.execPath, [join(dist, 'ebb.js'), ...args], {
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
    }
    const ended = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      said: text,
    }))
    const run = { child, said: () => text, ended }
    runs.push(run)
    return run
  }

  /** Waits until `look` finds something; fails with what the run said after a while. */
  async function until<T>(
    run: Run,
    look: () => Promise<T | undefined> | T | undefined,
  ): Promise<T> {
    for (let tries = 0; tries < 300; tries++) {
      const found = await look()
      if (found !== undefined) return found
      await delay(100)
    }
    throw new Error(`waited in vain; it said:\n${run.said()}`)
  }

  const running = (run: Run): Promise<DemoAddress> =>
    until(run, () => findDemo(env()).catch(() => undefined))

  const isGone = async (url: string): Promise<boolean> =>
    request(url).then(
      async ({ body }) => {
        await body.dump()
        return false
      },
      () => true,
    )

  /** Processes that stand in the demo's folder, as its queue service does, even when that was removed. */
  async function processesLeft(): Promise<readonly string[]> {
    const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
    const places = await Promise.all(
      pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')),
    )
    return pids.filter((_, index) => places[index]?.startsWith(folder))
  }

  /** No file, no port and no process of the demo is left. */
  async function nothingLeft(found?: DemoAddress): Promise<void> {
    assert.deepEqual(await readdir(folder), [])
    assert.deepEqual(await processesLeft(), [])
    if (!found) return
    assert.ok(await isGone(found.page))
    assert.ok(await isGone(storageOf(found)))
  }

  const storageOf = ({ connection }: DemoAddress): string =>
    /QueueEndpoint=([^;]+)/.exec(connection)?.[1] ?? ''

  test('--once plays 0 -> 1 -> n -> 0 with the reason of every step, and exits 0', async () => {
    const { code, said } = await ebb('demo', '--once', '--port', '0', '--messages', '40').ended
    assert.equal(code, 0, said)
    assert.match(
      said,
      /orders {2}0 -> 1 {2}from 0 to 1 replica because s0-azure-queue-orders is active/,
    )
    assert.match(
      said,
      /orders {2}1 -> \d+ {2}the HPA acts on azure-queue at \d+, target 5 per replica/,
    )
    assert.match(said, /-> 0 {2}from \d+ to 0 replicas because no trigger was active for/)
    assert.match(said, /default\/orders went 0 -> 1 -> .* -> 0 in /)
    await nothingLeft()
  })

  test('serves its page, takes more load, explains itself, and stops without a trace', async () => {
    const run = ebb('demo', '--port', '0', '--messages', '0')
    const found = await running(run)
    const page = await request(found.page)
    assert.match(await page.body.text(), /<title>Ebb<\/title>/)

    const sent = await ebb('demo', 'send', '12').ended
    assert.deepEqual(sent, { code: 0, said: 'put 12 messages into queue orders\n' })
    await until(run, () => (/0 -> 1/.test(run.said()) ? true : undefined))
    const explained = await ebb('explain', '--demo', 'default/orders').ended
    assert.equal(explained.code, 0)
    assert.match(explained.said, /^decision +the HPA decides from here/m)
    const json = await ebb('explain', '--demo', '--json', 'default/orders').ended
    const view = JSON.parse(json.said) as { name: string }
    assert.equal(view.name, 'orders')
    assert.ok(!json.said.includes(/AccountKey=([^;]+)/.exec(found.connection)?.[1] ?? '-'))
    const unknown = await ebb('explain', '--demo', 'default/other').ended
    assert.deepEqual([unknown.code, unknown.said.split('\n').length], [1, 2])

    run.child.kill('SIGTERM')
    assert.equal((await run.ended).code, 0)
    await nothingLeft(found)
  })

  for (const ms of [50, 400, 900, 1300]) {
    test(`Ctrl-C ${ms} ms after the start leaves nothing behind`, async () => {
      const run = ebb('demo', '--port', '0')
      await delay(ms)
      run.child.kill('SIGINT')
      const { said } = await run.ended
      await nothingLeft()
      assert.doesNotMatch(said, /^ +at /m)
    })
  }

  test('a demo that is killed takes its queue service with it, and the next one its folder', async () => {
    const run = ebb('demo', '--port', '0', '--messages', '0')
    const found = await running(run)
    run.child.kill('SIGKILL')
    await run.ended
    await until(run, async () => ((await isGone(storageOf(found))) ? true : undefined))
    const again = ebb('demo', '--port', '0', '--messages', '0')
    assert.equal((await running(again)).pid, again.child.pid)
    again.child.kill('SIGINT')
    await again.ended
    await nothingLeft()
  })

  test('a port that is taken is one line and exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const run = ebb('demo', '--port', String(port))
    const { code, said } = await run.ended
    other.close()
    assert.equal(code, 1)
    assert.match(said.trimEnd().split('\n').at(-1) ?? '', new RegExp(`^ebb: .*${port}`))
    assert.doesNotMatch(said, /^ +at /m)
    assert.deepEqual(await readdir(folder), [])
  })

  test('--apply runs the objects of a file', async () => {
    const file = join(folder, 'mine.yaml')
    await writeFile(
      file,
      `apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: { name: storage, namespace: shop }
spec:
  secretTargetRef: [{ parameter: connection, name: demo-storage, key: connection }]
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: invoices, namespace: shop }
spec:
  scaleTargetRef: { name: invoices }
  pollingInterval: 1
  triggers:
    - type: azure-queue
      metadata: { queueName: invoices, queueLength: '5' }
      authenticationRef: { name: storage }
`,
    )
    const run = ebb('demo', '--apply', file, '--port', '0', '--messages', '20')
    await until(run, () => (/invoices {2}0 -> 1/.test(run.said()) ? true : undefined))
    assert.match(run.said(), /mine\.yaml:7: Deployment invoices is named but not given/)
    run.child.kill('SIGINT')
    assert.equal((await run.ended).code, 0)
  })

  test('--apply names file and line of what is wrong, before anything is started', async () => {
    const file = join(folder, 'bad.yaml')
    await writeFile(file, 'apiVersion: v1\nkind: Secret\nmetadata: {}\n')
    const { code, said } = await ebb('demo', '--apply', file).ended
    assert.deepEqual([code, said], [1, `ebb: ${file}:1: metadata.name is missing\n`])
  })
})
