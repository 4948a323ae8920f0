import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { configOf } from '../../src/config.ts'
import { options } from '../../src/options.ts'
import { installed, type Manifest, optional, present, root, type Rule } from './manifests.ts'

const objects = [...installed().values()].flat()
const rulesOf = (kind: string): readonly (readonly [string, Rule])[] =>
  objects
    .filter((o) => o.kind === kind)
    .flatMap((o) => (o.rules ?? []).map((rule) => [o.metadata.name, rule] as const))
const rules = [...rulesOf('ClusterRole'), ...rulesOf('Role')]

const only = (kind: string): Manifest => {
  const [one, ...more] = objects.filter((o) => o.kind === kind)
  assert.ok(one && more.length === 0, `one ${kind}`)
  return one
}

interface PodSpec {
  readonly containers: readonly {
    readonly args: readonly string[]
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
    readonly securityContext: { readonly readOnlyRootFilesystem: boolean }
  }[]
}
const container = () => {
  const { template } = only('Deployment').spec as { template: { spec: PodSpec } } // written beside
  const [one] = template.spec.containers
  assert.ok(one)
  return one
}

void describe('the manifests', () => {
  void it('are all installed by the base, but what is given only where it is wanted', () => {
    const extra = present().filter((f) => !/^(chart|deletion-cost)\//.test(f))
    assert.deepEqual([...installed().keys()].sort(), extra)
  })

  void it('grant nothing by a star', () => {
    for (const [name, rule] of rules) {
      const words = [rule.apiGroups, rule.resources, rule.verbs, rule.resourceNames].flat()
      assert.ok(!words.some((w) => w?.includes('*')), `${name}: ${JSON.stringify(rule)}`)
      assert.equal(rule.nonResourceURLs, undefined, name)
    }
  })

  void it('let Secrets and ConfigMaps be read by name only, and written in one namespace under one name', () => {
    const touching = rules.filter(([, r]) =>
      r.resources?.some((x) => /^(secrets|configmaps)$/.test(x)),
    )
    assert.deepEqual(
      touching.map(([name, r]) => [name, r.resources, r.resourceNames, r.verbs]),
      [
        ['ebb-reads', ['secrets', 'configmaps'], undefined, ['get']],
        ['ebb', ['secrets'], ['ebb-certs'], ['get', 'update']],
        ['ebb', ['secrets'], undefined, ['create']],
      ],
    )
  })

  void it('let the controller write no RBAC and start no pods', () => {
    for (const [name, r] of rules) {
      assert.ok(!r.apiGroups?.includes('rbac.authorization.k8s.io'), name)
      if (r.resources?.some((x) => x.startsWith('pods'))) {
        const measured = r.apiGroups?.includes('metrics.k8s.io') === true
        const verbs = measured ? ['list'] : ['list', 'watch']
        assert.deepEqual([r.resources, r.verbs], [['pods'], verbs], name)
      }
    }
  })

  void it('let it patch pods only where that is applied too, by a role that is added to its own', () => {
    const [given, ...more] = [...installed(join(root, optional)).values()].flat()
    assert.deepEqual(more, [])
    assert.deepEqual(given?.metadata.labels, { 'ebb.dev/aggregate-to-controller': 'true' })
    assert.deepEqual(given?.rules, [{ apiGroups: [''], resources: ['pods'], verbs: ['patch'] }])
  })

  void it('hold no Secret, and no caBundle that applying them again would put back', () => {
    assert.ok(!objects.some((o) => o.kind === 'Secret'))
    assert.equal(only('APIService').spec?.['caBundle'], undefined)
    assert.ok(!JSON.stringify(only('ValidatingWebhookConfiguration')).includes('caBundle'))
  })

  void it('call everything ebb', () => {
    for (const kind of ['Namespace', 'ServiceAccount', 'Deployment', 'Service']) {
      assert.equal(only(kind).metadata.name, 'ebb', kind)
    }
    const elsewhere = objects.filter(
      (o) => o.metadata.namespace !== undefined && o.metadata.namespace !== 'ebb',
    )
    assert.deepEqual(
      elsewhere.map((o) => `${o.kind} ${o.metadata.namespace}`),
      ['RoleBinding kube-system'],
    )
  })

  void it('run `ebb run` with flags and ports that it has', () => {
    const { args, ports, securityContext } = container()
    assert.equal(args[0], 'run')
    const known: readonly string[] = Object.values(options).map((o) => o.flag)
    for (const flag of args.slice(1)) assert.ok(known.includes(flag.split('=')[0] ?? ''), flag)
    const config = configOf({}, {})
    assert.deepEqual(Object.fromEntries(ports.map((p) => [p.name, p.containerPort])), {
      https: config.httpsPort,
      http: config.httpPort,
      grpc: config.grpcPort,
    })
    assert.equal(securityContext.readOnlyRootFilesystem, true)
  })
})
