import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { AuthenticationSpec } from '../../src/auth/shapes.ts'
import { createStores, type StoreParts } from '../../src/auth/stores.ts'
import { authenticate, type Authentication } from '../../src/control/authentication.ts'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { Container, TriggerAuthentication } from '../../src/resources.ts'
import { manualClock } from '../support/clock.ts'
import { forever, secret } from '../support/controller.ts'
import { startVault } from '../support/vault.ts'

interface Stage {
  readonly cluster: EmbeddedCluster
  readonly parts: Partial<StoreParts>
}

interface Case {
  readonly spec: AuthenticationSpec
  readonly kind?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly namespace?: string
  readonly containers?: readonly Container[]
}

const containers: readonly Container[] = [
  { name: 'main', env: [{ name: 'PASSWORD', value: 'of-main' }] },
  { name: 'sidecar', env: [{ name: 'PASSWORD', value: 'of-sidecar' }] },
]

function open(t: TestContext, parts: Partial<StoreParts> = {}): Stage {
  const cluster = createEmbedded({ clock: manualClock() })
  t.after(() => cluster.close())
  return { cluster, parts }
}

async function resolve({ cluster, parts }: Stage, c: Case): Promise<Authentication> {
  const { kind = 'TriggerAuthentication', namespace = 'default', annotations = {} } = c
  const metadata = {
    name: 'login',
    annotations,
    ...(kind === 'TriggerAuthentication' && { namespace }),
  }
  const found: TriggerAuthentication = { metadata, spec: c.spec }
  const stores = createStores({ cluster, clock: manualClock(), ...parts })
  const ref = { name: 'login', kind }
  const source = {
    find: () => found,
    read: (item: { read(signal: AbortSignal): Promise<never> }) => item.read(forever),
    stores,
    clusterNamespace: 'ebb',
  }
  try {
    // an item's reading is a content with when to read it again
    return await authenticate(ref, namespace, c.containers ?? containers, source as never)
  } finally {
    stores.close()
  }
}

const cluster = 'ClusterTriggerAuthentication'
const put = ({ cluster: on }: Stage, name: string, data: object, namespace = 'default') =>
  on.apply(kinds.secret, { ...secret(name, { ...data }), metadata: { name, namespace } }, forever)

