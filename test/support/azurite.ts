import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { QueueServiceClient } from '@azure/storage-queue'

/** A real Azure Storage queue service on this machine, in memory. */
export interface Azurite {
  readonly connection: string
  /** The same account with the wrong key. */
  readonly strangers: string
  /** The same account by a signature that may read queues for an hour. */
  readonly signed: string
  create(queue: string): Promise<void>
  send(queue: string, count: number): Promise<void>
  /** Takes messages without deleting them, so that they are hidden. */
  take(queue: string, count: number): Promise<void>
  /** Deletes all messages of a queue. */
  clear(queue: string): Promise<void>
  stop(): Promise<void>
  /** Starts it anew at the same address after `stop`; its queues are gone. */
  restart(): Promise<void>
}

/** The account every emulator has; its key is public. */
const name = 'devstoreaccount1'
const key =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  server.close()
  await once(server, 'close')
  return address.port
}

export async function startAzurite(): Promise<Azurite> {
  const port = await freePort()
  let child = await startOn(port)
  return {
    ...handle(port),
    stop: () => end(child),
    async restart() {
      await end(child)
      child = await startOn(port)
    },
  }
}

async function startOn(port: number): Promise<ReturnType<typeof spawn>> {
  const program = createRequire(import.meta.url).resolve('azurite/dist/src/queue/main.js')
  const flags = ['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck']
  const child = spawn(
    process.execPath,
    [program, ...flags, '--queueHost', '127.0.0.1', '--queuePort', String(port)],
    { stdio: 'ignore' },
  )
  await answering(`http://127.0.0.1:${port}/${name}`, () => child.exitCode === null)
  return child
}

function handle(port: number): Omit<Azurite, 'stop' | 'restart'> {
  const endpoint = `http://127.0.0.1:${port}/${name}`
  const of = (secret: string): string =>
    `DefaultEndpointsProtocol=http;AccountName=${name};${secret};QueueEndpoint=${endpoint};`
  const connection = of(`AccountKey=${key}`)
  const service = QueueServiceClient.fromConnectionString(connection)
  const url = new URL(service.generateAccountSasUrl(new Date(Date.now() + 3_600_000)))
  return {
    connection,
    strangers: of(`AccountKey=${Buffer.from('not the key').toString('base64')}`),
    signed: `QueueEndpoint=${endpoint};SharedAccessSignature=${url.search.slice(1)}`,
    async create(queue) {
      await service.createQueue(queue)
    },
    async send(queue, count) {
      const client = service.getQueueClient(queue)
      for (let i = 0; i < count; i++) await client.sendMessage(`message ${i}`)
    },
    async clear(queue) {
      await service.getQueueClient(queue).clearMessages()
    },
    async take(queue, count) {
      const client = service.getQueueClient(queue)
      await client.receiveMessages({ numberOfMessages: count, visibilityTimeout: 300 })
    },
  }
}

/** Waits until anything at all answers there. */
export async function answering(url: string, alive: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400; turn++) {
    if (!alive()) throw new Error(`the server for ${url} ended before it answered`)
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer) return
    await delay(50)
  }
  throw new Error(`nothing answered at ${url}`)
}

/** Ends a child process and waits until it is gone. */
export async function end(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
