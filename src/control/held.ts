import type { Content, Item } from '../auth/store.ts'
import type { TriggerAuthentication } from '../resources.ts'
import type { Contents } from './contents.ts'
import type { AuthenticationSource } from './reading.ts'

/** What one workload was resolved from in stores, held so that it is kept fresh. */
export interface HeldContents {
  /** A source of authentication whose contents are at most as old as `newerThan`, and noted as used. */
  source(newerThan: number, signal: AbortSignal): AuthenticationSource
  /** Lets go of what no `source` used since the last time. */
  settle(): void
  close(): void
}

/** `find` looks an authentication up in the mirrors; `changed` is called when a held content has changed. */
export function holdContents(
  contents: Contents,
  clusterNamespace: string,
  find: (kind: string, namespace: string, name: string) => TriggerAuthentication | undefined,
  changed: () => void,
): HeldContents {
  const held = new Map<string, () => void>()
  let used = new Set<string>()

  return {
    source(newerThan, signal) {
      const read = (item: Item): Promise<Content> => {
        used.add(item.key)
        if (!held.has(item.key)) held.set(item.key, contents.hold(item, changed))
        return contents.read(item, newerThan, signal)
      }
      return { find, read, stores: contents.stores, clusterNamespace }
    },
    settle() {
      for (const [key, letGo] of held)
        if (!used.has(key)) {
          letGo()
          held.delete(key)
        }
      used = new Set()
    },
    close() {
      for (const letGo of held.values()) letGo()
      held.clear()
    },
  }
}
