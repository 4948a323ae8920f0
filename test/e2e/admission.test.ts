import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf } from '../support/objects.ts'

type Fields = Readonly<Record<string, unknown>>

const queue = { type: 'azure-queue', metadata: { queueName: 'q', connectionFromEnv: 'C' } }
const cpu = { type: 'cpu', metricType: 'Utilization', metadata: { value: '50' } }
const object = (name: string, spec: Fields = {}, metadata: Fields = {}): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { scaleTargetRef: { name }, triggers: [queue], ...spec },
})
const hpaNamed = (name: string): Fields => ({
  advanced: { horizontalPodAutoscalerConfig: { name } },
})
const on = (name: string): Fields => ({ scaleTargetRef: { name } })
const modifiers = (formula: string): Fields => ({
  triggers: [{ ...queue, name: 'a' }],
  advanced: { scalingModifiers: { formula, target: '2' } },
})
const authentication = (spec: object): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'TriggerAuthentication',
  metadata: { name: 'tried', namespace: 'default' },
  spec,
})

/** On the cluster beforehand: `taken` is scaled by a ScaledObject, `hand` by an HPA that somebody made. */
const ground = listOf(
  ...['taken', 'hand', 'free'].map((name) => deploymentObject(name)),
  object('taken', hpaNamed('taken-hpa')),
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'handmade', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'hand' },
      minReplicas: 1,
      maxReplicas: 2,
    },
  },
)
const transfer = { annotations: { 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' } }
const long = 'n'.repeat(60)

/** One of each class that the webhook alone can tell. */
const refused: readonly (readonly [name: string, object: object, says: RegExp])[] = [
  ['other-scaled-object', object('second', on('taken')), /by the ScaledObject taken already/],
  ['other-scaled-object-hpa', object('free', hpaNamed('taken-hpa')), /HPA taken-hpa is managed/],
  ['other-hpa', object('hand'), /managed by the HPA handmade already/],
  ['transfer-ownership-missing-hpa-name', object('hand', {}, transfer), /must be handmade/],
  [
    'incorrect-triggers',
    object('free', { triggers: [1, 2].map(() => ({ ...queue, name: 'a' })) }),
    /two triggers are named a/,
  ],
  ['scaling-modifiers', object('free', modifiers('a + b')), /scalingModifiers: formula .*b/],
  [
    'incorrect-fallback',
    object('free', {
      minReplicaCount: 1,
      triggers: [cpu],
      fallback: { failureThreshold: 3, replicas: 2 },
    }),
    /fallback needs a trigger that is neither/,
  ],
  ['hpa-name-too-long', object(long, on('free')), /may have 63/],
  ['missing-requests', object('free', { triggers: [cpu, queue] }), /needs a cpu request/],
  [
    'scale-to-zero-requirements-not-met',
    object('free', { triggers: [cpu] }),
    /only cpu and memory triggers/,
  ],
  ['missing-target', object('nobody', { triggers: [cpu, queue] }), /nobody does not exist/],
  [
    'unknown-target',
    object('free', { scaleTargetRef: { apiVersion: 'e.com/v1', kind: 'Robot', name: 'r' } }),
    /no kind Robot/,
  ],
]

test('the webhooks on a real control plane', { timeout: 300_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({})
  const { plane, until } = installed
  const look = looksAt(plane)
  const create = (what: object, ...more: string[]) =>
    plane.tryKubectl(JSON.stringify(what), 'create', '-f', '-', ...more)
  const bundles = () =>
    look.path(
      'validatingwebhookconfiguration',
      'ebb-admission',
      '{.webhooks[*].clientConfig.caBundle}',
    )
  const good = async (): Promise<boolean> => {
    const found = (await bundles()).split(' ').filter(Boolean)
    const trusted = await look.path(
      'apiservice',
      'v1beta1.external.metrics.k8s.io',
      '{.spec.caBundle}',
    )
    return found.length === 4 && found.every((bundle) => bundle === trusted)
  }

  const refusing = async (): Promise<boolean> =>
    /denied the request/.test((await create(object('hand'), '--dry-run=server')).stderr)

  await plane.apply(ground)
  await until('the webhooks trust what Ebb serves with', good, Boolean)
  // mirrors follow at once, and API servers take a moment to call by a new configuration
  await until('the webhooks are called', refusing, Boolean)

  await t.test('each class of refusal reaches the user, and nothing is stored', async () => {
    for (const [name, what, says] of refused) {
      const { code, stderr } = await create(what)
      assert.notEqual(code, 0, `${name}: ${stderr}`)
      const denied = /admission webhook "scaledobject\.admission\.ebb\.dev" denied the request: /
      assert.match(stderr, denied, name)
      assert.match(stderr, says, name)
    }
    assert.equal(await plane.kubectl('get', 'so', '-o', 'name'), 'scaledobject.keda.sh/taken\n')
  })

  await t.test('good objects are let in, and oddities named in a warning', async () => {
    const clean = await create(object('free'), '--dry-run=server')
    assert.deepEqual({ code: clean.code, stderr: clean.stderr }, { code: 0, stderr: '' })
    const metadata = { ...queue.metadata, queueLenght: '5' }
    const odd = await create(
      object('free', { triggers: [{ ...queue, metadata }] }),
      '--dry-run=server',
    )
    assert.equal(odd.code, 0, odd.stderr)
    assert.match(odd.stderr, /Warning: .*queueLenght.*did you mean queueLength\?/)
    const taken = await create(object('hand', hpaNamed('handmade'), transfer), '--dry-run=server')
    assert.deepEqual({ code: taken.code, stderr: taken.stderr }, { code: 0, stderr: '' })
    const google = await create(authentication({ podIdentity: { provider: 'gcp' } }))
    assert.equal(google.code, 0, google.stderr)
    assert.match(google.stderr, /Warning: .*does not support identities of Google/)
  })

  await t.test('an update is judged by its spec alone', async () => {
    const merge = (patch: object) =>
      plane.tryKubectl('', 'patch', 'so', 'taken', '--type=merge', '-p', JSON.stringify(patch))
    const { code } = await merge({ metadata: { annotations: { note: 'x' } } })
    assert.equal(code, 0)
    const odd = await merge({ metadata: { annotations: { 'ebb.dev/scalling': 'direct' } } })
    assert.equal(odd.code, 0)
    assert.match(odd.stderr, /Warning: .*did you mean ebb\.dev\/scaling\?/)
    const moved = await merge({ spec: on('hand') })
    assert.match(moved.stderr, /managed by the HPA handmade already/)
  })

  await t.test('a caBundle that somebody broke is made good again', async () => {
    const other = Buffer.from(plane.pki.frontProxyCa.cert).toString('base64')
    const broken = [0, 1].map((at) => ({
      op: 'replace',
      path: `/webhooks/${at}/clientConfig/caBundle`,
      value: other,
    }))
    await plane.kubectl(
      'patch',
      'validatingwebhookconfiguration',
      'ebb-admission',
      '--type=json',
      '-p',
      JSON.stringify(broken),
    )
    assert.ok((await bundles()).includes(other))
    await until('the bundle is back', good, Boolean, 60)
    await until('the webhooks are called again', refusing, Boolean)
  })

  await t.test(
    'without Ebb everything is let in, and the condition says what is wrong',
    async () => {
      const [, bad] = refused.find(([name]) => name === 'incorrect-triggers') ?? []
      assert.ok(bad)
      await installed.ebb.stop()
      const { code, stderr } = await create(bad)
      assert.equal(code, 0, stderr)
      await installed.start()
      const says = await until(
        'the condition says it',
        () => look.condition('free'),
        ({ reason }) => reason === 'ScaledObjectCheckFailed',
      )
      assert.match(says.message, /two triggers are named a/)
    },
  )
})
