import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart, type ControlPlane, startControlPlane } from '../control-plane/start.ts'
import { need } from '../support/need.ts'
import { root } from './manifests.ts'
import { samples, scaledObject } from './samples.ts'

let started: ControlPlane | undefined
before(async () => {
  if (await canStart()) started = await startControlPlane({ pods: true })
})
after(() => started?.close())

const given = (t: TestContext): ControlPlane | undefined =>
  need(t, started !== undefined, 'Go, to build a control plane') ? started : undefined

const install = async (c: ControlPlane): Promise<void> => {
  const { code, stderr } = await c.tryKubectl('', 'apply', '--server-side', '-k', root)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, 'no failure and no warning')
}

async function until(met: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++, await delay(100)) if (await met()) return
  assert.fail('not within 10 s')
}

interface Listed {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly generation?: number
    readonly resourceVersion: string
  }
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] }
}
const listed = async (c: ControlPlane, ...what: string[]): Promise<readonly Listed[]> => {
  const list: { readonly items: readonly Listed[] } = JSON.parse(
    await c.kubectl('get', '-o', 'json', ...what),
  )
  return list.items
}

/** What only a change of the object moves, and not one of its status. */
const version = ({ kind, metadata: m }: Listed): string =>
  `${kind} ${m.name} ${m.generation ?? `at ${m.resourceVersion}`}`

void describe('installing on a real API server', () => {
  void it('succeeds without a warning, runs, and again changes nothing', async (t) => {
    const c = given(t)
    if (!c) return
    await install(c)
    const granted = ['get', 'clusterrole', 'ebb', '-o', 'jsonpath={.rules}']
    await until(async () => (await c.kubectl(...granted)).includes('keda.sh'))
    await c.kubectl('wait', '--for=condition=Established', 'crd', '--all')
    await c.kubectl('-n', 'ebb', 'rollout', 'status', 'deployment/ebb', '--timeout=60s')
    const before = (await listed(c, '-k', root)).map(version)
    assert.ok(before.length > 15)
    await install(c)
    assert.deepEqual((await listed(c, '-k', root)).map(version), before)
  })

  void it('makes schemas that are structural, and explained', async (t) => {
    const c = given(t)
    if (!c) return
    for (const { metadata, status } of await listed(c, 'crd')) {
      const on = status?.conditions?.filter((x) => x.status === 'True').map((x) => x.type)
      assert.deepEqual(on?.toSorted(), ['Established', 'NamesAccepted'], metadata.name)
    }
    const explain = ['explain', 'scaledobject.spec.pollingInterval']
    await until(async () => /two looks/.test((await c.tryKubectl('', ...explain)).stdout))
  })

  void it('shows the columns users know from KEDA', async (t) => {
    const c = given(t)
    if (!c) return
    await c.apply(JSON.stringify(scaledObject({})))
    const conditions = ['Ready', 'Active', 'Fallback', 'Paused'].map((type) => ({
      type,
      status: `${type}!`,
    }))
    const status = {
      scaleTargetKind: 'apps/v1.Deployment',
      triggersTypes: 'azure-queue',
      conditions,
    }
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]
    await c.kubectl('patch', 'so', 'sample', ...patch)
    const [names, values] = (await c.kubectl('get', 'so', 'sample')).split('\n')
    const columns =
      'name scaletargetkind scaletargetname min max ready active fallback paused triggers authentications age'
    assert.equal(names?.toLowerCase().trim().replaceAll(/ +/g, ' '), columns)
    assert.match(
      values ?? '',
      /^sample +apps\/v1.Deployment +worker +Ready! +Active! +Fallback! +Paused! +azure-queue +\d+s *$/,
    )
    await c.kubectl('delete', 'so', 'sample')
  })
})

void describe('the definitions on a real API server', { concurrency: 4 }, () => {
  for (const { name, object, refused } of samples) {
    void it(`${refused ? 'refuse' : 'accept'} ${kindOf(object)}: ${name}`, async (t) => {
      const c = given(t)
      if (!c) return
      const { code, stderr } = await c.tryKubectl(
        JSON.stringify(object),
        'create',
        '--dry-run=server',
        '--validate=strict',
        '-f',
        '-',
      )
      assert.equal(code === 0, refused === undefined, stderr)
      assert.match(stderr, refused ?? /^$/)
    })
  }
})

function kindOf(object: object): string {
  return 'kind' in object ? String(object.kind) : ''
}

const ebb = 'system:serviceaccount:ebb:ebb'

