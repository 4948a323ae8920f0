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

const azure = "!has(self.podIdentity) || self.podIdentity.provider != 'azure-workload' || "
const aws = "!has(self.podIdentity) || self.podIdentity.provider != 'aws' || "
/** With an identity of gcp, aws-eks or none KEDA's webhook does not look at oauth2. */
const grant =
  "!has(self.oauth2) || has(self.podIdentity) && !(self.podIdentity.provider in ['azure-workload', 'aws']) || "

const rule = (text: string, message: string, fieldPath: string) => ({
  rule: text,
  message,
  fieldPath,
})

/** What KEDA's webhook refuses. */
const rules: Schema['x-kubernetes-validations'] = [
  rule(
    `${azure}!has(self.podIdentity.identityId) || self.podIdentity.identityId != ''`,
    'podIdentity.identityId must not be empty where it is set',
    '.podIdentity.identityId',
  ),
  rule(
    `${azure}!has(self.podIdentity.identityAuthorityHost) || self.podIdentity.identityAuthorityHost == '' || has(self.podIdentity.identityTenantId) && self.podIdentity.identityTenantId != ''`,
    'podIdentity.identityTenantId is required where identityAuthorityHost is set',
    '.podIdentity.identityTenantId',
  ),
  rule(
    `${azure}!has(self.podIdentity.identityTenantId) || self.podIdentity.identityTenantId != ''`,
    'podIdentity.identityTenantId must not be empty where it is set',
    '.podIdentity.identityTenantId',
  ),
  rule(
    `${aws}!has(self.podIdentity.roleArn) || self.podIdentity.roleArn == '' || !has(self.podIdentity.identityOwner) || self.podIdentity.identityOwner != 'workload'`,
    'podIdentity.roleArn cannot be set where identityOwner is workload',
    '.podIdentity.roleArn',
  ),
  rule(
    `${aws}!has(self.podIdentity.externalID) || self.podIdentity.externalID == '' || has(self.podIdentity.roleArn) && self.podIdentity.roleArn != ''`,
    'podIdentity.externalID needs roleArn',
    '.podIdentity.externalID',
  ),
  rule(
    `${grant}self.oauth2.clientId != ''`,
    'oauth2.clientId must not be empty',
    '.oauth2.clientId',
  ),
  rule(
    `${grant}isURL(self.oauth2.tokenUrl) && url(self.oauth2.tokenUrl).getScheme() in ['http', 'https'] && url(self.oauth2.tokenUrl).getHost() != ''`,
    'oauth2.tokenUrl must be an http or https URL with a host',
    '.oauth2.tokenUrl',
  ),
]

const common = {
  spec: object('Where parameters come from; later sources count before earlier ones.', {}, fields, {
    'x-kubernetes-validations': rules,
  }),
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
