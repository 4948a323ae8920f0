import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { givenBy, unsupportedProblems } from '../../src/admission/credentials.ts'
import { fieldText } from '../../src/admission/problem.ts'

const ref = (parameter: string) => [{ parameter, name: 'n', key: 'k' }]

void describe('what an authentication gives', () => {
  const rows: readonly (readonly [name: string, spec: object, auth: readonly string[] | 'any'])[] =
    [
      ['nothing', {}, []],
      [
        'Secrets and ConfigMaps',
        { secretTargetRef: ref('a'), configMapTargetRef: ref('b') },
        ['a', 'b'],
      ],
      ['variables', { env: [{ parameter: 'c', name: 'C' }] }, ['c']],
      [
        'stores',
        { hashiCorpVault: { secrets: ref('d') }, azureKeyVault: { secrets: ref('e') } },
        ['d', 'e'],
      ],
      [
        'tokens',
        { boundServiceAccountToken: [{ parameter: 'f', serviceAccountName: 's' }] },
        ['f'],
      ],
      [
        'a grant',
        { oauth2: {} },
        ['oauthTokenURI', 'clientID', 'clientSecret', 'scopes', 'endpointParams'],
      ],
      ['a file, of which nothing is known', { filePath: 'x', secretTargetRef: ref('a') }, 'any'],
      [
        'what does not have the form of one',
        { secretTargetRef: 5, env: [5, {}, { parameter: 5 }] },
        [],
      ],
    ]
  for (const [name, spec, auth] of rows)
    void it(`is known: ${name}`, () => {
      const found = givenBy(spec).auth
      assert.deepEqual(found === 'any' ? found : [...found], auth)
    })
  void it('is anything where the authentication is not known', () =>
    assert.deepEqual(givenBy(undefined), { auth: 'any', identity: undefined }))
})

void describe('what is accepted and does nothing', () => {
  const cta = 'ClusterTriggerAuthentication'
  const rows: readonly (readonly [name: string, spec: object, kind: string, found: string[]])[] = [
    ['Azure', { podIdentity: { provider: 'azure-workload' } }, cta, []],
    ['none', { podIdentity: { provider: 'none' } }, cta, []],
    ['Google', { podIdentity: { provider: 'gcp' } }, cta, ['warning spec.podIdentity.provider']],
    ['AWS', { podIdentity: { provider: 'aws' } }, cta, ['warning spec.podIdentity.provider']],
    [
      'AWS on EKS',
      { podIdentity: { provider: 'aws-eks' } },
      cta,
      ['warning spec.podIdentity.provider'],
    ],
    ['a name of every object', { podIdentity: { provider: 'constructor' } }, cta, []],
    [
      'Key Vault as Google, in a cloud',
      { azureKeyVault: { podIdentity: { provider: 'gcp' }, cloud: { type: 'x' } } },
      cta,
      ['warning spec.azureKeyVault.podIdentity.provider', 'warning spec.azureKeyVault.cloud'],
    ],
    [
      'stores of others',
      { gcpSecretManager: {}, awsSecretManager: {} },
      cta,
      ['warning spec.gcpSecretManager', 'warning spec.awsSecretManager'],
    ],
    ['a file for all namespaces', { filePath: 'a' }, cta, []],
    [
      'a file for one namespace',
      { filePath: 'a' },
      'TriggerAuthentication',
      ['broken spec.filePath'],
    ],
  ]
  for (const [name, spec, kind, found] of rows)
    void it(`is named: ${name}`, () =>
      assert.deepEqual(
        unsupportedProblems(spec, kind).map(({ weight, path }) => `${weight} ${fieldText(path)}`),
        found,
      ))
})
