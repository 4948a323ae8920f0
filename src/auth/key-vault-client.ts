import { SecretClient } from '@azure/keyvault-secrets'
import type { AzureHttp } from './azure-http.ts'

/** Reads one secret; the vault says in its challenge which token it wants, and the SDK checks that the challenge is its own. */
export async function askKeyVault(
  vaultUri: string,
  secret: { readonly name: string; readonly version: string },
  token: (scope: string) => Promise<string>,
  http: AzureHttp,
  now: () => number,
): Promise<string | undefined> {
  const client = new SecretClient(
    vaultUri,
    {
      getToken: async (scopes) => ({
        token: await token(typeof scopes === 'string' ? scopes : (scopes[0] ?? '')),
        // used at once; the cache behind it knows its end
        expiresOnTimestamp: now() + 600_000,
      }),
    },
    { httpClient: http.client, retryOptions: { maxRetries: 0 } },
  )
  const { version } = secret
  return (await client.getSecret(secret.name, version === '' ? {} : { version })).value
}
