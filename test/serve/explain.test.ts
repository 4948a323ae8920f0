import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { WorkloadView } from '../../src/control/insight.ts'
import { failure } from '../../src/errors.ts'
import type { Question, Verdict } from '../../src/serve/authorization.ts'
import { explainPath, serveExplain } from '../../src/serve/explain.ts'
import { serveExternalMetrics } from '../../src/serve/external-metrics.ts'
import { type Identity, identity } from '../../src/serve/identity.ts'
import { createServer } from '../../src/serve/server.ts'
import { manualClock } from '../support/clock.ts'

const view: WorkloadView = {
  namespace: 'shop',
  name: 'worker',
  kind: 'ScaledObject',
  target: { kind: 'Deployment', name: 'worker' },
  mode: 'hpa',
  pollingInterval: 30_000,
  hpa: 'keda-hpa-worker',
  ready: { status: 'True', reason: 'ScaledObjectReady', message: '' },
  replicas: 3,
  situation: undefined,
  decision: undefined,
  records: [],
  history: [],
}
const alice = identity({ name: 'alice', uid: undefined, groups: [], extra: {}, via: 'front-proxy' })
const denied: Verdict = {
  kind: 'denied',
  error: failure('ACCESS_DENIED', { user: 'alice', what: 'get' }),
}

function api(o: { view?: WorkloadView; verdict?: Verdict; user?: Identity | undefined }) {
  const asked: Question[] = []
  const app = createServer({ onFault: (error) => assert.fail(String(error)) })
  const authorization = {
    authorize(_user: Identity, question: Question): Verdict {
      asked.push(question)
      return o.verdict ?? { kind: 'allowed' }
    },
  }
  const user = 'user' in o ? o.user : alice
  serveExternalMetrics(app, {
    access: {
      authentication: {
        identify: async () => (user ? { kind: 'user', user } : { kind: 'nobody' }),
      },
      authorization,
    },
    readings: { read: () => assert.fail('no metric was asked for') },
    build: { version: '1' },
  })
  const insight = {
    list: async () => [],
    get: async (namespace: string, name: string) =>
      namespace === 'shop' && name === 'worker' ? o.view : undefined,
  }
  serveExplain(app, { insight, authorization, clock: manualClock(1_000) })
  return { app, asked }
}

describe('explaining a workload', () => {
  test('answers its view and the time to who may get the ScaledObject', async () => {
    const { app, asked } = api({ view })
    const answer = await app.inject(explainPath('shop', 'worker'))
    assert.equal(answer.statusCode, 200)
    const { at, workload } = answer.json()
    assert.equal(at, 1_000)
    assert.equal(workload.hpa, 'keda-hpa-worker')
    assert.deepEqual(asked, [
      {
        kind: 'resource',
        verb: 'get',
        group: 'keda.sh',
        version: 'v1alpha1',
        resource: 'scaledobjects',
        namespace: 'shop',
        name: 'worker',
        askedBefore: false,
      },
    ])
  })

  test('asks for a ScaledJob where the workload is one', async () => {
    const { app, asked } = api({ view: { ...view, kind: 'ScaledJob' } })
    await app.inject(explainPath('shop', 'worker'))
    assert.equal(asked[0]?.kind === 'resource' && asked[0].resource, 'scaledjobs')
  })

  test('tells who may not neither the view nor whether there is one', async () => {
    const there = await api({ view, verdict: denied }).app.inject(explainPath('shop', 'worker'))
    const not = await api({ verdict: denied }).app.inject(explainPath('shop', 'worker'))
    assert.equal(there.statusCode, 403)
    assert.equal(there.body, not.body)
  })

  test('answers 404 to who may, 401 to nobody, 503 where it cannot be checked', async () => {
    const missing = await api({}).app.inject(explainPath('shop', 'worker'))
    assert.equal(missing.statusCode, 404)
    const nobody = await api({ view, user: undefined }).app.inject(explainPath('shop', 'worker'))
    assert.equal(nobody.statusCode, 401)
    const unknown: Verdict = {
      kind: 'unknown',
      error: failure('ACCESS_UNDECIDED', { what: 'it', why: 'down' }),
    }
    const unsure = await api({ view, verdict: unknown }).app.inject(explainPath('shop', 'worker'))
    assert.equal(unsure.statusCode, 503)
  })
})
