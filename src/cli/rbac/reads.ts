import {
  authenticate,
  type AuthenticationSource,
  wantedVariables,
} from '../../control/authentication.ts'
import type { ContentKind } from '../../control/contents.ts'
import { environment } from '../../control/environment.ts'
import type { Container, TriggerAuthentication, TriggerSpec } from '../../resources.ts'

/** A ScaledObject or ScaledJob, as far as it says what must be read for it. */
export interface Reader {
  readonly namespace: string
  readonly triggers: readonly TriggerSpec[]
  /** The containers of its target or job. */
  readonly containers: readonly Container[]
  readonly envSourceContainerName: string | undefined
}

/** The names of the Secrets and ConfigMaps that Ebb reads in one namespace, in order. */
export interface Reads {
  readonly namespace: string
  readonly secrets: readonly string[]
  readonly configMaps: readonly string[]
}

export interface ReadsSource {
  find(kind: string, namespace: string, name: string): TriggerAuthentication | undefined
  /** Where Secrets of ClusterTriggerAuthentications are. */
  readonly clusterNamespace: string
}

type Note = (kind: ContentKind, namespace: string, name: string) => void

/** Resolves as the controller does, with nothing to be found, so that every read it could make is noted. */
async function follow(reader: Reader, source: ReadsSource, note: Note): Promise<void> {
  const content: AuthenticationSource['content'] = async (kind, namespace, name) => {
    note(kind, namespace, name)
    return { data: {} }
  }
  const { namespace, containers, envSourceContainerName } = reader
  const container =
    envSourceContainerName === undefined
      ? containers[0]
      : containers.find(({ name }) => name === envSourceContainerName)
  for (const trigger of reader.triggers) {
    await authenticate(trigger.authenticationRef, namespace, containers, { ...source, content })
    if (!container) continue
    await environment(container, wantedVariables(trigger), (kind, name) =>
      content(kind, namespace, name),
    )
  }
}

/** What Ebb reads for all of them, by namespace; namespaces where it reads nothing are absent. */
export async function readsOf(
  readers: readonly Reader[],
  source: ReadsSource,
): Promise<readonly Reads[]> {
  const noted = new Map<string, Record<ContentKind, Set<string>>>()
  const note: Note = (kind, namespace, name) => {
    const there = noted.get(namespace) ?? { Secret: new Set(), ConfigMap: new Set() }
    there[kind].add(name)
    noted.set(namespace, there)
  }
  for (const reader of readers) await follow(reader, source, note)
  return [...noted]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, { Secret, ConfigMap }]) => ({
      namespace,
      secrets: [...Secret].sort(),
      configMaps: [...ConfigMap].sort(),
    }))
}
