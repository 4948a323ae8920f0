import { readFile } from 'node:fs/promises'
import { failure, reasonOf } from '../../src/errors.ts'
import { optional, text } from '../../src/metadata/fields.ts'
import type { Host, TokenRequest } from '../../src/scaler.ts'

/** `podIdentity` of the TriggerAuthentication, for scalers that can use a federated identity. */
export const identityFields = {
  provider: optional(
    text({
      doc: 'Pod identity provider; `azure-workload`, or none.',
      from: ['identity'],
      connection: true,
    }),
  ),
  identityId: optional(
    text({
      doc: 'Client id to use instead of AZURE_CLIENT_ID.',
      from: ['identity'],
      connection: true,
    }),
  ),
  identityTenantId: optional(
    text({
      doc: 'Tenant to use instead of AZURE_TENANT_ID.',
      from: ['identity'],
      connection: true,
    }),
  ),
  identityAuthorityHost: optional(
    text({
      doc: 'Authority to use instead of AZURE_AUTHORITY_HOST.',
      from: ['identity'],
      connection: true,
    }),
  ),
}

export interface Identity {
  readonly provider: string | undefined
  readonly identityId: string | undefined
  readonly identityTenantId: string | undefined
  readonly identityAuthorityHost: string | undefined
}

/** The provider in force; KEDA takes `none` and an empty one for the same. */
export const providerOf = (i: { readonly provider?: string | undefined }): string =>
  i.provider ?? 'none'

/** A bearer token for one source; what the source did not take is not shown again. */
export interface Bearer {
  token(signal: AbortSignal): Promise<string>
  /** The source did not take the last token. False where that was said of it before: then no other can be had. */
  refused(): boolean
}

export function bearerOf(request: TokenRequest, host: Host): Bearer {
  let last: string | undefined
  let refused: string | undefined
  return {
    async token(signal) {
      last = await host.token(request, signal, refused)
      return last
    },
    refused() {
      if (last === undefined || last === refused) return false
      refused = last
      return true
    },
  }
}

/** A token source for one scope, under the identity of the trigger. */
export const tokenFor = (scope: string, i: Identity, host: Host): Bearer =>
  bearerOf(
    {
      scope,
      clientId: i.identityId,
      tenantId: i.identityTenantId,
      authorityHost: i.identityAuthorityHost,
    },
    host,
  )

export type Cloud = 'public' | 'usgov' | 'china' | 'german' | 'stack' | 'private'

const clouds: Readonly<Record<string, Cloud>> = {
  azurepubliccloud: 'public',
  azurecloud: 'public',
  azureusgovernmentcloud: 'usgov',
  azureusgovernment: 'usgov',
  azurechinacloud: 'china',
  azuregermancloud: 'german',
  azurestackcloud: 'stack',
  private: 'private',
}

/** KEDA's names of clouds, without regard to case; `undefined` for any other. */
export const cloudOf = (name: string): Cloud | undefined => {
  const key = name.toLowerCase()
  return Object.hasOwn(clouds, key) ? clouds[key] : undefined
}

/** What is wrong with `cloud`, in words for METADATA_INVALID. */
export function cloudProblems(
  name: string,
  suffixKey: string,
  suffix: string | undefined,
): string[] {
  const cloud = cloudOf(name)
  if (cloud === undefined)
    return [
      `cloud must be one of AzurePublicCloud, AzureUSGovernmentCloud, AzureChinaCloud, AzureGermanCloud, AzureStackCloud, Private, not "${name.slice(0, 60)}"`,
    ]
  return cloud === 'private' && suffix === undefined
    ? [`${suffixKey} is required with cloud Private: set it in the trigger's metadata`]
    : []
}

const storageSuffixes: Readonly<Record<Exclude<Cloud, 'stack' | 'private'>, string>> = {
  public: 'core.windows.net',
  usgov: 'core.usgovcloudapi.net',
  china: 'core.chinacloudapi.cn',
  german: 'core.cloudapi.de',
}

/** The same where no file has to be read for it. */
export const knownStorageSuffix = (cloud: Cloud | undefined): string | undefined =>
  cloud === undefined || cloud === 'stack' || cloud === 'private'
    ? undefined
    : storageSuffixes[cloud]

/** The storage suffix of a cloud, such as `core.windows.net`; the one of Azure Stack is in the file its operator provides. */
export async function storageSuffix(cloud: Exclude<Cloud, 'private'>): Promise<string> {
  return cloud === 'stack'
    ? stackSuffix(process.env['AZURE_ENVIRONMENT_FILEPATH'])
    : storageSuffixes[cloud]
}

async function stackSuffix(path: string | undefined): Promise<string> {
  const wrong = (why: string): Error =>
    failure('METADATA_INVALID', {
      trigger: 'azure',
      problems: [
        `cloud AzureStackCloud needs the environment file named by AZURE_ENVIRONMENT_FILEPATH: ${why}`,
      ],
    })
  if (!path) throw wrong('the variable is not set')
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw wrong(reasonOf(error))
  }
  const suffix =
    typeof parsed === 'object' &&
    parsed !== null &&
    'storageEndpointSuffix' in parsed &&
    parsed.storageEndpointSuffix
  if (typeof suffix !== 'string' || suffix === '') throw wrong('it has no storageEndpointSuffix')
  return suffix
}
