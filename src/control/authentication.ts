import type { Container, TriggerAuthentication, TriggerSpec } from '../resources.ts'
import { environment } from './environment.ts'
import type { Content, ContentKind } from './contents.ts'

/** What a trigger's authenticationRef comes to. `problems` names what could not be had; parameters then are absent. */
export interface Authentication {
  readonly auth: Readonly<Record<string, string>>
  readonly identity: Readonly<Record<string, string>>
  readonly problems: readonly string[]
}

export interface AuthenticationSource {
  /** The authentication by kind and name, from the mirrors. */
  find(kind: string, namespace: string, name: string): TriggerAuthentication | undefined
  /** Reads a Secret or ConfigMap in a namespace. */
  content(kind: ContentKind, namespace: string, name: string): Promise<Content>
  /** Where Secrets of ClusterTriggerAuthentications are (KEDA_CLUSTER_OBJECT_NAMESPACE, else Ebb's own). */
  readonly clusterNamespace: string
}

const clusterKind = 'ClusterTriggerAuthentication'
const none: Authentication = { auth: {}, identity: {}, problems: [] }

/**
 * Resolves an authenticationRef in KEDA's order: pod identity, env, configMapTargetRef, secretTargetRef; later ones
 * overwrite (KEDA pkg/scaling/resolver resolveAuthRef). What is missing is a problem, not an exception: a parameter may
 * come from elsewhere, and if it does not the message can say why.
 */
export async function authenticate(
  ref: TriggerSpec['authenticationRef'],
  namespace: string,
  containers: readonly Container[],
  source: AuthenticationSource,
): Promise<Authentication> {
  if (!ref?.name) return none
  const kind = ref.kind === undefined || ref.kind === '' ? 'TriggerAuthentication' : ref.kind
  const found = source.find(kind, namespace, ref.name)
  if (!found) return { ...none, problems: [`${kind} ${ref.name} does not exist`] }
  const { spec } = found
  const home = kind === clusterKind ? source.clusterNamespace : namespace

  const problems: string[] = []
  const auth: Record<string, string> = {}
  for (const entry of spec.env ?? []) {
    const container = containers.find((c) => c.name === entry.containerName) ?? containers[0]
    if (!container) continue
    const env = await environment(container, [entry.name], (what, name) =>
      source.content(what, namespace, name),
    )
    problems.push(...env.problems)
    auth[entry.parameter] = env.values[entry.name] ?? ''
  }
  const fromContents = async (
    what: ContentKind,
    refs: typeof spec.secretTargetRef,
  ): Promise<void> => {
    for (const { parameter, name, key } of refs ?? []) {
      const content = await source.content(what, home, name)
      if (!('data' in content)) problems.push(content.problem)
      else if (content.data[key] === undefined)
        problems.push(`${what} ${home}/${name} has no key ${key}`)
      auth[parameter] = 'data' in content ? (content.data[key] ?? '') : ''
    }
  }
  await fromContents('ConfigMap', spec.configMapTargetRef)
  await fromContents('Secret', spec.secretTargetRef)
  return { auth, identity: identityOf(spec.podIdentity), problems }
}

/** `spec.podIdentity` as it is written; scalers read its fields by these names. */
const identityOf = (
  identity: TriggerAuthentication['spec']['podIdentity'],
): Readonly<Record<string, string>> => ({ ...identity })

/** Names of container variables that a trigger's `<parameter>FromEnv` keys refer to. */
export const wantedVariables = (trigger: TriggerSpec): string[] =>
  Object.entries(trigger.metadata ?? {})
    .filter(([key]) => key.endsWith('FromEnv'))
    .map(([, name]) => name.trim())
    .filter(Boolean)
