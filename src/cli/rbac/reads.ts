import type { ContentKind } from '../../auth/objects.ts'
import type { Item } from '../../auth/store.ts'
import type { Stores } from '../../auth/stores.ts'
import { authenticate, wantedVariables } from '../../control/authentication.ts'
import { environment } from '../../control/environment.ts'
import { type AuthenticationSource, environmentReader } from '../../control/reading.ts'
import type { Container, TriggerAuthentication, TriggerSpec } from '../../resources.ts'

/** A ScaledObject or ScaledJob, as far as it says what must be read for it. */
export interface Reader {
  readonly namespace: string
  readonly triggers: readonly TriggerSpec[]
  /** The containers of its target or job. */
  readonly containers: readonly Container[]
  readonly envSourceContainerName: string | undefined
  /** Its idle pods are to go first. */
  readonly idle: boolean
}

/** The names of what Ebb reads in one namespace, in order. */
export interface Reads {
  readonly namespace: string
  readonly secrets: readonly string[]
  readonly configMaps: readonly string[]
  /** Service accounts that Ebb makes tokens of. */
  readonly accounts: readonly string[]
  /** Ebb patches pods there. */
  readonly pods: boolean
}

export interface ReadsSource {
  find(kind: string, namespace: string, name: string): TriggerAuthentication | undefined
  /** Where Secrets of ClusterTriggerAuthentications are. */
  readonly clusterNamespace: string
  /** The controller reads Secrets there alone (KEDA_RESTRICT_SECRET_ACCESS). */
  readonly restricted: boolean
}

type Noted = ContentKind | 'ServiceAccount'
type Note = (kind: Noted, namespace: string, name: string) => unknown

/** Stores in which everything is found, that note what is taken from the cluster. */
function notingStores(note: Note, restricted: boolean): Stores {
  const item: Item = { key: '', lane: '', read: async () => ({ data: {} }) }
  return {
    restricted,
    object(kind, { namespace, name }) {
      note(kind, namespace, name)
      return item
    },
    account({ namespace, name }) {
      note('ServiceAccount', namespace, name)
      return item
    },
    file: () => item,
    vault({ account }) {
      if (account) note('ServiceAccount', account.namespace, account.name)
      return item
    },
    keyVault: () => item,
    trusted: () => true,
    permit() {},
    token: async () => '',
    close() {},
  }
}

/** Resolves as the controller does, with nothing to be found, so that every read it could make is noted. */
async function follow(reader: Reader, source: AuthenticationSource): Promise<void> {
  const { namespace, containers, envSourceContainerName } = reader
  const container =
    envSourceContainerName === undefined
      ? containers[0]
      : containers.find(({ name }) => name === envSourceContainerName)
  for (const trigger of reader.triggers) {
    await authenticate(trigger.authenticationRef, namespace, containers, source)
    if (!container) continue
    await environment(container, wantedVariables(trigger), environmentReader(source, namespace))
  }
}

/** What Ebb reads for all of them, by namespace; namespaces where it reads nothing are absent. */
export async function readsOf(
  readers: readonly Reader[],
  source: ReadsSource,
): Promise<readonly Reads[]> {
  const noted = new Map<string, Record<Noted, Set<string>>>()
  const at = (namespace: string): Record<Noted, Set<string>> => {
    const none = { Secret: new Set<string>(), ConfigMap: new Set<string>() }
    const there = noted.get(namespace) ?? { ...none, ServiceAccount: new Set<string>() }
    noted.set(namespace, there)
    return there
  }
  const note: Note = (kind, namespace, name) => at(namespace)[kind].add(name)
  const stores = notingStores(note, source.restricted)
  const idle = new Set(readers.filter((one) => one.idle).map(({ namespace }) => namespace))
  const all = { ...source, stores, read: async () => ({ data: {} }) }
  for (const reader of readers) await follow(reader, all)
  for (const namespace of idle) at(namespace)
  return [...noted]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, { Secret, ConfigMap, ServiceAccount }]) => ({
      namespace,
      secrets: [...Secret].sort(),
      configMaps: [...ConfigMap].sort(),
      accounts: [...ServiceAccount].sort(),
      pods: idle.has(namespace),
    }))
}
