import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { judgedKinds } from '../../src/admission/judge.ts'
import { openFacts } from '../../src/compose/admission.ts'
import { allSynced, openMirrors } from '../../src/compose/mirrors.ts'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { silentLog } from '../../src/log.ts'
import type { HorizontalPodAutoscaler, ScaledObject, Workload } from '../../src/resources.ts'
import { admissionPath, largestReview, serveAdmission } from '../../src/serve/admission/routes.ts'
import { guard } from '../../src/serve/guard.ts'
import { createServer, type Server } from '../../src/serve/server.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'
import { deployment } from '../support/controller.ts'
import { cpu, limitRange, queue, scaledObject } from '../admission/objects.ts'

interface Response {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string }
  readonly warnings?: readonly string[]
}

const stop = { now: new AbortController() }
let cluster: EmbeddedCluster
let clock: ManualClock
let app: Server
let writes: boolean
let counted: string[]
let faults: unknown[]

const forever = new AbortController().signal

beforeEach(async () => {
  stop.now = new AbortController()
  clock = manualClock()
  cluster = createEmbedded({ clock })
  writes = true
  counted = []
  faults = []
  await open()
})

async function open(over: Partial<EmbeddedCluster> = {}): Promise<void> {
  const { signal } = stop.now
  const seen = { ...cluster, ...over }
  const scope = { namespaces: [], labelSelector: '' }
  const random = () => 0.5
  const mirrors = openMirrors(seen, clock, scope, random, silentLog, signal)
  const config = { watchNamespaces: [] }
  const facts = openFacts({ config, cluster: seen, clock, random, mirrors }, signal)
  await Promise.all([allSynced(mirrors), clock.advance(0)])
  app = createServer({ onFault: (error) => faults.push(error) })
  guard(app, {
    authentication: { identify: async () => ({ kind: 'nobody' }) },
    authorization: { authorize: () => assert.fail('nobody is asked what they may do') },
  })
  serveAdmission(app, {
    facts,
    signal,
    writes: () => writes,
    meter: {
      validated: (kind, namespace, action, reasons) =>
        counted.push([kind, namespace, action, ...reasons].join(' ')),
    },
  })
}

afterEach(async () => {
  stop.now.abort()
  await app.close()
  await cluster.close()
})

const bodyOf = (object: object | undefined, more: object = {}): object => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    kind: { group: 'keda.sh', version: 'v1alpha1', kind: 'ScaledObject' },
    resource: { group: 'keda.sh', version: 'v1alpha1', resource: 'scaledobjects' },
    namespace: 'default',
    operation: 'CREATE',
    userInfo: { username: 'somebody' },
    object,
    ...more,
  },
})

async function ask(object: object | undefined, more: object = {}): Promise<Response> {
  const answer = app.inject({
    method: 'POST',
    url: admissionPath('ScaledObject'),
    payload: bodyOf(object, more),
  })
  // what is waited for is waited for at once
  await clock.advance(0)
  const { statusCode, body } = await answer
  assert.equal(statusCode, 200, body)
  const review: { apiVersion: string; kind: string; response: Response } = JSON.parse(body)
  assert.equal(`${review.apiVersion} ${review.kind}`, 'admission.k8s.io/v1 AdmissionReview')
  assert.equal(review.response.uid, 'u-1')
  return review.response
}

/** Puts an object in the cluster, and lets the mirrors see it. */
async function put(
  kind: typeof kinds.scaledObject | typeof kinds.deployment | typeof kinds.hpa,
  object: ScaledObject | Workload | HorizontalPodAutoscaler,
): Promise<void> {
  // each kind gets an object of its own form
  await cluster.create(kind as typeof kinds.scaledObject, object as ScaledObject, forever)
  await clock.advance(0)
}

const hpa = (): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { namespace: 'default', name: 'handmade' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
    minReplicas: 1,
    maxReplicas: 5,
  },
})

const invalid = { minReplicaCount: 5, maxReplicaCount: 3 }

