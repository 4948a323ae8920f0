import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { askCluster, askPage, hintOf, kindsNamed } from '../../../src/cli/explain/ask.ts'
import type { Cluster } from '../../../src/cluster.ts'
import { explainPath } from '../../../src/serve/explain.ts'
import { workloadKinds, type WorkloadKind } from '../../../src/core/workload-kinds.ts'
import { failure, isFailure } from '../../../src/errors.ts'
import { dashboard } from '../../../src/serve/dashboard/plugin.ts'
import { manualClock } from '../../support/clock.ts'
import { fakeInsight, workload } from '../../support/insight.ts'

const clock = manualClock()
const signal = new AbortController().signal
const orders = { namespace: 'default', name: 'orders' }
const view = workload(clock.now())
const job = workload(clock.now(), { kind: 'ScaledJob' })

/** A cluster that holds these objects by their path. */
const holding = (objects: Readonly<Record<string, object>>): Cluster => {
  const get: Cluster['get'] = async ({ group, version, plural }, { namespace, name }) =>
    // what is stored under a path has the shape of its kind
    objects[
      `/apis/${group}/${version}/namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`
    ] as never
  return { get } as unknown as Cluster // nothing else is asked
}

describe('asking the API server', () => {
  const explained = { [explainPath('default', 'orders')]: { at: 5, workload: view } }
  const object = { '/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects/orders': {} }

  test('reads where Ebb answers', async () => {
    assert.deepEqual(await askCluster(holding({ ...explained, ...object }), orders, signal), {
      at: 5,
      view,
    })
  })

  test('reads of two of one name the one that is meant', async () => {
    const cluster = holding({
      ...explained,
      [explainPath('default', 'orders', 'ScaledJob')]: { at: 6, workload: job },
    })
    const of = async (kind?: 'ScaledObject' | 'ScaledJob'): Promise<string> =>
      (await askCluster(cluster, { ...orders, kind }, signal)).view.kind
    assert.deepEqual([await of('ScaledJob'), await of()], ['ScaledJob', 'ScaledObject'])
  })

  test('does not take one kind for the other', async () => {
    await assert.rejects(
      askCluster(holding(object), { ...orders, kind: 'ScaledJob' }, signal),
      /ScaledJob default\/orders/,
    )
  })

  test('knows the kinds of a name, as far as the user may see them', async () => {
    const get: Cluster['get'] = async ({ kind }) => {
      if (kind === 'ScaledObject') throw failure('CLUSTER_FORBIDDEN', { what: 'get', why: 'no' })
      // nobody looks into it
      return {} as never
    }
    assert.deepEqual(await kindsNamed({ get }, orders, workloadKinds, signal), ['ScaledJob'])
  })

  for (const [answered, other] of [
    [view, 'ScaledJob'],
    [job, 'ScaledObject'],
  ] as const)
    test(`asks once whether a ${other} has the name of the ${answered.kind} that was answered`, async () => {
      const got: string[] = []
      const among = (there: readonly string[]): Pick<Cluster, 'get'> => ({
        async get({ kind }) {
          got.push(kind)
          // nobody looks into it
          return there.includes(kind) ? ({} as never) : undefined
        },
      })
      const hint = (there: readonly string[], kind?: WorkloadKind): Promise<string | undefined> =>
        hintOf(among(there), { ...orders, kind }, { view: answered, at: 5 }, signal)
      assert.match(
        (await hint(workloadKinds)) ?? '',
        new RegExp(`this is the ${answered.kind}; --kind`),
      )
      assert.equal(await hint([answered.kind]), undefined)
      assert.deepEqual(got, [other, other])
      assert.equal(await hint(workloadKinds, answered.kind), undefined)
      assert.equal(got.length, 2, 'who said the kind needs no hint')
    })

  test('tells an object Ebb does not know from one that does not exist', async () => {
    await assert.rejects(askCluster(holding(object), orders, signal), (error) =>
      isFailure(error, 'WORKLOAD_UNKNOWN'),
    )
    const job = { '/apis/keda.sh/v1alpha1/namespaces/default/scaledjobs/orders': {} }
    await assert.rejects(askCluster(holding(job), orders, signal), (error) =>
      isFailure(error, 'WORKLOAD_UNKNOWN'),
    )
    await assert.rejects(askCluster(holding({}), orders, signal), (error) =>
      isFailure(error, 'CLUSTER_NOT_FOUND'),
    )
  })
})

describe('asking the page', () => {
  let app: FastifyInstance
  let base = ''
  before(async () => {
    app = Fastify({ forceCloseConnections: true })
    await app.register(dashboard, { insight: fakeInsight([view, job]), clock })
    app.get('/other/api/workloads/:namespace/:name', () => 'no JSON')
    base = await app.listen({ host: '127.0.0.1', port: 0 })
  })
  after(() => app.close())

  test('gives the workload and the time there', async () => {
    const answer = await askPage(base, orders, signal)
    assert.equal(answer.at, clock.now())
    assert.equal(answer.view.records.length, view.records.length)
  })

  test('gives of two of one name the one that is meant', async () => {
    const of = async (kind?: 'ScaledObject' | 'ScaledJob'): Promise<string> =>
      (await askPage(base, { ...orders, kind }, signal)).view.kind
    assert.deepEqual(
      [await of('ScaledJob'), await of('ScaledObject'), await of()],
      ['ScaledJob', 'ScaledObject', 'ScaledObject'],
    )
  })

  test('says that there is none of that name', async () => {
    await assert.rejects(askPage(base, { ...orders, name: 'none' }, signal), (error) =>
      isFailure(error, 'WORKLOAD_UNKNOWN'),
    )
  })

  test('names an answer that is none', async () => {
    await assert.rejects(askPage(`${base}/other/`, orders, signal), (error) =>
      isFailure(error, 'ANSWER_UNREADABLE'),
    )
  })
})
