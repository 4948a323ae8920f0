import type { Hidden } from '../metadata/inspect.ts'
import { inSpec, type Problem } from './problem.ts'

/** A TriggerAuthentication's spec, as far as it says which parameters it gives. */
export interface GivingSpec {
  readonly podIdentity?: Readonly<Record<string, string>> & { readonly provider: string }
  readonly filePath?: string
  readonly oauth2?: object
}

/** The places of a spec that give parameters by name, directly or in a list called `secrets`. */
const lists = [
  'secretTargetRef',
  'configMapTargetRef',
  'env',
  'boundServiceAccountToken',
  'hashiCorpVault',
  'azureKeyVault',
  'gcpSecretManager',
  'awsSecretManager',
] as const

/** What oauth2 comes to (KEDA pkg/scaling/resolver). */
const ofOauth2 = ['oauthTokenURI', 'clientID', 'clientSecret', 'scopes', 'endpointParams']

/** What a trigger that uses this authentication is given; undefined stands for one that is not known. */
export function givenBy(spec: GivingSpec | undefined): Hidden {
  if (spec === undefined) return { auth: 'any', identity: undefined }
  const identity = { ...spec.podIdentity }
  if (spec.filePath) return { auth: 'any', identity }
  const tree: Readonly<Record<string, unknown>> = { ...spec }
  const names = lists.flatMap((name) => parametersIn(tree[name]))
  return { auth: new Set([...names, ...(spec.oauth2 ? ofOauth2 : [])]), identity }
}

/** A trigger without an authentication. */
export const nothingGiven: Hidden = { auth: new Set(), identity: {} }

function parametersIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const items: readonly unknown[] = Array.isArray(value)
    ? value
    : 'secrets' in value && Array.isArray(value.secrets)
      ? value.secrets
      : []
  return items.flatMap((item) =>
    typeof item === 'object' &&
    item !== null &&
    'parameter' in item &&
    typeof item.parameter === 'string'
      ? [item.parameter]
      : [],
  )
}

const identities: Readonly<Record<string, string>> = {
  gcp: 'Google',
  aws: 'AWS',
  'aws-eks': 'AWS',
}

/** What is accepted because KEDA has it and does nothing in Ebb. */
export function unsupportedProblems(spec: object, kind: string): readonly Problem[] {
  const tree: Readonly<Record<string, unknown>> = { ...spec }
  const found: Problem[] = []
  const warn = (path: readonly string[], message: string): void => {
    found.push(inSpec(path, 'unsupported', message, 'warning'))
  }
  for (const [block, path] of [
    [tree['podIdentity'], ['podIdentity', 'provider']],
    [inner(tree['azureKeyVault'], 'podIdentity'), ['azureKeyVault', 'podIdentity', 'provider']],
  ] as const) {
    const provider = inner(block, 'provider')
    if (typeof provider !== 'string') continue
    const whose = Object.hasOwn(identities, provider) ? identities[provider] : undefined
    if (whose !== undefined)
      warn(path, `Ebb does not support identities of ${whose} (${path.join('.')} ${provider})`)
  }
  for (const store of ['gcpSecretManager', 'awsSecretManager'])
    if (tree[store] !== undefined)
      warn([store], `Ebb does not support ${store}: what uses it stands still`)
  if (inner(tree['azureKeyVault'], 'cloud') !== undefined)
    warn(['azureKeyVault', 'cloud'], 'azureKeyVault.cloud has no effect, as in KEDA')
  if (tree['filePath'] !== undefined && kind !== 'ClusterTriggerAuthentication')
    found.push(
      inSpec(
        ['filePath'],
        'unsupported',
        'filePath is for ClusterTriggerAuthentications only',
        'broken',
      ),
    )
  return found
}

const inner = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined
