import { ClientSecretCredential, WorkloadIdentityCredential } from '@azure/identity'
import type { AzureHttp } from './azure-http.ts'
import type { Token } from './token-cache.ts'

/** Whose token is asked for, with everything that the environment fills in. */
export interface EntraLogin {
  readonly scope: string
  readonly tenantId: string
  readonly clientId: string
  readonly authorityHost: string
  /** How the client shows who it is: a secret, or the file of a token that is federated. */
  readonly by: { readonly secret: string } | { readonly file: string }
}

/**
 * Asks Entra ID for one token. The SDK's own cache is left out: a credential is made for each request, so that a federated token
 * that was replaced is read anew.
 */
export async function askEntra(
  { scope, tenantId, clientId, authorityHost, by }: EntraLogin,
  http: AzureHttp,
  signal: AbortSignal,
): Promise<Token | undefined> {
  const options = {
    authorityHost,
    httpClient: http.client,
    // the caller decides what is asked again
    retryOptions: { maxRetries: 0 },
    // would ask a server in the public cloud about every other authority; ours are checked before
    disableInstanceDiscovery: true,
  }
  const credential =
    'secret' in by
      ? new ClientSecretCredential(tenantId, clientId, by.secret, options)
      : new WorkloadIdentityCredential({ ...options, tenantId, clientId, tokenFilePath: by.file })
  const token = await credential.getToken(scope, { abortSignal: signal })
  return { value: token.token, expires: token.expiresOnTimestamp }
}
