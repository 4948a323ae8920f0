import type { TriggerAuthentication } from '../resources.ts'
import type { AuthenticationSource } from './authentication.ts'
import type { Content, ContentKind, Contents } from './contents.ts'

/** The Secrets and ConfigMaps one workload was resolved from, held so that they are kept fresh. */
export interface HeldContents {
  /** A source of authentication whose contents are at most as old as `newerThan`, and noted as used. */
  source(newerThan: number, signal: AbortSignal): AuthenticationSource
  /** Lets go of what the last `source` did not use. */
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
      used = new Set()
      const content = (kind: ContentKind, namespace: string, name: string): Promise<Content> => {
        const ref = { namespace, name }
        const key = `${kind}/${namespace}/${name}`
        used.add(key)
        if (!held.has(key)) held.set(key, contents.hold(kind, ref, changed))
        return contents.read(kind, ref, newerThan, signal)
      }
      return { find, content, clusterNamespace }
    },
    settle() {
      for (const [key, letGo] of held)
        if (!used.has(key)) {
          letGo()
          held.delete(key)
        }
    },
    close() {
      for (const letGo of held.values()) letGo()
      held.clear()
    },
  }
}
