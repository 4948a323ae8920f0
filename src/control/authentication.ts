import type { ContentKind } from '../auth/objects.ts'
import { keyVaultAsk, vaultAsk, vaultLogin } from '../auth/references.ts'
import type { Content, Item } from '../auth/store.ts'
import type { ParameterRef, SecretValue } from '../auth/shapes.ts'
import type { Stores } from '../auth/stores.ts'
import { limitsOf } from '../auth/tenancy.ts'
import type { Within } from '../endpoints.ts'
import type { Container, TriggerAuthentication, TriggerSpec } from '../resources.ts'
import { own } from '../metadata/schema.ts'
import { environment } from './environment.ts'

/** What a trigger's authenticationRef comes to. */
export interface Authentication {
  readonly auth: Readonly<Record<string, string>>
  readonly identity: Readonly<Record<string, string>>
  /** What could not be had; the parameters are absent, and may come from elsewhere. */
  readonly problems: readonly string[]
  /** What forbids to go on, whatever the parameters. */
  readonly fatal: readonly string[]
  /** Stores that cannot answer now, while what was last read from them is used. */
  readonly notes: readonly string[]
  /** Where the parameters may be sent; undefined: no limit of the authentication's own. */
  readonly within: Within | undefined
}

export interface AuthenticationSource {
  /** The authentication by kind and name, from the mirrors. */
  find(kind: string, namespace: string, name: string): TriggerAuthentication | undefined
  /** Reads an item of `stores`. */
  read(item: Item): Promise<Content>
  readonly stores: Stores
  /** Where Secrets of ClusterTriggerAuthentications are (KEDA_CLUSTER_OBJECT_NAMESPACE, else Ebb's own). */
  readonly clusterNamespace: string
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

/** What forbids to go on without the content, as in KEDA: nothing, a refusal, or also that it is missing. */
type Must = 'try' | 'answer' | 'have'

/** What has been read so far of one authentication. */
interface Reading {
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
  result(): Omit<Authentication, 'identity' | 'within'>
}

function createReading(source: AuthenticationSource, home: string): Reading {
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
