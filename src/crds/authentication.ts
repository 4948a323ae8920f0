import { column, type Definition, type PrinterColumn } from './definition.ts'
import { choice, type Fields, list, map, object, type Schema, text } from './schema.ts'
import { vaultFields } from './vaults.ts'
import { podIdentity, secretValue } from './credentials.ts'

const parameter = text('The trigger parameter that gets the value.')

const keyRefs = (what: string): Schema =>
  list(
    `Parameters from ${what}s of the namespace.`,
    object(`One key of a ${what}.`, {
      parameter,
      name: text(`Name of the ${what}.`),
      key: text('The key.'),
    }),
  )

const oauth2: Schema = object(
  'A token by OAuth 2.',
  {
    type: choice('The grant.', ['clientCredentials'], { default: 'clientCredentials' }),
    clientId: text('The client.'),
    tokenUrl: text('Where tokens are had.'),
  },
  {
    clientSecret: secretValue('The secret of the client.'),
    scopes: list('The scopes to ask for.', { type: 'string' }),
    tokenUrlParams: map('Further parameters of the request.', { type: 'string' }),
  },
)

const fields: Fields = {
  podIdentity: podIdentity('An identity of the platform in place of secrets.'),
  secretTargetRef: keyRefs('Secret'),
  configMapTargetRef: keyRefs('ConfigMap'),
  env: list(
    'Parameters from the environment of the workload.',
    object(
      'One variable.',
      { parameter, name: text('Name of the variable.') },
      { containerName: text('The container; the first when absent.') },
    ),
  ),
  filePath: text(
    'A file of parameters (JSON) below the folder the controller allows; for ClusterTriggerAuthentication only.',
  ),
  ...vaultFields,
  boundServiceAccountToken: list(
    'Parameters that get a token of a service account.',
    object('One token.', { parameter, serviceAccountName: text('The account.') }),
  ),
  oauth2,
}

const columns = (cluster: boolean): readonly PrinterColumn[] => [
  column('PodIdentity', '.spec.podIdentity.provider'),
  column('Secret', '.spec.secretTargetRef[*].name'),
  column('Env', '.spec.env[*].name'),
  ...(cluster ? [column('FilePath', '.spec.filePath')] : []),
  column('VaultAddress', '.spec.hashiCorpVault.address'),
  { ...column('ScaledObjects', '.status.scaledobjects'), priority: 1 },
  { ...column('ScaledJobs', '.status.scaledjobs'), priority: 1 },
]

const common = {
  spec: object('Where parameters come from; later sources count before earlier ones.', {}, fields),
  status: object(
    'Who uses it.',
    {},
    {
      scaledobjects: text('Names of the ScaledObjects, separated by commas.'),
      scaledjobs: text('Names of the ScaledJobs, separated by commas.'),
    },
  ),
}

export const triggerAuthentication: Definition = {
  kind: 'TriggerAuthentication',
  description: 'Gives triggers of its namespace the parameters that are secret.',
  shortNames: ['ta', 'triggerauth'],
  columns: columns(false),
  ...common,
}

export const clusterTriggerAuthentication: Definition = {
  kind: 'ClusterTriggerAuthentication',
  description:
    'Gives triggers of every namespace the parameters that are secret, from Secrets of the namespace of the controller.',
  shortNames: ['cta', 'clustertriggerauth'],
  scope: 'Cluster',
  columns: columns(true),
  ...common,
}
