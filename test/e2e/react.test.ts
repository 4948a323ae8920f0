import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, scaledObjectOf } from '../support/objects.ts'
import { reactions } from '../support/reaction.ts'

const others = 100
/** So rare that no poll can be what carries a change (s). */
const rarely = 3_600

test(
  'a change of a user reaches its workload within a second while others are polled, on a real control plane',
  { timeout: 300_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, or a control plane built before')) return
    const source = await startFakePrometheus()
    t.after(() => source.close())
    await using installed = await installEbb({ audit: true })
    const { plane, until } = installed
    const look = looksAt(plane)
    const { url } = source
    const names = Array.from({ length: others }, (_, i) => `other-${i}`)
    source.values.set('orders', 5)
    await plane.apply(
      listOf(
        ...names.flatMap((name) => [
          deploymentObject(name),
          scaledObjectOf(name, { url }, { pollingInterval: 1 }),
        ]),
        deploymentObject('orders'),
        scaledObjectOf('orders', { url }, { pollingInterval: rarely }),
      ),
    )
    const isAt = (count: number): Promise<unknown> =>
      until(
        `orders is at ${count}`,
        () => look.replicas('orders'),
        (n) => n === count,
        60,
      )
    await isAt(1)
    await until(
      'the others are polled',
      async () => new Set(source.exchanges.map(({ query }) => query)).size,
      (queries) => queries > others,
      60,
    )

    const annotated = (name: string, value: string | null): object => ({
      metadata: { annotations: { [`autoscaling.keda.sh/${name}`]: value } },
    })
    const changes: readonly (readonly [patch: object, replicas: number])[] = [
      [{ spec: { minReplicaCount: 2 } }, 2],
      [annotated('paused-replicas', '0'), 0],
      [annotated('paused-replicas', null), 2],
      [annotated('paused-replicas', '3'), 3],
      [annotated('paused-replicas', '1'), 1],
      [annotated('paused-replicas', null), 2],
      [{ spec: { minReplicaCount: 4 } }, 4],
    ]
    const before = source.exchanges.length
    for (const [patch, replicas] of changes) {
      await plane.kubectl('patch', 'so', 'orders', '--type=merge', '-p', JSON.stringify(patch))
      await isAt(replicas)
    }
    assert.ok(source.exchanges.length - before > others, 'the others were not polled meanwhile')

    const times = reactions(await plane.audit(), 'orders')
    assert.equal(times.length, changes.length)
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
    assert.ok(median < 1_000, `from change to write: ${times.join(', ')} ms`)
    t.diagnostic(`from change to write: ${times.join(', ')} ms`)
  },
)
