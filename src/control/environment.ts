import { own } from '../metadata/schema.ts'
import type { Container, EnvVar } from '../resources.ts'
import type { ContentKind } from '../auth/objects.ts'
import type { Content } from '../auth/store.ts'

/** Reads a Secret or ConfigMap of the workload's namespace. */
export type ReadContent = (kind: ContentKind, name: string) => Promise<Content>

/** What is known of the variables asked for; `problems` says why one could not be had. */
export interface Environment {
  readonly values: Readonly<Record<string, string>>
  readonly problems: readonly string[]
}

/**
 * The values of some variables of a container, as Kubernetes would set them: all `envFrom` in order, then all `env`, later
 * ones winning (KEDA pkg/scaling/resolver resolveEnv). Only what the wanted names need is read, so an unreadable Secret
 * behind another variable harms nobody. Field and resource references are absent, as in KEDA.
 */
export async function environment(
  container: Container,
  names: readonly string[],
  read: ReadContent,
): Promise<Environment> {
  const values: Record<string, string> = {}
  const problems: string[] = []
  const lookup = lookupIn(container, read, problems)
  for (const name of names) {
    const value = await lookup(name, container.env?.length ?? 0)
    if (value !== undefined) values[name] = value
  }
  return { values, problems }
}

type Lookup = (name: string, before: number) => Promise<string | undefined>

/** Longer than any variable a container can be started with in earnest; what variables make of each other could be endless. */
const longest = 128 * 1024

/** Finds variables as they stand before a place in the list. Each entry is read and expanded once. */
function lookupIn(container: Container, read: ReadContent, problems: string[]): Lookup {
  const own = container.env ?? []
  const known = new Map<number, Promise<string | undefined>>()
  const valueOf = (entry: EnvVar, index: number): Promise<string | undefined> =>
    entry.valueFrom
      ? fromReference(entry, read, problems)
      : expand(entry.value ?? '', (other) => lookup(other, index))
  const bounded = async (entry: EnvVar, index: number): Promise<string | undefined> => {
    const value = await valueOf(entry, index)
    if (value === undefined || value.length <= longest) return value
    problems.push(`variable ${entry.name} is longer than 128 KiB`)
    return undefined
  }
  const lookup: Lookup = async (name, before) => {
    const index = own.findLastIndex((entry, at) => at < before && entry.name === name)
    const entry = own[index]
    if (!entry) return fromSources(container, name, read, problems)
    const value = known.get(index) ?? bounded(entry, index)
    known.set(index, value)
    return value
  }
  return lookup
}

async function fromReference(
  entry: EnvVar,
  read: ReadContent,
  problems: string[],
): Promise<string | undefined> {
  const { secretKeyRef, configMapKeyRef } = entry.valueFrom ?? {}
  const ref = secretKeyRef ?? configMapKeyRef
  if (!ref) return undefined
  const content = await read(secretKeyRef ? 'Secret' : 'ConfigMap', ref.name)
  if ('data' in content) return own(content.data, ref.key) ?? ''
  if (!ref.optional) problems.push(`variable ${entry.name}: ${content.problem}`)
  return undefined
}

async function fromSources(
  container: Container,
  name: string,
  read: ReadContent,
  problems: string[],
): Promise<string | undefined> {
  for (const source of (container.envFrom ?? []).toReversed()) {
    const { prefix = '', secretRef, configMapRef } = source
    const ref = secretRef ?? configMapRef
    if (!ref || !name.startsWith(prefix)) continue
    const content = await read(secretRef ? 'Secret' : 'ConfigMap', ref.name)
    if (!('data' in content)) {
      if (!ref.optional) problems.push(`variable ${name}: ${content.problem}`)
      continue
    }
    const value = own(content.data, name.slice(prefix.length))
    if (value !== undefined) return value
  }
  return undefined
}

/** `$(NAME)` becomes the value of an earlier variable, unknown ones stay as they are, `$$` is one `$`. */
export async function expand(
  text: string,
  valueOf: (name: string) => Promise<string | undefined>,
): Promise<string> {
  // nothing after it ends, so nothing there is a reference, and nothing has to be looked through twice
  const end = text.lastIndexOf(')') + 1
  let out = ''
  let at = 0
  for (const { 0: found, 1: name, index } of text.slice(0, end).matchAll(/\$\$|\$\(([^)]*)\)/g)) {
    out += text.slice(at, index)
    out += found === '$$' ? '$' : ((await valueOf(name ?? '')) ?? found)
    at = index + found.length
    if (out.length > longest) return out
  }
  return out + text.slice(at, end) + text.slice(end).replaceAll('$$', () => '$')
}
