import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authenticationProblems,
  type JudgedAuthentication,
} from '../../src/admission/authentication.ts'
import { fieldText } from '../../src/admission/problem.ts'

type Identity = NonNullable<JudgedAuthentication['podIdentity']>
const azure = (more: Partial<Identity> = {}): JudgedAuthentication => ({
  podIdentity: { provider: 'azure-workload', ...more },
})
const aws = (more: Partial<Identity> = {}): JudgedAuthentication => ({
  podIdentity: { provider: 'aws', ...more },
})
const grant = { type: 'clientCredentials', clientId: 'c', tokenUrl: 'https://login/token' }
const oauth2 = (more: object): JudgedAuthentication => ({ oauth2: { ...grant, ...more } })

const rows: readonly (readonly [name: string, JudgedAuthentication, ...fields: string[]])[] = [
  ['nothing', {}],
  ['pod-identity: azure-workload', azure()],
  [
    'pod-identity: all of azure-workload',
    azure({ identityId: 'i', identityTenantId: 't', identityAuthorityHost: 'h' }),
  ],
  ['pod-identity: an empty identityId', azure({ identityId: '' }), 'podIdentity.identityId'],
  [
    'pod-identity: a host without a tenant',
    azure({ identityAuthorityHost: 'h' }),
    'podIdentity.identityTenantId',
  ],
  [
    'pod-identity: a host with an empty tenant',
    azure({ identityAuthorityHost: 'h', identityTenantId: '' }),
    'podIdentity.identityTenantId',
  ],
  [
    'pod-identity: an empty tenant',
    azure({ identityTenantId: '' }),
    'podIdentity.identityTenantId',
  ],
  ['pod-identity: an empty host', azure({ identityAuthorityHost: '' })],
  ['pod-identity: aws', aws({ roleArn: 'r', externalID: 'e' })],
  [
    'pod-identity: roleArn of the workload',
    aws({ roleArn: 'r', identityOwner: 'workload' }),
    'podIdentity.roleArn',
  ],
  ['pod-identity: roleArn of keda', aws({ roleArn: 'r', identityOwner: 'keda' })],
  ['pod-identity: externalID alone', aws({ externalID: 'e' }), 'podIdentity.externalID'],
  ['oauth2: whole', oauth2({})],
  ['oauth2: another type', oauth2({ type: 'password' }), 'oauth2.type'],
  ['oauth2: no client', oauth2({ clientId: '' }), 'oauth2.clientId'],
  ['oauth2: no URL', oauth2({ tokenUrl: '' }), 'oauth2.tokenUrl'],
  ['oauth2: http', oauth2({ tokenUrl: 'http://login:8080/a?b=c' })],
  ...['login', '//login', 'ftp://login', 'https://', 'https:login', '/token', 'https://a b'].map(
    (tokenUrl) => [`oauth2: ${tokenUrl}`, oauth2({ tokenUrl }), 'oauth2.tokenUrl'] as const,
  ),
  ['oauth2: beside azure-workload', { ...azure(), ...oauth2({ clientId: '' }) }, 'oauth2.clientId'],
  ...['gcp', 'aws-eks', 'none'].map(
    (provider) =>
      [
        `oauth2: beside ${provider}, where KEDA does not look`,
        { podIdentity: { provider, identityId: '' }, ...oauth2({ clientId: '' }) },
      ] as const,
  ),
]

void describe('the rules of a TriggerAuthentication', () => {
  for (const [name, spec, ...fields] of rows)
    void it(`${fields.length > 0 ? 'refuse' : 'accept'} ${name}`, () =>
      assert.deepEqual(
        authenticationProblems(spec).map(({ path }) => fieldText(path)),
        fields.map((field) => `spec.${field}`),
      ))
})
