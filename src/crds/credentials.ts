import { choice, object, type Schema, text } from './schema.ts'

/** A value out of a Secret, in the form `valueFrom.secretKeyRef`. */
export const secretValue = (description: string): Schema =>
  object(description, {
    valueFrom: object('Where it comes from.', {
      secretKeyRef: object('One key of a Secret.', {
        name: text('Name of the Secret.'),
        key: text('The key.'),
      }),
    }),
  })

export const podIdentity = (description: string): Schema =>
  object(
    description,
    {
      provider: choice('The platform.', ['azure-workload', 'gcp', 'aws', 'aws-eks', 'none']),
    },
    {
      identityId: text(
        'Azure: the client id of the identity, in place of the one of the controller.',
      ),
      identityTenantId: text('Azure: its tenant.'),
      identityAuthorityHost: text('Azure: the authority of the tenant.'),
      roleArn: text('AWS: the role to take.'),
      externalID: text('AWS: the external id to take it with.'),
      identityOwner: choice('AWS: whose identity is taken.', ['keda', 'workload']),
    },
  )
