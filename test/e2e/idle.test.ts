import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costAnnotation } from '../../src/core/idle.ts'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, prometheusTrigger, scaledObject } from '../support/objects.ts'

const eager = {
  horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
}

test(
  'the real ReplicaSet controller gives up the idle pods first',
  { timeout: 300_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, or a control plane built before')) return
    await using installed = await installEbb({ pods: true, audit: true })
    const { plane, until } = installed
    const look = looksAt(plane)
    const source = await startFakePrometheus()
    t.after(() => source.close())
    const annotations = { 'ebb.dev/scaling': 'direct', 'ebb.dev/idle-label': 'work=idle' }
    source.values.set('orders', 60)
    await plane.apply(
      listOf(
        deploymentObject('orders', 0),
        scaledObject('orders', [prometheusTrigger('orders', { url: source.url })], {
          metadata: { annotations },
          spec: { maxReplicaCount: 9, advanced: eager },
        }),
      ),
    )

    /** The pods that are ready and stay, by name. */
    const pods = async (): Promise<readonly string[]> => {
      const fields = '{.metadata.deletionTimestamp}:{.status.conditions[?(@.type=="Ready")].status}'
      const line = `{range .items[*]}{.metadata.name}:${fields}{"\\n"}{end}`
      const text = await plane.kubectl('get', 'pods', '-l', 'app=orders', '-o', `jsonpath=${line}`)
      return text.split('\n').flatMap((pod) => {
        const [name = '', leaving, ready] = pod.split(':')
        return leaving === '' && ready === 'True' ? [name] : []
      })
    }
    const reaches = (count: number): Promise<readonly string[]> =>
      until(`${count} pods are ready`, pods, (names) => names.length === count, 60)
    const label = (names: readonly string[], work: string): Promise<string> =>
      plane.kubectl('label', '--overwrite', 'pods', ...names, `work=${work}`)

    const six = await reaches(6)

    await t.test(
      'without the role it is scaled in all the same, and an event names the role',
      async () => {
        await label(six, 'idle')
        source.values.set('orders', 50)
        await reaches(5)
        const events = await until(
          'the event is there',
          () => look.events('orders'),
          (lines) => lines.some((line) => line.includes('idle pods may not go first')),
        )
        assert.match(
          events.join('\n'),
          /not allowed to patch pods in default; .*manifests\/deletion-cost/,
        )
      },
    )

    await plane.kubectl('apply', '--server-side', '-k', 'manifests/deletion-cost')
    await until(
      'the role counts',
      () =>
        plane.tryKubectl(
          '',
          'auth',
          'can-i',
          '--as',
          'system:serviceaccount:ebb:ebb',
          'patch',
          'pods',
        ),
      ({ stdout }) => stdout.trim() === 'yes',
    )

    await t.test('with it the idle ones go and the busy ones stay, at two changes', async () => {
      const five = await pods()
      const idle = [five[0] ?? '', five[2] ?? '']
      const busy = five.filter((name) => !idle.includes(name))
      await label(busy, 'busy')
      const since = new Date().toISOString()
      source.values.set('orders', 30)
      assert.deepEqual(await reaches(3), busy)
      const changed = (await look.writes(since)).filter((write) => write.includes(' pods '))
      assert.deepEqual([...changed].sort(), idle.map((name) => `patch pods default/${name}`).sort())
    })

    await t.test(
      "a cost that Ebb gave is taken back from a pod that works, somebody else's stays",
      async () => {
        const [a = '', b = ''] = await pods()
        // as a predecessor left it, or a scale-in that the pod survived
        await plane.kubectl('annotate', 'pod', a, `${costAnnotation}=-1161970189`)
        await plane.kubectl('annotate', 'pod', b, `${costAnnotation}=-5`)
        const cost = (name: string): Promise<string> =>
          look.path(
            'pod',
            name,
            '{.metadata.annotations.controller\\.kubernetes\\.io/pod-deletion-cost}',
          )
        await until(
          'it is taken back',
          () => cost(a),
          (text) => text === '',
        )
        assert.equal(await cost(b), '-5')
      },
    )
  },
)
