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

function lookupIn(container: Container, read: ReadContent, problems: string[]): Lookup {
  const own = container.env ?? []
  const lookup: Lookup = async (name, before) => {
    const index = own.findLastIndex((entry, at) => at < before && entry.name === name)
    const entry = own[index]
    if (!entry) return fromSources(container, name, read, problems)
    if (entry.valueFrom) return fromReference(entry, read, problems)
    return expand(entry.value ?? '', (other) => lookup(other, index))
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
  if ('data' in content) return content.data[ref.key] ?? ''
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
    const value = content.data[name.slice(prefix.length)]
    if (value !== undefined) return value
  }
  return undefined
}

/** `$(NAME)` becomes the value of an earlier variable, unknown ones stay as they are, `$$` is one `$`. */
export async function expand(
  text: string,
  valueOf: (name: string) => Promise<string | undefined>,
): Promise<string> {
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const rest = text.slice(at)
    const reference = /^\$\(([^)]*)\)/.exec(rest)
    if (rest.startsWith('$$')) {
      out += '$'
      at++
    } else if (reference) {
      out += (await valueOf(reference[1] ?? '')) ?? reference[0]
      at += reference[0].length - 1
    } else {
      out += text[at]
    }
  }
  return out
}
