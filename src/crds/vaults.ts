import { podIdentity, secretValue } from './credentials.ts'
import { choice, type Fields, list, object, type Schema, text } from './schema.ts'

const parameter = text('The trigger parameter that gets the value.')

const secrets = (required: Fields, optional: Fields): Schema =>
  list('What to read.', object('One secret.', { parameter, ...required }, optional), {
    minItems: 1,
  })

const hashiCorpVault: Schema = object(
  'Parameters from HashiCorp Vault.',
  {
    address: text('Address of the server.'),
    authentication: choice('How to log in.', ['token', 'kubernetes']),
    secrets: secrets(
      { key: text('The key in the secret.'), path: text('Path of the secret.') },
      {
        type: choice('The engine; found out when absent.', ['', 'secretV2', 'secret', 'pki']),
        pkiData: object(
          'With pki: the certificate to ask for.',
          {},
          {
            commonName: text('Its common name.'),
            altNames: text('Further DNS names.'),
            ipSans: text('IP addresses.'),
            uriSans: text('URIs.'),
            otherSans: text('Other names.'),
            ttl: text('How long it is good.'),
            format: text('Its format.'),
          },
        ),
      },
    ),
  },
  {
    namespace: text('Namespace of Vault.'),
    mount: text('With kubernetes: where the method is mounted.'),
    role: text('With kubernetes: the role.'),
    credential: object(
      'What to log in with.',
      {},
      {
        token: text('A token.'),
        serviceAccount: text('A file with a token of a service account.'),
        serviceAccountName: text('A service account whose token is used.'),
      },
    ),
  },
)

const azureKeyVault: Schema = object(
  'Parameters from Azure Key Vault.',
  {
    vaultUri: text('Address of the vault.'),
    secrets: secrets(
      { name: text('Name of the secret.') },
      { version: text('Its version; the latest when absent.') },
    ),
  },
  {
    podIdentity: podIdentity('The identity to read with.'),
    credentials: object('The client to read with.', {
      clientId: text('The client.'),
      tenantId: text('Its tenant.'),
      clientSecret: secretValue('Its secret.'),
    }),
    cloud: object(
      'Which Azure.',
      { type: text('Its name.') },
      {
        keyVaultResourceURL: text('With Private: the resource of Key Vault.'),
        activeDirectoryEndpoint: text('With Private: the endpoint of the directory.'),
      },
    ),
  },
)

const gcpSecretManager: Schema = object(
  'Parameters from Google Secret Manager.',
  {
    secrets: secrets(
      { id: text('Id of the secret.') },
      { version: text('Its version; the latest when absent.') },
    ),
  },
  {
    podIdentity: podIdentity('The identity to read with.'),
    credentials: object('The key to read with.', { clientSecret: secretValue('The key.') }),
  },
)

const awsSecretManager: Schema = object(
  'Parameters from AWS Secrets Manager.',
  {
    secrets: secrets(
      { name: text('Name of the secret.') },
      {
        versionId: text('Its version by id.'),
        versionStage: text('Its version by stage.'),
        secretKey: text('The key in a secret that is JSON.'),
      },
    ),
  },
  {
    region: text('The region.'),
    podIdentity: podIdentity('The identity to read with.'),
    credentials: object(
      'The key to read with.',
      { accessKey: secretValue('Its id.'), accessSecretKey: secretValue('Its secret.') },
      { accessToken: secretValue('A session token.') },
    ),
  },
)

/** Secret stores outside the cluster. */
export const vaultFields: Fields = {
  hashiCorpVault,
  azureKeyVault,
  gcpSecretManager,
  awsSecretManager,
}