void describe('access on a real API server', { concurrency: 4 }, () => {
  const rows: readonly (readonly [who: string, may: boolean, ...what: string[]])[] = [
    [ebb, true, 'get', 'secret/any', '-n', 'default'],
    [ebb, false, 'list', 'secrets', '-n', 'default'],
    [ebb, false, 'watch', 'secrets', '-n', 'ebb'],
    [ebb, false, 'list', 'configmaps', '-n', 'default'],
    [ebb, true, 'update', 'secret/ebb-certs', '-n', 'ebb'],
    [ebb, false, 'update', 'secret/other', '-n', 'ebb'],
    [ebb, false, 'create', 'secrets', '-n', 'default'],
    [ebb, true, 'update', 'lease/ebb', '-n', 'ebb'],
    [ebb, false, 'update', 'lease/ebb', '-n', 'default'],
    [ebb, true, 'get', 'lease/operator.keda.sh', '-n', 'keda'],
    [ebb, false, 'get', 'lease/other', '-n', 'keda'],
    [ebb, true, 'update', 'deployment/a', '--subresource=scale', '-n', 'default'],
    [ebb, false, 'update', 'deployment/a', '-n', 'default'],
    [ebb, false, 'update', 'replicaset/a', '--subresource=scale', '-n', 'default'],
    [ebb, true, 'patch', 'apiservice/v1beta1.external.metrics.k8s.io'],
    [ebb, false, 'patch', 'apiservice/v1beta1.metrics.k8s.io'],
    [ebb, true, 'patch', 'validatingwebhookconfiguration/ebb-admission'],
    [ebb, false, 'patch', 'validatingwebhookconfiguration/keda-admission'],
    [ebb, false, 'create', 'validatingwebhookconfigurations'],
    [ebb, true, 'list', 'limitranges', '-n', 'default'],
    [ebb, true, 'create', 'subjectaccessreviews.authorization.k8s.io'],
    [ebb, true, 'create', 'tokenreviews.authentication.k8s.io'],
    [ebb, true, 'get', 'configmap/extension-apiserver-authentication', '-n', 'kube-system'],
    [ebb, false, 'create', 'clusterroles'],
    [ebb, false, 'create', 'pods', '-n', 'ebb'],
  ]
  for (const [who, may, ...what] of rows) {
    void it(`${may ? 'lets' : 'does not let'} ${who.split(':').at(-1)} ${what.join(' ')}`, async (t) => {
      const c = given(t)
      if (!c) return
      const { stdout } = await c.tryKubectl('', 'auth', 'can-i', '--as', who, ...what)
      assert.equal(stdout.trim(), may ? 'yes' : 'no')
    })
  }

  void it('lets the HPA controller read external metrics by a role of its own, so that Ebb brings none', async (t) => {
    const c = given(t)
    if (!c) return
    const resource = { group: 'external.metrics.k8s.io', resource: 's0-orders', verb: 'list' }
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
        resourceAttributes: { ...resource, namespace: 'default' },
      },
    }
    const ask = ['create', '-f', '-', '-o', 'jsonpath={.status.allowed}']
    assert.equal((await c.tryKubectl(JSON.stringify(review), ...ask)).stdout, 'true')
  })

  void it('lets a further kind be scaled by a ClusterRole with the label', async (t) => {
    const c = given(t)
    if (!c) return
    const may = [
      'auth',
      'can-i',
      '--as',
      ebb,
      'update',
      'replicaset/a',
      '--subresource=scale',
      '-n',
      'more',
    ]
    await c.apply(
      JSON.stringify({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'more', labels: { 'ebb.dev/aggregate-to-controller': 'true' } },
        rules: [{ apiGroups: ['apps'], resources: ['replicasets/scale'], verbs: ['update'] }],
      }),
    )
    await until(async () => (await c.tryKubectl('', ...may)).stdout.trim() === 'yes')
  })

  void it('shows triggers to who may view, and authentications only to who may edit', async (t) => {
    const c = given(t)
    if (!c) return
    for (const role of ['view', 'edit', 'admin']) {
      await c.kubectl('create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}r`)
    }
    const may = async (who: string, ...what: string[]): Promise<string> =>
      (await c.tryKubectl('', 'auth', 'can-i', '--as', who, '-n', 'default', ...what)).stdout.trim()
    await until(async () => (await may('adminr', 'create', 'scaledjobs')) === 'yes')
    assert.equal(await may('viewr', 'list', 'scaledobjects'), 'yes')
    assert.equal(await may('viewr', 'get', 'triggerauthentications'), 'no')
    assert.equal(await may('editr', 'create', 'triggerauthentications'), 'yes')
    assert.equal(await may('adminr', 'create', 'clustertriggerauthentications'), 'no')
  })
})
