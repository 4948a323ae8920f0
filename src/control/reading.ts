import type { ContentKind } from '../auth/objects.ts'
import type { Content, Item } from '../auth/store.ts'
import type { Stores } from '../auth/stores.ts'
import { own } from '../metadata/schema.ts'
import type { TriggerAuthentication } from '../resources.ts'

export interface AuthenticationSource {
  /** The authentication by kind and name, from the mirrors. */
  find(kind: string, namespace: string, name: string): TriggerAuthentication | undefined
  /** Reads an item of `stores`. */
  read(item: Item): Promise<Content>
  readonly stores: Stores
  /** Where Secrets of ClusterTriggerAuthentications are (KEDA_CLUSTER_OBJECT_NAMESPACE, else Ebb's own). */
  readonly clusterNamespace: string
}

/** What an authentication comes to, so far. */
export interface Found {
  readonly auth: Readonly<Record<string, string>>
  /** What could not be had; the parameters are absent, and may come from elsewhere. */
  readonly problems: readonly string[]
  /** What forbids to go on, whatever the parameters. */
  readonly fatal: readonly string[]
  /** Stores in trouble, while what was last read from them is used. */
  readonly notes: readonly string[]
}

/** What forbids to go on without the content, as in KEDA: nothing, a refusal, or also that it is missing. */
export type Must = 'try' | 'answer' | 'have'

/** What has been read so far of one authentication. */
export interface Reading {
  readonly source: AuthenticationSource
  /** The namespace of the objects it refers to. */
  readonly home: string
  set(parameter: string, value: string): void
  refuse(problem: string): void
  miss(problems: readonly string[]): void
  /** The content, or undefined with the reason noted. */
  read(item: Item, must: Must): Promise<Readonly<Record<string, string>> | undefined>
  /** One key of the content; '' where it cannot be had, with the reason noted. */
  value(item: Item, key: string, what: string, must?: Must): Promise<string>
  secret(name: string, key: string): Promise<string>
  result(): Found
}

export function createReading(source: AuthenticationSource, home: string): Reading {
  const auth: Record<string, string> = {}
  const problems: string[] = []
  const fatal: string[] = []
  const notes: string[] = []
  const reading: Reading = {
    source,
    home,
    set(parameter, value) {
      auth[parameter] = value
    },
    refuse: (problem) => void fatal.push(problem),
    miss: (more) => void problems.push(...more),
    async read(item, must) {
      const content = await source.read(item)
      if ('data' in content) {
        if (content.trouble !== undefined) notes.push(content.trouble)
        return content.data
      }
      // nobody knows what it would say, so nothing may be concluded from its absence
      const fails = must === 'have' || (must === 'answer' && !content.missing)
      if (content.passing === true || fails) fatal.push(content.problem)
      else problems.push(content.problem)
      return undefined
    },
    async value(item, key, what, must = 'try') {
      const data = await reading.read(item, must)
      const found = data && own(data, key)
      if (data && found === undefined) problems.push(`${what} has no key ${key}`)
      return found ?? ''
    },
    async secret(name, key) {
      const where = `Secret ${home}/${name}`
      const barred = barredSecret(source, home, name)
      if (barred !== undefined) problems.push(barred)
      return barred === undefined
        ? reading.value(source.stores.object('Secret', { namespace: home, name }), key, where)
        : ''
    },
    result: () => ({ auth, problems, fatal, notes }),
  }
  return reading
}

/** Why a Secret is not read at all: the controller is restricted to its own (KEDA_RESTRICT_SECRET_ACCESS). */
function barredSecret(
  { stores, clusterNamespace }: AuthenticationSource,
  namespace: string,
  name: string,
): string | undefined {
  if (!stores.restricted || namespace === clusterNamespace) return undefined
  return `Secret ${namespace}/${name} is not read: the controller may read Secrets of namespace ${clusterNamespace} alone (--restrict-secret-access); use a ClusterTriggerAuthentication`
}

/** Reads Secrets and ConfigMaps for the environment of a container, as far as the controller may. */
export const environmentReader =
  (source: AuthenticationSource, namespace: string) =>
  async (kind: ContentKind, name: string): Promise<Content> => {
    const barred = kind === 'Secret' ? barredSecret(source, namespace, name) : undefined
    return barred === undefined
      ? source.read(source.stores.object(kind, { namespace, name }))
      : { problem: barred, missing: false }
  }
