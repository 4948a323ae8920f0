import type { ContentKind } from '../auth/objects.ts'
import { keyVaultAsk, vaultAsk, vaultLogin } from '../auth/references.ts'
import type { ParameterRef, SecretValue } from '../auth/shapes.ts'
import { limitsOf } from '../auth/tenancy.ts'
import type { Within } from '../endpoints.ts'
import type { Container, TriggerAuthentication, TriggerSpec } from '../resources.ts'
import { own } from '../metadata/schema.ts'
import { environment } from './environment.ts'
import {
  type AuthenticationSource,
  createReading,
  environmentReader,
  type Found,
  type Reading,
} from './reading.ts'

/** What a trigger's authenticationRef comes to. */
export interface Authentication extends Found {
  readonly identity: Readonly<Record<string, string>>
  /** Where the parameters may be sent; undefined: no limit of the authentication's own. */
  readonly within: Within | undefined
}

const clusterKind = 'ClusterTriggerAuthentication'
const none: Authentication = {
  auth: {},
  identity: {},
  problems: [],
  fatal: [],
  notes: [],
  within: undefined,
}

/**
 * Resolves an authenticationRef in KEDA's order, later places overwriting earlier ones (KEDA pkg/scaling/resolver
 * resolveAuthRef): pod identity, env, configMapTargetRef, secretTargetRef, hashiCorpVault, azureKeyVault,
 * boundServiceAccountToken, oauth2; a filePath stands alone.
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
  const limits = limitsOf(kind, found, namespace)
  if ('problem' in limits) return { ...none, fatal: [limits.problem] }
  if (sizeOf(found.spec) > most)
    return { ...none, fatal: [`${kind} ${ref.name} takes more than ${most} values; split it`] }
  const cluster = kind === clusterKind
  const home = cluster ? source.clusterNamespace : namespace
  const reading = createReading(source, home)
  const { spec } = found

  if (spec.filePath) {
    await fromFile(spec.filePath, cluster, reading)
  } else {
    refuseUnsupported(spec, `${kind} ${ref.name}`, reading)
    await fromEnv(spec, namespace, containers, reading)
    await fromObjects('ConfigMap', spec.configMapTargetRef, reading)
    await fromObjects('Secret', spec.secretTargetRef, reading)
    await fromVault(spec, namespace, cluster, reading)
    await fromKeyVault(spec, reading)
    await fromAccounts(spec, reading)
    await fromOauth(spec, reading)
  }
  return { ...reading.result(), identity: { ...spec.podIdentity }, within: limits.within }
}

/** How many values one authentication may take from elsewhere: each is a reading, and others wait for theirs. */
const most = 200

const sizeOf = (spec: Spec): number =>
  [
    spec.env,
    spec.configMapTargetRef,
    spec.secretTargetRef,
    spec.hashiCorpVault?.secrets,
    spec.azureKeyVault?.secrets,
    spec.boundServiceAccountToken,
  ].reduce((sum, list) => sum + (list?.length ?? 0), 0)

type Spec = TriggerAuthentication['spec']

/** What is in the CRDs and not here is never passed over in silence. */
function refuseUnsupported(spec: Spec, whose: string, reading: Reading): void {
  for (const store of ['gcpSecretManager', 'awsSecretManager'] as const)
    if (spec[store])
      reading.refuse(`${store} of ${whose} is not supported; use a Secret or a vault`)
  const { provider, identityId } = spec.podIdentity ?? {}
  if (provider && !['azure-workload', 'none'].includes(provider))
    reading.refuse(
      `podIdentity ${provider} of ${whose} is not supported; use azure-workload or a Secret`,
    )
  if (provider === 'azure-workload' && identityId === '')
    reading.refuse(`podIdentity.identityId of ${whose} must not be empty`)
}

async function fromAccounts(
  { boundServiceAccountToken: tokens }: Spec,
  reading: Reading,
): Promise<void> {
  for (const { parameter, serviceAccountName: name } of tokens ?? []) {
    const item = reading.source.stores.account({ namespace: reading.home, name })
    reading.set(parameter, await reading.value(item, 'token', 'token'))
  }
}

