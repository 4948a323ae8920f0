import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { apply } from '../../../src/cli/demo/apply.ts'
import { sample, storageSecret } from '../../../src/cli/demo/sample.ts'
import { queuesAnnotation } from '../../../src/cli/demo/worker.ts'
import type { Manifest } from '../../../src/cli/manifests.ts'
import { createEmbedded, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { kinds } from '../../../src/kinds.ts'
import { manualClock } from '../../support/clock.ts'

const signal = new AbortController().signal

const scaled = (target: object, queue = 'work'): object => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'mine', namespace: 'shop' },
  spec: {
    scaleTargetRef: target,
    triggers: [{ type: 'azure-queue', metadata: { queueName: queue } }],
  },
})
const given = (...objects: readonly object[]): readonly Manifest[] =>
  objects.map((object, index) => ({
    object: object as Manifest['object'],
    where: `f.yaml:${index + 1}`,
  }))

describe('applying objects to the demo', () => {
  let cluster: EmbeddedCluster
  beforeEach(() => {
    cluster = createEmbedded({ clock: manualClock() })
  })
  afterEach(() => cluster.close())

  const put = (manifests: readonly Manifest[]): ReturnType<typeof apply> =>
    apply(cluster, manifests, 'connection=1', signal)
  const annotationOf = async (name: string): Promise<string | undefined> => {
    const found = await cluster.get(kinds.deployment, { namespace: 'shop', name }, signal)
    const metadata = found?.spec?.template?.metadata as { annotations?: Record<string, string> }
    return metadata?.annotations?.[queuesAnnotation]
  }

  test('the sample is accepted as it is', async () => {
    assert.deepEqual(await put(sample), { queues: ['orders'], notes: [] })
  })

  test('a target that no file brings is made, asleep, with pods that work off the queue', async () => {
    const { queues, notes } = await put(given(scaled({ name: 'app' })))
    assert.deepEqual(queues, ['work'])
    assert.deepEqual(notes, ['f.yaml:1: Deployment app is named but not given; the demo made one'])
    const made = await cluster.get(kinds.deployment, { namespace: 'shop', name: 'app' }, signal)
    assert.equal(made?.spec?.replicas, 0)
    assert.equal(await annotationOf('app'), 'work')
  })

  test('every namespace of a workload gets the connection to the queue service', async () => {
    await put(given(scaled({ name: 'app' })))
    const secret = await cluster.get(
      kinds.secret,
      { namespace: 'shop', name: storageSecret.name },
      signal,
    )
    assert.equal(
      Buffer.from(secret?.data?.[storageSecret.key] ?? '', 'base64').toString(),
      'connection=1',
    )
  })

  test('what the cluster does not know is left out, and said', async () => {
    const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'i' } }
    const { notes } = await put(given(ingress, scaled({ name: 'app' })))
    assert.match(notes[0] ?? '', /^f\.yaml:1: Ingress i is left out/)
  })

  test('what the cluster refuses is named with file and line', async () => {
    const wrong = {
      ...scaled({ name: 'app' }),
      spec: { scaleTargetRef: { name: 'app' }, triggers: 'x' },
    }
    await assert.rejects(put(given(wrong)), /^EbbError: f\.yaml:1: .*triggers/)
  })

  test('files without a ScaledObject are refused', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }
    await assert.rejects(put(given(secret)), /no ScaledObject/)
  })
})