void describe('the webhooks', () => {
  void it('let a good ScaledObject in, without a word', async () => {
    assert.deepEqual(await ask(scaledObject()), { uid: 'u-1', allowed: true })
    assert.deepEqual(counted, ['ScaledObject default create'])
  })

  void it('refuse a bad one as KEDA does, with every reason', async () => {
    const { allowed, status } = await ask(scaledObject({ ...invalid, idleReplicaCount: 9 }))
    assert.equal(allowed, false)
    assert.deepEqual(status, {
      code: 403,
      reason: 'Forbidden',
      message:
        'minReplicaCount 5 must not be above maxReplicaCount 3; idleReplicaCount 9 must be below minReplicaCount 5',
    })
    assert.deepEqual(counted, ['ScaledObject default create incorrect-replicas incorrect-replicas'])
  })

  void it('refuse on an update of the spec, and let everything else about an old mistake pass', async () => {
    const oldObject = scaledObject(invalid)
    const update = { operation: 'UPDATE', oldObject }
    const changed = scaledObject({ ...invalid, pollingInterval: 5 })
    assert.equal((await ask(changed, update)).allowed, false)
    const annotated = scaledObject(invalid, {
      annotations: { 'autoscaling.keda.sh/paused': 'true' },
      finalizers: [],
    })
    assert.deepEqual(await ask(annotated, update), { uid: 'u-1', allowed: true })
    const odd = scaledObject(invalid, { annotations: { 'ebb.dev/scaling': 'dirct' } })
    const { allowed, warnings } = await ask(odd, update)
    assert.equal(allowed, true)
    assert.deepEqual(warnings, [
      'metadata.annotations["ebb.dev/scaling"]: annotation ebb.dev/scaling must be direct or hpa, not "dirct"',
    ])
    const deleted = scaledObject(
      { ...invalid, pollingInterval: 5 },
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    )
    assert.deepEqual(await ask(deleted, update), { uid: 'u-1', allowed: true })
  })

  void it('judge neither deletion, nor connections, nor the status', async () => {
    for (const more of [
      { operation: 'DELETE', object: null, oldObject: scaledObject(invalid) },
      { operation: 'CONNECT' },
      { operation: 'UPDATE', subResource: 'status', oldObject: scaledObject() },
    ])
      assert.equal((await ask(scaledObject(invalid), more)).allowed, true)
    assert.deepEqual(counted, [])
  })

  void it('see the ScaledObjects and HPAs of the namespace, and of no other', async () => {
    await put(kinds.scaledObject, scaledObject({}, { name: 'first' }))
    const second = scaledObject({}, { name: 'second' })
    assert.match((await ask(second)).status?.message ?? '', /managed by the ScaledObject first/)
    assert.equal((await ask(second, { namespace: 'other' })).allowed, true)
    assert.equal((await ask(scaledObject({}, { name: 'first' }))).allowed, true)
    await cluster.remove(kinds.scaledObject, { namespace: 'default', name: 'first' }, {}, forever)
    await clock.advance(0)
    assert.equal((await ask(second)).allowed, true)
    await put(kinds.hpa, hpa())
    assert.match((await ask(second)).status?.message ?? '', /managed by the HPA handmade/)
  })

  void it('look at the target of cpu and memory triggers, except on a dry run', async () => {
    const object = scaledObject({ triggers: [cpu, queue] })
    const missing = await ask(object)
    assert.equal(missing.status?.code, 404)
    assert.match(missing.status?.message ?? '', /Deployment orders does not exist/)
    assert.equal((await ask(object, { dryRun: true })).allowed, true)
    await put(kinds.deployment, deployment())
    assert.match((await ask(object)).status?.message ?? '', /container main .* has none/)
    await cluster.create(kinds.limitRange, limitRange({ default: { cpu: '1' } }), forever)
    await clock.advance(0)
    assert.equal((await ask(object)).allowed, true)
  })

  void it('ask the API server for a target that no mirror has seen yet', async () => {
    await cluster.create(kinds.deployment, deployment(), forever)
    const object = scaledObject({ triggers: [cpu, queue] })
    assert.match((await ask(object)).status?.message ?? '', /container main .* has none/)
  })

  void it('refuse a target of a kind that the cluster does not have', async () => {
    const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Robot', name: 'r' }
    const { status } = await ask(scaledObject({ scaleTargetRef }))
    assert.match(status?.message ?? '', /no kind Robot in example\.com\/v1/)
  })

  void it('warn of what is let in and does not work, or not as meant', async () => {
    const { allowed, warnings } = await ask(
      scaledObject({
        triggers: [
          { type: 'azure-queu', metadata: {} },
          { type: 'azure-queue', metadata: { queueName: 'q', queueLenght: '5' } },
          { type: 'azure-queue', metadata: { queueLength: 'many' } },
        ],
      }),
    )
    assert.equal(allowed, true)
    assert.equal(
      warnings?.[0],
      'spec.triggers[0].type: no scaler for trigger type "azure-queu"; did you mean azure-queue?',
    )
    assert.equal(
      warnings?.[1]?.startsWith('spec.triggers[1].metadata'),
      true,
      JSON.stringify(warnings),
    )
    const text = warnings?.join('\n') ?? ''
    assert.match(text, /no parameter queueLenght, so it does nothing; did you mean queueLength\?/)
    assert.match(text, /spec\.triggers\[2\]\.metadata: .*queueName is required/)
    assert.match(text, /spec\.triggers\[2\]\.metadata\.queueLength: .*must be a whole number/)
  })

  void it('take for given what an authentication gives', async () => {
    const metadata = { queueName: 'orders' }
    const triggers = [{ type: 'azure-queue', metadata, authenticationRef: { name: 'storage' } }]
    assert.deepEqual(await ask(scaledObject({ triggers })), { uid: 'u-1', allowed: true })
    const spec = { secretTargetRef: [{ parameter: 'other', name: 's', key: 'k' }] }
    const named = { namespace: 'default', name: 'storage' }
    await cluster.create(kinds.triggerAuthentication, { metadata: named, spec }, forever)
    await clock.advance(0)
    const { warnings } = await ask(scaledObject({ triggers }))
    assert.match(warnings?.[0] ?? '', /connection/)
  })

  void it('answer within a second where the API server does not', async () => {
    await app.close()
    const never = () => new Promise<never>(() => undefined)
    await open({ get: never, resolve: never })
    const rows = [
      scaledObject({ triggers: [cpu, queue] }),
      scaledObject({ scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Robot', name: 'r' } }),
    ]
    for (const object of rows) {
      const answer = ask(object)
      await clock.advance(900)
      assert.equal((await answer).allowed, true)
    }
  })

  void it('let pass what they cannot find out', async () => {
    await app.close()
    const fails = () => Promise.reject(failure('CLUSTER_UNREACHABLE', { server: 's', why: 'w' }))
    await open({ get: fails, resolve: fails })
    assert.equal((await ask(scaledObject({ triggers: [cpu, queue] }))).allowed, true)
  })

  void it('let everything pass in shadow mode', async () => {
    writes = false
    assert.deepEqual(await ask(scaledObject(invalid)), { uid: 'u-1', allowed: true })
  })

  void it('judge the four kinds on paths of their own', async () => {
    const authentication = { podIdentity: { provider: 'azure-workload', identityId: '' } }
    const specs: Record<string, object> = {
      ScaledObject: { ...scaledObject(invalid).spec },
      ScaledJob: {
        jobTargetRef: { template: {} },
        triggers: [queue, queue].map((t) => ({ ...t, name: 'a' })),
      },
      TriggerAuthentication: authentication,
      ClusterTriggerAuthentication: authentication,
    }
    for (const kind of judgedKinds) {
      const object = {
        apiVersion: 'keda.sh/v1alpha1',
        kind,
        metadata: { name: 'x' },
        spec: specs[kind],
      }
      const asked = bodyOf(object, { kind: { group: 'keda.sh', version: 'v1alpha1', kind } })
      for (const path of judgedKinds) {
        const { statusCode, body } = await app.inject({
          method: 'POST',
          url: admissionPath(path),
          payload: asked,
        })
        assert.equal(statusCode, path === kind ? 200 : 400, body)
        if (path === kind) assert.equal(JSON.parse(body).response.allowed, false, body)
      }
    }
  })
})

void describe('bad questions to the webhooks', () => {
  const url = admissionPath('ScaledObject')
  const headers = { 'content-type': 'application/json' }
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const rows: readonly (readonly [name: string, payload: string, code: number])[] = [
    ['no body', '', 411],
    ['no JSON', '{', 400],
    ['null', 'null', 400],
    ['a list', '[]', 400],
    ['no request', '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', 400],
    [
      'an older version',
      JSON.stringify(bodyOf(scaledObject())).replace('k8s.io/v1"', 'k8s.io/v1beta1"'),
      400,
    ],
    ['a poisoned prototype', '{"__proto__":{"x":1}}', 400],
    ['a body above the limit', `{"x":"${'x'.repeat(largestReview)}"}`, 413],
    ['a hundred thousand lists in each other', deep, 400],
  ]
  for (const [name, payload, code] of rows)
    void it(`are refused: ${name}`, async () => {
      const { statusCode } = await app.inject({ method: 'POST', url, headers, payload })
      assert.equal(statusCode, code)
      assert.equal((await ask(scaledObject())).allowed, true)
    })

  void it('of great size are answered so many a second, and all others again soon', async () => {
    const payload = JSON.stringify(bodyOf({ x: 'x'.repeat(7 * 1024 * 1024) }))
    const send = async (): Promise<number> =>
      (await app.inject({ method: 'POST', url, headers, payload })).statusCode
    assert.deepEqual([await send(), await send(), await send()], [200, 200, 503])
    await clock.advance(4_000)
    assert.equal(await send(), 200)
  })

  void it('get a bounded answer to an object of nothing but mistakes', async () => {
    const triggers = Array.from({ length: 20_000 }, () => ({
      type: 'x\u001b[2J'.repeat(9),
      metadata: 5,
    }))
    const { allowed, status } = await ask({ ...scaledObject(), spec: { triggers } })
    assert.equal(allowed, false)
    assert.ok((status?.message.length ?? 0) <= 4097)
    // oxlint-disable-next-line no-control-regex -- what must not be there
    assert.ok(!/[\u0000-\u001f]/.test(status?.message ?? ''))
  })

  void it('are refused by name of the field where an object does not have the form of its kind', async () => {
    const { status } = await ask({
      ...scaledObject(),
      spec: { triggers: 'none', scaleTargetRef: 5 },
    })
    assert.match(status?.message ?? '', /spec\.triggers must be of type array/)
    assert.match(status?.message ?? '', /spec\.scaleTargetRef must be of type object/)
    for (const object of [
      {},
      { metadata: 5 },
      { metadata: {}, spec: null },
      { ...scaledObject(), metadata: { annotations: 7 } },
    ])
      assert.equal((await ask(object)).allowed, false, JSON.stringify(object))
    assert.deepEqual(faults, [])
  })
})