async function fromFile(path: string, cluster: boolean, reading: Reading): Promise<void> {
  if (!cluster)
    return reading.refuse('filePath is for ClusterTriggerAuthentications only; use a Secret')
  const content = await reading.source.read(reading.source.stores.file(path))
  if ('problem' in content) return reading.refuse(content.problem)
  for (const [parameter, value] of Object.entries(content.data)) reading.set(parameter, value)
}

async function fromEnv(
  spec: Spec,
  namespace: string,
  containers: readonly Container[],
  reading: Reading,
): Promise<void> {
  for (const { parameter, name, containerName } of spec.env ?? []) {
    reading.set(parameter, '')
    const container = containerName
      ? containers.find((each) => each.name === containerName)
      : containers[0]
    if (!container) {
      if (containerName) reading.miss([`the scale target has no container ${containerName}`])
      continue
    }
    const read = environmentReader(reading.source, namespace)
    const { values, problems } = await environment(container, [name], read)
    reading.miss(problems)
    reading.set(parameter, own(values, name) ?? '')
  }
}

async function fromObjects(
  kind: ContentKind,
  refs: readonly ParameterRef[] | undefined,
  reading: Reading,
): Promise<void> {
  const { source, home } = reading
  for (const { parameter, name, key } of refs ?? []) {
    const value =
      kind === 'Secret'
        ? reading.secret(name, key)
        : reading.value(
            source.stores.object(kind, { namespace: home, name }),
            key,
            `${kind} ${home}/${name}`,
          )
    reading.set(parameter, await value)
  }
}

async function fromVault(
  { hashiCorpVault: vault }: Spec,
  namespace: string,
  cluster: boolean,
  reading: Reading,
): Promise<void> {
  if (!vault) return
  const { stores } = reading.source
  const login = vaultLogin(vault, namespace, cluster || stores.trusted(vault.address))
  const values = vault.secrets.map(async (secret) => {
    const what = `${secret.path} of Vault ${vault.address}`
    return [
      secret.parameter,
      await reading.value(stores.vault(login, vaultAsk(secret)), secret.key, what, 'answer'),
    ] as const
  })
  for (const [parameter, value] of await Promise.all(values)) reading.set(parameter, value)
}

async function fromKeyVault({ azureKeyVault: vault }: Spec, reading: Reading): Promise<void> {
  if (!vault) return
  const provider = vault.podIdentity?.provider || 'none'
  if (!['azure-workload', 'none'].includes(provider))
    return reading.refuse(`azureKeyVault.podIdentity ${provider} is not supported`)
  let clientSecret: string | undefined
  if (provider === 'none') {
    const { clientId, tenantId, clientSecret: secret } = vault.credentials ?? {}
    clientSecret = await secretOf(secret, reading)
    if (!clientId || !tenantId || clientSecret === '')
      return reading.refuse(
        'azureKeyVault needs podIdentity azure-workload, or credentials with clientId, tenantId and a clientSecret that can be read',
      )
  }
  const values = vault.secrets.map(async (secret) => {
    const item = reading.source.stores.keyVault(keyVaultAsk(vault, secret, clientSecret))
    return [secret.parameter, await reading.value(item, 'value', vault.vaultUri, 'have')] as const
  })
  for (const [parameter, value] of await Promise.all(values)) reading.set(parameter, value)
}

async function fromOauth({ oauth2 }: Spec, reading: Reading): Promise<void> {
  if (!oauth2) return
  const { scopes = [], tokenUrlParams = {} } = oauth2
  reading.set('oauthTokenURI', oauth2.tokenUrl)
  reading.set('clientID', oauth2.clientId)
  reading.set('clientSecret', await secretOf(oauth2.clientSecret, reading))
  if (scopes.length > 0) reading.set('scopes', scopes.join(','))
  if (Object.keys(tokenUrlParams).length > 0)
    reading.set('endpointParams', new URLSearchParams(tokenUrlParams).toString())
}

const secretOf = async (value: SecretValue | undefined, reading: Reading): Promise<string> => {
  const ref = value?.valueFrom?.secretKeyRef
  return ref ? reading.secret(ref.name, ref.key) : ''
}

/** Names of container variables that a trigger's `<parameter>FromEnv` keys refer to. */
export const wantedVariables = (trigger: TriggerSpec): string[] =>
  Object.entries(trigger.metadata ?? {})
    .filter(([key]) => key.endsWith('FromEnv'))
    .map(([, name]) => name.trim())
    .filter(Boolean)
