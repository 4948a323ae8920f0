import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startEntra } from '../support/entra.ts'
import { installEbb } from '../support/installed.ts'
import { keyVaultHost, startKeyVault } from '../support/key-vault.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, scaledObjectOf } from '../support/objects.ts'
import { ebb as runEbb } from '../support/process.ts'
import { startProxy } from '../support/proxy.ts'
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

const never = (): never => assert.fail('nothing was asked')

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

test('stores of credentials on a real control plane', { timeout: 900_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  const folder = await mkdtemp(join(tmpdir(), 'ebb-stores-'))
  t.after(() => rm(folder, { recursive: true }))
  const entra = await startEntra(tenant, 'localhost')
  const vault = await startVault(() => Date.now())
  const given = (token: string) =>
    entra.given.find((each) => each.token === token && each.scope.includes('https://vault.test/'))
  /** Tokens that had ended when Ebb showed them to the vault. */
  const ended: string[] = []
  const keyVault = await startKeyVault(`${entra.url}/${tenant}`, (token) => {
    const good = Date.now() < (given(token)?.expires ?? 0)
    if (!good && token !== '') ended.push(token)
    return good
  })
  // the SDK takes a vault's challenge for a domain above its own alone, and such names are not of this machine
  const proxy = await startProxy()
  t.after(() => Promise.all([entra.close(), vault.close(), keyVault.close(), proxy.close()]))
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
  await writeFile(join(folder, 'vault.pem'), keyVault.ca)
  entra.clients.set('ebb', 'assertion-Zx94')
  Object.assign(process.env, {
    AZURE_CLIENT_ID: 'ebb',
    AZURE_TENANT_ID: tenant,
    AZURE_FEDERATED_TOKEN_FILE: join(folder, 'assertion'),
    AZURE_AUTHORITY_HOST: entra.url,
    HTTPS_PROXY: proxy.url,
    // the API server takes the proxy for its webhooks too
    NO_PROXY: 'localhost,127.0.0.1,.svc,10.0.0.0/8',
  })
  await using installed = await installEbb(
    {},
    '--ca-dir',
    folder,
    '--allowed-endpoints',
    `127.0.0.1,localhost:${entra.port},${keyVaultHost}:${keyVault.port}`,
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
      taken.set('federated', (token) => entra.given.some((e) => e.token === token) && !given(token))
      await plane.apply(
        listOf(
          object('TriggerAuthentication', 'federated', {
            podIdentity: { provider: 'azure-workload' },
          }),
          deploymentObject('federated'),
          scaledObjectOf('federated', { url: source.url, authentication: 'federated' }),
        ),
      )
      await until(
        'the source is asked with it',
        async () => source.seen.map(bearer),
        (tokens) => tokens.includes('entra-ebb-1'),
        60,
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

  const keyVaulted = (name: string): string =>
    listOf(
      object('TriggerAuthentication', name, {
        azureKeyVault: {
          vaultUri: keyVault.url,
          podIdentity: { provider: 'azure-workload' },
          secrets: [{ parameter: 'bearerToken', name }],
        },
      }),
      ...workload(name, name),
    )
  /** Waits until the source was asked with this, and fails where it ever refused the workload. */
  const used = async (name: string, secret: string, seconds: number): Promise<void> => {
    const before = source.seen.length
    const asked = () => source.seen.slice(before).filter((r) => r.query.get('query') === name)
    await until(
      `${name} asks with ${secret}`,
      async () => asked().map(bearer),
      (tokens) => tokens.includes(secret),
      seconds,
    )
    assert.deepEqual(
      asked().filter((request) => !taken.get(name)?.(bearer(request))),
      [],
    )
    assert.equal(await look.ready(name), 'ScaledObjectReady')
    assert.ok(!(await look.events(name)).some((e) => e.startsWith('KEDAScalerFailed')))
  }
  /** Requests of Azure's SDK for a secret, oldest first. */
  const keyVaultReads = (name: string) =>
    keyVault.seen.filter(({ path }) => path.startsWith(`/secrets/${name}/`))

  await t.test('Azure Key Vault gives a secret to a workload identity', async () => {
    taken.set('azure', (token) => token === 'azure-Zx95' || token === 'azure-Zx96')
    keyVault.secrets.set('azure', 'azure-Zx95')
    // ends before the secret is read again
    entra.life = 30
    await plane.apply(keyVaulted('azure'))
    await stands('azure', 'ScaledObjectReady')
    await used('azure', 'azure-Zx95', 20)
    const [challenged, read] = keyVaultReads('azure')
    assert.equal(bearer(challenged ?? never()), '')
    assert.ok(given(bearer(read ?? never())))
    assert.match(read?.query.get('api-version') ?? '', /^\d/)
    assert.ok(proxy.asked.has(`${keyVaultHost}:${keyVault.port}`), [...proxy.asked].join())
  })

  await t.test(
    'a change in the vault arrives after the token has ended, which another one replaces in time',
    async () => {
      keyVault.secrets.set('azure', 'azure-Zx96')
      await used('azure', 'azure-Zx96', 60)
      const tokens = keyVaultReads('azure').map(bearer).filter(Boolean)
      assert.ok(new Set(tokens).size > 1, 'the token never ended')
      assert.deepEqual(ended, [])
    },
  )

  await t.test(
    'while the vault is out, what was read last is used, and an event says so',
    async () => {
      keyVault.outage = 503
      await until(
        'an event tells of it',
        () => look.events('azure'),
        (events) => events.some((e) => /Key Vault https:\/\/orders\.vault\.test.*HTTP 503/.test(e)),
        90,
      )
      await used('azure', 'azure-Zx96', 20)
      taken.set('azure', (token) => token === 'azure-Zx96' || token === 'azure-Zx97')
      keyVault.secrets.set('azure', 'azure-Zx97')
      keyVault.outage = undefined
      await used('azure', 'azure-Zx97', 60)
    },
  )

  await t.test('a vault that refuses says who may mend it, and is read once he has', async () => {
    taken.set('refused', (token) => token === 'azure-Zx98')
    keyVault.secrets.set('refused', 'azure-Zx98')
    keyVault.forbidden.add('refused')
    await plane.apply(keyVaulted('refused'))
    await stands('refused', 'ScaledObjectCheckFailed')
    assert.match(
      (await look.condition('refused')).message,
      /refuses secret refused \(HTTP 403\): give the identity the role Key Vault Secrets User/,
    )
    await plane.apply(keyVaulted('unknown'))
    await stands('unknown', 'ScaledObjectCheckFailed')
    assert.match((await look.condition('unknown')).message, /has no secret unknown/)
    keyVault.forbidden.clear()
    await stands('refused', 'ScaledObjectReady')
    await used('refused', 'azure-Zx98', 20)
  })

  await t.test('no secret is in what Ebb says', async () => {
    const text = [
      ...installed.ebb.lines,
      await plane.kubectl('get', 'events,hpa', '-A', '-o', 'yaml'),
      await plane.kubectl('get', 'so', '-o', 'jsonpath={.items[*].status}'),
    ].join('\n')
    const secrets = [
      'vault-Zx9',
      'hvs.login',
      'assertion-Zx94',
      'entra-ebb',
      'shared-Zx93',
      'azure-Zx9',
      'eyJ',
    ]
    for (const each of secrets) assert.ok(!text.includes(each), each)
  })
})
