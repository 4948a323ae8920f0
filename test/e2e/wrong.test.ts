import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgedKinds, type JudgedKind } from '../../src/admission/judge.ts'
import { fieldText } from '../../src/admission/problem.ts'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import {
  deploymentObject,
  listOf,
  prometheusTrigger,
  scaledObject,
  scaledObjectOf,
} from '../support/objects.ts'
import { plain, specOf, withWrong, wrongs } from '../support/wrong.ts'

/** Of all wrong fields that are tried in the process, so many are tried here; with a stride that is prime, all kinds of values. */
const stride = 37
const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'none' }] }
const inPod = (more: object): object => ({ template: { spec: { ...pod, ...more } } })

/** Parts of a ScaledJob's jobTargetRef that its definition does not look into: the API server does, when a Job is to be made. */
const templates: readonly (readonly [name: string, jobTargetRef: object, says: RegExp])[] = [
  ['no-template', {}, /jobTargetRef/],
  ['no-containers', inPod({ containers: [] }), /jobTargetRef.*container/],
  ['no-image', inPod({ containers: [{ name: 'main' }] }), /containers\[0\]\.image/],
  ['policy', inPod({ restartPolicy: 'Sometimes' }), /restartPolicy.*"Sometimes"/],
  ['always', inPod({ restartPolicy: 'Always' }), /restartPolicy/],
  ['text', { ...inPod({}), backoffLimit: 'often' }, /backoffLimit/],
  ['negative', { ...inPod({}), backoffLimit: -1 }, /backoffLimit.*greater than or equal to 0/],
  ['huge', { ...inPod({}), parallelism: 2 ** 40 }, /parallelism/],
  [
    'unicode',
    inPod({ containers: [{ ...pod.containers[0], name: '💥\u202E' }] }),
    /containers\[0\]\.name/,
  ],
  [
    'resources',
    inPod({ containers: [{ ...pod.containers[0], resources: { limits: { cpu: 'lots' } } }] }),
    /quantities/,
  ],
  [
    'mounts',
    inPod({
      containers: [{ ...pod.containers[0], volumeMounts: [{ name: 'x', mountPath: '/x' }] }],
    }),
    /volumeMounts\[0\]\.name/,
  ],
]

test('wrong fields, on a real control plane', { timeout: 400_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  const source = await startFakePrometheus()
  t.after(() => source.close())
  await using installed = await installEbb({ hpaSync: '1s', downscaleStabilization: '1s' })
  const { plane, until, ebb } = installed
  const look = looksAt(plane)
  const trigger = (query: string): object => prometheusTrigger(query, { url: source.url })
  await plane.apply(
    listOf(deploymentObject('witness'), scaledObjectOf('witness', { url: source.url })),
  )
  /** The process is the one that was started, and another workload is followed as ever. */
  const unharmed = async (): Promise<void> => {
    for (const [value, replicas] of [
      [25, 3],
      [0, 0],
    ] as const) {
      source.values.set('witness', value)
      await until(
        `witness is at ${replicas}`,
        () => look.replicas('witness'),
        (n) => n === replicas,
        60,
      )
    }
    assert.equal(await look.ready('witness'), 'ScaledObjectReady')
    assert.equal((await fetch(`http://127.0.0.1:${ebb.httpPort}/healthz`)).status, 200)
    process.kill(ebb.pid, 0)
  }
  await unharmed()
  await until(
    'the webhooks are called',
    async () => {
      const twice = { ...trigger('twice'), name: 'twice' }
      const text = JSON.stringify(scaledObject('twice', [twice, twice]))
      return (await plane.tryKubectl(text, 'create', '--dry-run=server', '-f', '-')).stderr
    },
    (stderr) => /denied the request/.test(stderr),
  )

  await t.test(
    'a wrong part of jobTargetRef is named by who refuses it, or by the condition',
    async () => {
      const stored: (readonly [string, RegExp])[] = []
      for (const [name, jobTargetRef, says] of templates) {
        source.values.set(name, 3)
        const object = {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledJob',
          metadata: { name, namespace: 'default' },
          spec: { jobTargetRef, pollingInterval: 1, triggers: [trigger(name)] },
        }
        const { code, stderr } = await plane.tryKubectl(JSON.stringify(object), 'create', '-f', '-')
        if (code === 0) stored.push([name, says])
        else assert.match(stderr, says, name)
      }
      t.diagnostic(`stored: ${stored.map(([name]) => name).join(', ')}`)
      const message = '{.status.conditions[?(@.type=="Ready")].message}'
      for (const [name, says] of stored)
        await until(
          `${name} says ${says}`,
          () => look.path('sj', name, message),
          (said) => says.test(said) && /jobTargetRef/.test(said) && said.length <= 4_001,
        )
      await unharmed()
      await plane.kubectl('delete', 'sj', '--all', '--timeout=30s')
    },
  )

  const objectOf = (kind: JudgedKind, name: string, spec: unknown): object => ({
    apiVersion: 'keda.sh/v1alpha1',
    kind,
    metadata: { name, ...(kind !== 'ClusterTriggerAuthentication' && { namespace: 'default' }) },
    spec,
  })
  for (const kind of judgedKinds)
    await t.test(`a wrong field is named, or harms nobody: ${kind}`, async () => {
      const shape = specOf(kind)
      const baseOf = (name: string): object =>
        kind.startsWith('Scaled')
          ? {
              ...Object(plain(shape)),
              ...(kind === 'ScaledObject' && { scaleTargetRef: { name } }),
              pollingInterval: 1,
              triggers: [trigger('wrong')],
            }
          : {}
      const chosen = [...wrongs(shape)].filter((_, at) => at % stride === 0)
      let refused = 0
      for (const [at, { path, what, value }] of chosen.entries()) {
        const name = `wrong-${at}`
        const object = objectOf(kind, name, withWrong(baseOf(name), shape, path, value))
        const { code, stderr } = await plane.tryKubectl(JSON.stringify(object), 'create', '-f', '-')
        if (code === 0) continue
        refused++
        // it, or what is around it: the rest of that is filled in as plainly as can be
        const named = path.some((step) => typeof step === 'string' && stderr.includes(step))
        const where = `${fieldText(['spec', ...path])}, ${what}: ${stderr.slice(0, 500)}`
        assert.ok(named || /too large|limit/i.test(stderr), where)
      }
      assert.ok(
        refused > 0 && refused < chosen.length,
        `${refused} of ${chosen.length} are refused`,
      )
      await unharmed()
      await plane.kubectl(
        'delete',
        kind,
        '--timeout=60s',
        '--field-selector=metadata.name!=witness',
      )
    })

  await t.test('what it logs of all this is bounded, and holds no stack', () => {
    for (const line of ebb.lines) {
      assert.ok(line.length < 10_000, `${line.length} characters: ${line.slice(0, 300)}`)
      assert.doesNotMatch(line, /\bat \w+.*\.[jt]s:\d+/)
    }
  })
})
