import type { EbbError } from '../errors.ts'
import type { Service } from '../scaler.ts'
import type { Schedule } from './schedule.ts'

/** An open service, and how many pieces of work are using it. */
export interface Client {
  readonly service: Service
  users: number
  /** A newer one is to be opened before the next use. */
  stale: boolean
}

/** One source's way to its service: opened once for all, reused, replaced on demand, closed by `close`. */
export interface Connection {
  /** Where it is, for messages; undefined before the first opening. */
  readonly address: string | undefined
  /** The open client, or the one opening that all wait for. Count yourself into `users`, and call `release` when done. */
  get(): Client | Promise<Client>
  release(client: Client): void
  /** The next `get` opens a new client. The old one closes after that, when nobody uses it any more. */
  renew(client: Client): void
  /** Closes all there is, at the latest one timeout after its users were told to stop. */
  close(): Promise<void>
}

export interface ConnectionParts {
  readonly schedule: Schedule
  /** How long an opening may take, and how long a retired client waits for its last users (ms). */
  readonly timeout: number
  readonly open: (signal: AbortSignal) => Service | Promise<Service>
  readonly timedOut: () => EbbError
  /** A new client took the place of an old one. */
  readonly swapped: () => void
}

export function createConnection(parts: ConnectionParts): Connection {
  const { schedule, timeout } = parts
  let current: Client | undefined
  let opening: Promise<Client> | undefined
  let abort: ((reason: Error) => void) | undefined
  let address: string | undefined
  let closed = false
  /** Retired clients that are still in use, each with what lets it go. */
  const retired = new Map<Client, () => void>()
  const closings = new Set<Promise<void>>()

  const shut = async (service: Service, idle: Promise<void>): Promise<void> => {
    await idle
    await service.close()
  }

  /** Closes the service as soon as nobody uses it. One that fails to close leaves nothing that anyone could act on. */
  const closeWhen = (service: Service, idle: Promise<void>): void => {
    const closing = shut(service, idle)
      .catch(() => undefined)
      .finally(() => closings.delete(closing))
    closings.add(closing)
  }

  const retire = (client: Client): void => {
    if (client.users === 0) return closeWhen(client.service, Promise.resolve())
    const idle = Promise.withResolvers<void>()
    const letGo = (): void => {
      cancel()
      retired.delete(client)
      idle.resolve()
    }
    const cancel = schedule.after(timeout, letGo)
    retired.set(client, letGo)
    closeWhen(client.service, idle.promise)
  }

  const begin = async (): Promise<Client> => {
    const controller = new AbortController()
    const given = Promise.withResolvers<never>()
    const stop = (reason: Error): void => {
      controller.abort(reason)
      given.reject(reason)
    }
    abort = stop
    const cancel = schedule.after(timeout, () => stop(parts.timedOut()))
    const opened = Promise.resolve().then(() => parts.open(controller.signal))
    try {
      return swap(await Promise.race([opened, given.promise]))
    } catch (thrown) {
      // one that comes after all is nobody's
      opened.then(
        (service) => closeWhen(service, Promise.resolve()),
        () => undefined,
      )
      throw thrown
    } finally {
      cancel()
      if (abort === stop) abort = undefined
      opening = undefined
    }
  }

  const swap = (service: Service): Client => {
    const before = current
    current = { service, users: 0, stale: false }
    address = service.address
    if (before !== undefined) {
      retire(before)
      parts.swapped()
    }
    return current
  }

  return {
    get address() {
      return address
    },
    get() {
      if (current !== undefined && !current.stale) return current
      return (opening ??= begin())
    },
    release(client) {
      client.users--
      if (client.users === 0) retired.get(client)?.()
    },
    renew(client) {
      client.stale = true
    },
    async close() {
      if (!closed) {
        closed = true
        abort?.(parts.timedOut())
        if (current !== undefined) retire(current)
        current = undefined
      }
      await Promise.all(closings)
    },
  }
}