describe('what a TriggerAuthentication gives', () => {
  test('later places overwrite earlier ones: env, ConfigMap, Secret, vault, account, oauth2', async (t) => {
    const s = open(t)
    const vault = await startVault(() => 0)
    t.after(() => vault.close())
    vault.issue('hvs.t', 0)
    vault.kv.set('kv/a', { k: 'of-vault' })
    await put(s, 'secret', { k: 'of-secret' })
    const config = { metadata: { namespace: 'default', name: 'config' }, data: { k: 'of-config' } }
    await s.cluster.create(kinds.configMap, config, forever)
    const account = { metadata: { namespace: 'default', name: 'account' } }
    await s.cluster.create(kinds.serviceAccount, account, forever)
    const steps: readonly AuthenticationSpec[] = [
      { env: [{ parameter: 'scopes', name: 'PASSWORD' }] },
      { configMapTargetRef: [{ parameter: 'scopes', name: 'config', key: 'k' }] },
      { secretTargetRef: [{ parameter: 'scopes', name: 'secret', key: 'k' }] },
      {
        hashiCorpVault: {
          address: vault.url,
          authentication: 'token',
          credential: { token: 'hvs.t' },
          secrets: [{ parameter: 'scopes', path: 'kv/a', key: 'k' }],
        },
      },
      { boundServiceAccountToken: [{ parameter: 'scopes', serviceAccountName: 'account' }] },
      { oauth2: { type: 'clientCredentials', clientId: 'c', tokenUrl: 'u', scopes: ['a', 'b'] } },
    ]
    const got: string[] = []
    let spec: AuthenticationSpec = {}
    for (const step of steps) {
      spec = { ...spec, ...step }
      const { auth, problems, fatal } = await resolve(s, { spec })
      assert.deepEqual([problems, fatal], [[], []])
      got.push(auth['scopes'] ?? '')
    }
    assert.deepEqual(
      got.map((text) => text.replace(/\.\d+$/, '')),
      ['of-main', 'of-config', 'of-secret', 'of-vault', 'embedded.default.account', 'a,b'],
    )
  })

  test('oauth2 sets the five parameters that scalers know', async (t) => {
    const s = open(t)
    await put(s, 'client', { secret: 'hunter2' })
    const clientSecret = { valueFrom: { secretKeyRef: { name: 'client', key: 'secret' } } }
    const oauth2 = {
      type: 'clientCredentials',
      clientId: 'c',
      tokenUrl: 'https://t/',
      clientSecret,
    }
    assert.deepEqual((await resolve(s, { spec: { oauth2 } })).auth, {
      oauthTokenURI: 'https://t/',
      clientID: 'c',
      clientSecret: 'hunter2',
    })
    const more = { ...oauth2, scopes: ['a'], tokenUrlParams: { 'a b': 'c&d' } }
    const { auth } = await resolve(s, { spec: { oauth2: more } })
    assert.equal(auth['endpointParams'], 'a+b=c%26d')
  })

  const env = (containerName?: string): AuthenticationSpec => ({
    env: [{ parameter: 'p', name: 'PASSWORD', ...(containerName && { containerName }) }],
  })
  const rows: readonly (readonly [string, Case, string, RegExp])[] = [
    ['of the first container', { spec: env() }, 'of-main', /^$/],
    ['of a named container', { spec: env('sidecar') }, 'of-sidecar', /^$/],
    ['of a container there is not', { spec: env('init') }, '', /no container init/],
    ['of no container', { spec: env(), containers: [] }, '', /^$/],
    [
      'of a Secret that is missing',
      { spec: { secretTargetRef: [{ parameter: 'p', name: 'none', key: 'k' }] } },
      '',
      /Secret default\/none does not exist/,
    ],
    [
      'of a key that is missing',
      { spec: { secretTargetRef: [{ parameter: 'p', name: 'there', key: 'other' }] } },
      '',
      /Secret default\/there has no key other/,
    ],
    [
      'of a key that every object has',
      { spec: { secretTargetRef: [{ parameter: 'p', name: 'there', key: 'constructor' }] } },
      '',
      /Secret default\/there has no key constructor/,
    ],
    [
      'of a variable that every object has',
      { spec: { env: [{ parameter: 'p', name: 'toString' }] } },
      '',
      /^$/,
    ],
    [
      'of an account that is missing',
      { spec: { boundServiceAccountToken: [{ parameter: 'p', serviceAccountName: 'nobody' }] } },
      '',
      /ServiceAccount default\/nobody does not exist/,
    ],
  ]
  for (const [name, c, value, why] of rows)
    test(`a parameter ${name} is "${value}"`, async (t) => {
      const s = open(t)
      await put(s, 'there', { k: 'v' })
      const { auth, problems, fatal } = await resolve(s, c)
      assert.equal(auth['p'], value)
      assert.match(problems.join(), why)
      assert.deepEqual(fatal, [])
    })

  const refused: readonly (readonly [string, Case, RegExp])[] = [
    ['gcpSecretManager', { spec: { gcpSecretManager: {} } }, /gcpSecretManager .* not supported/],
    ['awsSecretManager', { spec: { awsSecretManager: {} } }, /awsSecretManager .* not supported/],
    ['podIdentity aws', { spec: { podIdentity: { provider: 'aws' } } }, /podIdentity aws .* not/],
    [
      'an empty identityId',
      { spec: { podIdentity: { provider: 'azure-workload', identityId: '' } } },
      /identityId .* must not be empty/,
    ],
    [
      'more than 200 values',
      {
        spec: {
          secretTargetRef: Array.from({ length: 201 }, () => ({
            parameter: 'p',
            name: 'a',
            key: 'k',
          })),
        },
      },
      /takes more than 200 values; split it/,
    ],
    ['filePath in a namespace', { spec: { filePath: 'a' } }, /for ClusterTriggerAuthentications/],
    [
      'azureKeyVault without a way to log in',
      { spec: { azureKeyVault: { vaultUri: 'https://v', secrets: [] } } },
      /azureKeyVault needs podIdentity azure-workload, or credentials/,
    ],
  ]
  for (const [name, c, why] of refused)
    test(`${name} is refused and named`, async (t) => {
      assert.match((await resolve(open(t), c)).fatal.join(), why)
    })

  test('nothing is concluded from what nobody can read now', async (t) => {
    const s = open(t)
    s.cluster.setFaults({
      before() {
        throw failure('CLUSTER_UNREACHABLE', { server: 'x', why: 'down' })
      },
    })
    const spec = { secretTargetRef: [{ parameter: 'p', name: 'a', key: 'k' }] }
    assert.match((await resolve(s, { spec })).fatal.join(), /cannot reach the Kubernetes API/)
  })
})

