import type { Clock } from '../clock.ts'
import type { Ask } from './asks.ts'
import type { Entry } from './board.ts'
import type { Connection } from './connection.ts'

/** Decides whether a refused call is worth repeating. */
export type Appeal = (ask: Ask) => Promise<boolean>

/**
 * When credentials are refused, every subscriber of the source is heard, because any may hold newer ones; then the client is
 * opened anew. Calls refused meanwhile join. A source that refuses for good is appealed to once per shortest period at most.
 */
export function createAppeal(
  entries: ReadonlyMap<string, Entry>,
  connection: Connection,
  shortest: () => number,
  clock: Clock,
): Appeal {
  let heardAt = Number.NEGATIVE_INFINITY
  let hearing: Promise<void> | undefined

  const hear = async ({ controller: { signal }, client }: Ask): Promise<void> => {
    const everyone = [...entries.values()].flatMap((entry) => entry.subscribers)
    // one that cannot get new credentials leaves the refusal as it is
    const heard = Promise.allSettled(everyone.map(async ({ want }) => want.onDenied(signal)))
    const over = Promise.withResolvers<void>()
    const stop = (): void => over.resolve()
    signal.addEventListener('abort', stop, { once: true })
    await Promise.race([heard, over.promise])
    signal.removeEventListener('abort', stop)
    if (client !== undefined) connection.renew(client)
  }

  return async (ask) => {
    // refused by a client that is to be replaced anyway
    if (ask.client?.stale === true) return true
    if (hearing === undefined) {
      if (clock.now() - heardAt < shortest() / 2) return false
      heardAt = clock.now()
      hearing = hear(ask).finally(() => {
        hearing = undefined
      })
    }
    await hearing
    return true
  }
}
