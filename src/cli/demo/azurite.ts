import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Clock } from '../../clock.ts'
import { deadline } from '../../clock.ts'
import { failure } from '../../errors.ts'

/** A real Azure Storage queue service on this machine. */
export interface QueueService {
  readonly connection: string
  readonly port: number
  /** Resolves when the service has ended, asked or not. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

const account = 'ebbdemo'
const startLimit = 30_000

/**
 * Ends with its parent, however that ends: the channel to it closes even on SIGKILL. It runs in a process group of its
 * own, so Ctrl-C in the terminal reaches the demo first, which then closes things in their order.
 */
const wrapper = (program: string): string =>
  `process.on('disconnect', () => process.exit()); process.argv.splice(1, 0, 'azurite-queue'); require(${JSON.stringify(program)})`

function findAzurite(): string {
  try {
    return createRequire(import.meta.url).resolve('azurite/dist/src/queue/main.js')
  } catch (error) {
    const how = 'the demo needs it: run "npm ci" in the checkout'
    throw failure('PROGRAM_MISSING', { program: 'Azurite', how }, error)
  }
}

const settings = [
  ['--queueHost', '127.0.0.1'],
  ['--queuePort', '0'],
  ['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck'],
].flat()

/** The port it says it listens on, or a rejection with what it said before it ended. */
async function listening(child: ChildProcess, signal: AbortSignal): Promise<number> {
  const said: string[] = []
  const lines = [child.stdout, child.stderr].flatMap((stream) =>
    stream ? [createInterface({ input: stream })] : [],
  )
  const port = new Promise<number>((resolve) => {
    for (const line of lines) {
      line.on('line', (text) => {
        said.splice(0, Math.max(0, said.length - 4))
        said.push(text)
        const found = /successfully listens on http:\/\/[^:]+:(\d+)/.exec(text)
        if (found) resolve(Number(found[1]))
      })
    }
  })
  const gone = once(child, 'exit', { signal }).then(() => {
    throw failure('PROGRAM_FAILED', {
      program: 'Azurite',
      why: said.join(' ') || 'no reason given',
    })
  })
  // after the port is known its later end is `ended`'s business
  gone.catch(() => undefined)
  return Promise.race([port, gone])
}

/** At once: all it holds is in memory and nobody's any more, and a polite end would wait for open connections. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Starts Azurite's queue service on a free port, with everything in memory and whatever it writes below `folder`. */
export async function startAzurite(
  folder: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<QueueService> {
  const program = findAzurite()
  const cwd = join(folder, 'azurite')
  await mkdir(cwd, { mode: 0o700 })
  const key = randomBytes(32).toString('base64')
  const child = spawn(process.execPath, ['-e', wrapper(program), '--', ...settings], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}`, NODE_OPTIONS: '' },
  })
  const limit = deadline(clock, startLimit, signal, () =>
    failure('PROGRAM_FAILED', { program: 'Azurite', why: 'it did not start in time' }),
  )
  try {
    const port = await listening(child, limit.signal)
    const ended = once(child, 'exit').then(() => undefined)
    const connection = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};QueueEndpoint=http://127.0.0.1:${port}/${account};`
    return { connection, port, ended, close: () => stop(child) }
  } catch (error) {
    await stop(child)
    throw limit.signal.aborted ? limit.signal.reason : error
  } finally {
    limit.clear()
  }
}