describe('a file of parameters', () => {
  async function folder(t: TestContext): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'ebb-files-'))
    t.after(() => rm(root, { recursive: true }))
    await mkdir(join(root, 'in'))
    await writeFile(join(root, 'secret'), '{"a":"outside"}')
    await writeFile(join(root, 'in', 'good'), '{"a":"1","b":"2"}')
    await writeFile(join(root, 'in', 'list'), '["hunter2"]')
    await writeFile(join(root, 'in', 'number'), '{"a":1}')
    await writeFile(join(root, 'in', 'text'), 'hunter2')
    await symlink('../secret', join(root, 'in', 'link'))
    return join(root, 'in')
  }
  test('stands alone: it is all that counts', async (t) => {
    const fileRoot = await folder(t)
    const spec = { filePath: 'good', env: [{ parameter: 'c', name: 'PASSWORD' }] }
    const { auth, fatal } = await resolve(open(t, { fileRoot }), { spec, kind: cluster })
    assert.deepEqual([auth, fatal], [{ a: '1', b: '2' }, []])
  })
  for (const [filePath, why] of [
    ['../secret', /must be relative .* hold no \.\./],
    ['/etc/hostname', /must be relative/],
    ['x/../../secret', /must be relative/],
    ['link', /is a link out of/],
    ['.', /no file|link out/],
    ['none', /does not exist/],
    ['list', /must be a JSON object whose values are strings/],
    ['number', /must be a JSON object whose values are strings/],
    ['text', /must be a JSON object whose values are strings/],
  ] as const)
    test(`is not read from ${filePath}`, async (t) => {
      const fileRoot = await folder(t)
      const { auth, fatal } = await resolve(open(t, { fileRoot }), {
        spec: { filePath },
        kind: cluster,
      })
      assert.deepEqual(auth, {})
      assert.match(fatal.join(), why)
      assert.ok(!fatal.join().includes('hunter2'))
    })
  test('needs a folder that the controller allows', async (t) => {
    const { fatal } = await resolve(open(t), { spec: { filePath: 'a' }, kind: cluster })
    assert.match(fatal.join(), /--filepath-auth-root-path/)
  })
})

describe('restricted access to Secrets', () => {
  const spec: AuthenticationSpec = { secretTargetRef: [{ parameter: 'p', name: 'a', key: 'k' }] }
  test('leaves Secrets of the cluster object namespace, for ClusterTriggerAuthentications', async (t) => {
    const s = open(t, { restricted: true })
    await put(s, 'a', { k: 'own' }, 'ebb')
    assert.equal((await resolve(s, { spec, kind: cluster })).auth['p'], 'own')
    assert.equal((await resolve(s, { spec, namespace: 'ebb' })).auth['p'], 'own')
  })
  test('gives nobody else a Secret, not even one of the same name, and asks for none', async (t) => {
    const s = open(t, { restricted: true })
    await put(s, 'a', { k: 'own' }, 'ebb')
    await put(s, 'a', { k: 'theirs' })
    const asked: string[] = []
    s.cluster.setFaults({ before: ({ resource }) => void asked.push(resource) })
    const { auth, problems } = await resolve(s, { spec })
    assert.deepEqual([auth['p'], asked], ['', []])
    assert.match(problems.join(), /restrict-secret-access\); use a ClusterTriggerAuthentication/)
  })
  test('takes Secrets out of the environment of containers too, and leaves ConfigMaps', async (t) => {
    const s = open(t, { restricted: true })
    await put(s, 'a', { k: 'theirs' })
    const config = { metadata: { namespace: 'default', name: 'config' }, data: { B: 'b' } }
    await s.cluster.create(kinds.configMap, config, forever)
    const valueFrom = { secretKeyRef: { name: 'a', key: 'k' } }
    const main: Container = {
      name: 'main',
      env: [{ name: 'A', valueFrom }],
      envFrom: [{ configMapRef: { name: 'config' } }],
    }
    const both = {
      env: [
        { parameter: 'a', name: 'A' },
        { parameter: 'b', name: 'B' },
      ],
    }
    const { auth } = await resolve(s, { spec: both, containers: [main] })
    assert.deepEqual(auth, { a: '', b: 'b' })
  })
})

describe('a ClusterTriggerAuthentication that is not for everyone', () => {
  const spec: AuthenticationSpec = { secretTargetRef: [{ parameter: 'p', name: 'a', key: 'k' }] }
  const rows = [
    ['shop', 'shop', true],
    ['shop, team-*', 'team-1', true],
    ['team-*', 'other-team-1', false],
    ['shop', 'shopping', false],
    ['', 'shop', false],
    ['*', 'anything', true],
  ] as const
  for (const [names, namespace, may] of rows)
    test(`for "${names}" ${may ? 'may' : 'may not'} be used in ${namespace}`, async (t) => {
      const s = open(t)
      await put(s, 'a', { k: 'shared' }, 'ebb')
      const asked: string[] = []
      s.cluster.setFaults({ before: ({ resource }) => void asked.push(resource) })
      const annotations = { 'ebb.dev/allowed-namespaces': names }
      const { auth, fatal } = await resolve(s, { spec, kind: cluster, namespace, annotations })
      assert.equal(auth['p'], may ? 'shared' : undefined)
      if (may) return
      assert.match(fatal.join(), /may not be used in namespace .*allowed-namespaces names/)
      assert.deepEqual(asked, [])
    })
  test('says where what it gives may go', async (t) => {
    const annotations = { 'ebb.dev/allowed-endpoints': 'a:1, *.b' }
    const { within } = await resolve(open(t), { spec, kind: cluster, annotations })
    assert.equal(within?.endpoints.text, 'a:1, *.b')
  })
  test('is of no use while its list cannot be read', async (t) => {
    const annotations = { 'ebb.dev/allowed-endpoints': 'http://a' }
    const { fatal, auth } = await resolve(open(t), { spec, kind: cluster, annotations })
    assert.match(fatal.join(), /allowed-endpoints of ClusterTriggerAuthentication login: "http/)
    assert.deepEqual(auth, {})
  })
})
