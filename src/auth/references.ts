import type { Ref } from '../cluster.ts'
import type { HashiCorpVault, AzureKeyVault } from './shapes.ts'
import type { KeyVaultAsk } from './key-vault.ts'
import type { VaultAsk } from './vault.ts'
import type { VaultLogin } from './vault-session.ts'

/** `spec.hashiCorpVault` as a login. The account is one of the workload's namespace, as in KEDA. */
export function vaultLogin(spec: HashiCorpVault, namespace: string, own: boolean): VaultLogin {
  const { credential } = spec
  const account: Ref | undefined = credential?.serviceAccountName
    ? { namespace, name: credential.serviceAccountName }
    : undefined
  return {
    address: spec.address,
    namespace: spec.namespace,
    method: spec.authentication === 'kubernetes' ? 'kubernetes' : 'token',
    token: credential?.token || undefined,
    mount: spec.mount,
    role: spec.role,
    account,
    file: credential?.serviceAccount || undefined,
    own,
  }
}

/** One secret to ask for, under Vault's names. */
export function vaultAsk({
  path,
  type = '',
  pkiData = {},
}: HashiCorpVault['secrets'][number]): VaultAsk {
  const names: Readonly<Record<string, string | undefined>> = {
    common_name: pkiData.commonName,
    alt_names: pkiData.altNames,
    ip_sans: pkiData.ipSans,
    uri_sans: pkiData.uriSans,
    other_sans: pkiData.otherSans,
    ttl: pkiData.ttl,
    format: pkiData.format,
  }
  const pki = Object.entries(names).flatMap(([name, value]) => (value ? [[name, value]] : []))
  return { path, type, pki: Object.fromEntries(type === 'pki' ? pki : []) }
}

/** One secret of a Key Vault, read by an identity or as a client. */
export const keyVaultAsk = (
  spec: AzureKeyVault,
  { name, version }: AzureKeyVault['secrets'][number],
  clientSecret: string | undefined,
): KeyVaultAsk => ({
  vaultUri: spec.vaultUri,
  name,
  version: version ?? '',
  identity:
    clientSecret === undefined
      ? {
          clientId: spec.podIdentity?.identityId,
          tenantId: spec.podIdentity?.identityTenantId,
          authorityHost: spec.podIdentity?.identityAuthorityHost,
        }
      : {
          clientId: spec.credentials?.clientId,
          tenantId: spec.credentials?.tenantId,
          authorityHost: undefined,
          clientSecret,
        },
})
