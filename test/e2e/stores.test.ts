import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startEntra } from '../support/entra.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, scaledObjectOf } from '../support/objects.ts'
import { ebb as runEbb } from '../support/process.ts'
import { startStoreServer, type StoreRequest } from '../support/store-server.ts'
import { startVault } from '../support/vault.ts'

const tenant = '11111111-2222-3333-4444-555555555555'

const bearer = ({ headers }: StoreRequest): string =>
  (headers.authorization ?? '').replace('Bearer ', '')

/** Whom a token of a service account is of, by its own word. */
function subjectOf(token: string): string {
  try {
    const [, claims = ''] = token.split('.')
    return String(JSON.parse(Buffer.from(claims, 'base64url').toString()).sub)
  } catch {
    return ''
  }
}

const object = (kind: string, name: string, spec: object, more: object = {}): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind,
  metadata: {
    name,
    ...(kind === 'TriggerAuthentication' && { namespace: 'default' }),
    ...more,
  },
  spec,
})

const account = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'default' },
})

test('stores of credentials on a real control plane', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  const folder = await mkdtemp(join(tmpdir(), 'ebb-stores-'))
  t.after(() => rm(folder, { recursive: true }))
  const entra = await startEntra(tenant, 'localhost')
  const vault = await startVault(() => Date.now())
  t.after(() => Promise.all([entra.close(), vault.close()]))
  /** Which bearer tokens each query takes. */
  const taken = new Map<string, (token: string) => boolean>()
  const source = await startStoreServer((request) => {
    const query = request.query.get('query') ?? ''
    return taken.get(query)?.(bearer(request))
      ? { status: 200, body: '{"status":"success","data":{"result":[{"value":[1,"0"]}]}}' }
      : { status: 401 }
  })
  t.after(() => source.close())
  await writeFile(join(folder, 'assertion'), 'assertion-Zx94')
  await writeFile(join(folder, 'entra.pem'), entra.ca)
  entra.clients.set('ebb', 'assertion-Zx94')
  Object.assign(process.env, {
    AZURE_CLIENT_ID: 'ebb',
    AZURE_TENANT_ID: tenant,
    AZURE_FEDERATED_TOKEN_FILE: join(folder, 'assertion'),
    AZURE_AUTHORITY_HOST: entra.url,
  })
  await using installed = await installEbb(
    {},
    '--ca-dir',
    folder,
    '--allowed-endpoints',
    `127.0.0.1,localhost:${entra.port}`,
  )
  const { plane, until } = installed
  const look = looksAt(plane)
  const workload = (name: string, authentication: string, url = source.url): readonly object[] => [
    deploymentObject(name),
    scaledObjectOf(name, { url, metadata: { authModes: 'bearer' }, authentication }),
  ]
  const stands = (name: string, reason: string): Promise<unknown> =>
    until(
      `${name} is ${reason}`,
      () => look.ready(name),
      (found) => found === reason,
      60,
    )

  await t.test('a bound token is made where an admin allows it by what is printed', async () => {
    taken.set('bound', (token) => subjectOf(token) === 'system:serviceaccount:default:scaler')
    const tokens = [{ parameter: 'bearerToken', serviceAccountName: 'scaler' }]
    await plane.apply(
      listOf(
        account('scaler'),
        object('TriggerAuthentication', 'bound', { boundServiceAccountToken: tokens }),
        ...workload('bound', 'bound'),
      ),
    )
    await stands('bound', 'ScaledObjectCheckFailed')
    const { message } = await look.condition('bound')
    assert.match(
      message,
      /no token of ServiceAccount default\/scaler: .*`ebb rbac` prints the Role/,
    )
    const roles = runEbb(['rbac', '--kubeconfig', plane.kubeconfig])
    assert.equal(roles.code, 0, roles.err)
    assert.match(roles.out, /serviceaccounts\/token/)
    await plane.apply(roles.out)
    await stands('bound', 'ScaledObjectReady')
    const as = '--as=system:serviceaccount:ebb:ebb'
    const may = (name: string): Promise<{ stdout: string }> =>
      plane.tryKubectl(
        '',
        'auth',
        'can-i',
        'create',
        `serviceaccounts/${name}`,
        '--subresource=token',
        as,
      )
    assert.deepEqual(
      [(await may('scaler')).stdout.trim(), (await may('default')).stdout.trim()],
      ['yes', 'no'],
    )
  })

  await t.test(
    'Vault is logged in to as an account, and a change of its secret arrives',
    async () => {
      let password = 'vault-Zx91'
      taken.set('vaulted', (token) => token === password)
      vault.roles.set('ebb', ['.'])
      vault.kv.set('secret/data/queue', { token: password })
      const hashiCorpVault = {
        address: vault.url,
        authentication: 'kubernetes',
        mount: 'kubernetes',
        role: 'ebb',
        credential: { serviceAccountName: 'scaler' },
        secrets: [{ parameter: 'bearerToken', path: 'secret/data/queue', key: 'token' }],
      }
      await plane.apply(
        listOf(
          object('TriggerAuthentication', 'vaulted', { hashiCorpVault }),
          ...workload('vaulted', 'vaulted'),
        ),
      )
      await stands('vaulted', 'ScaledObjectReady')
      const login = vault.seen.find(({ path }) => path.endsWith('/login'))
      const { jwt } = JSON.parse(login?.text ?? '{}') as { jwt: string }
      assert.equal(subjectOf(jwt), 'system:serviceaccount:default:scaler')
      password = 'vault-Zx92'
      vault.kv.set('secret/data/queue', { token: password })
      const before = source.seen.length
      await until(
        'the new one is used',
        async () => source.seen.slice(before).map(bearer),
        (tokens) => tokens.includes(password),
        60,
      )
      await stands('vaulted', 'ScaledObjectReady')
      assert.ok(!(await look.events('vaulted')).some((e) => e.startsWith('KEDAScalerFailed')))
    },
  )

  await t.test(
    'a workload identity gets its token of the authority, trusting --ca-dir',
    async () => {
      taken.set('federated', (token) => token === entra.given.at(-1)?.token)
      await plane.apply(
        listOf(
          object('TriggerAuthentication', 'federated', {
            podIdentity: { provider: 'azure-workload' },
          }),
          deploymentObject('federated'),
          scaledObjectOf('federated', { url: source.url, authentication: 'federated' }),
        ),
      )
      await stands('federated', 'ScaledObjectReady')
      assert.equal(entra.given.length, 1)
    },
  )

  await t.test('a shared credential goes where it may, for whom it may', async () => {
    const shared = (annotations: object): string =>
      listOf({
        ...object('ClusterTriggerAuthentication', 'shared', {
          secretTargetRef: [{ parameter: 'bearerToken', name: 'shared', key: 'token' }],
        }),
        metadata: { name: 'shared', annotations },
      })
    taken.set('shared', (token) => token === 'shared-Zx93')
    const use = scaledObjectOf('shared', {
      url: source.url,
      metadata: { authModes: 'bearer' },
    }) as { spec: { triggers: object[] } }
    const authenticationRef = { name: 'shared', kind: 'ClusterTriggerAuthentication' }
    use.spec.triggers = use.spec.triggers.map((trigger) => ({ ...trigger, authenticationRef }))
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'shared', namespace: 'ebb' },
      stringData: { token: 'shared-Zx93' },
    }
    await plane.apply(shared({ 'ebb.dev/allowed-namespaces': 'team-*' }))
    await plane.apply(listOf(secret, deploymentObject('shared'), use))
    await stands('shared', 'ScaledObjectCheckFailed')
    assert.match((await look.condition('shared')).message, /may not be used in namespace default/)
    await plane.apply(shared({ 'ebb.dev/allowed-endpoints': 'prometheus.example' }))
    await until(
      'the endpoint is refused',
      async () => (await look.condition('shared')).message,
      (message) => /127\.0\.0\.1:\d+ may not be reached/.test(message),
    )
    assert.ok(!source.seen.some((request) => bearer(request) === 'shared-Zx93'))
    await plane.apply(shared({ 'ebb.dev/allowed-endpoints': '127.0.0.1' }))
    await stands('shared', 'ScaledObjectReady')
  })

  await t.test('no secret is in what Ebb says', async () => {
    const text = [
      ...installed.ebb.lines,
      await plane.kubectl('get', 'events,hpa', '-A', '-o', 'yaml'),
      await plane.kubectl('get', 'so', '-o', 'jsonpath={.items[*].status}'),
    ].join('\n')
    const secrets = ['vault-Zx9', 'hvs.login', 'assertion-Zx94', 'entra-ebb', 'shared-Zx93', 'eyJ']
    for (const each of secrets) assert.ok(!text.includes(each), each)
  })
})
