import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { WorkloadView } from '../../src/control/insight.ts'
import type { WorkloadKind } from '../../src/core/workload-kinds.ts'
import { failure } from '../../src/errors.ts'
import type { Question, Verdict } from '../../src/serve/authorization.ts'
import { explainPath, serveExplain } from '../../src/serve/explain.ts'
import { serveExternalMetrics } from '../../src/serve/external-metrics.ts'
import { type Identity, identity } from '../../src/serve/identity.ts'
import { createServer } from '../../src/serve/server.ts'
import { manualClock } from '../support/clock.ts'
import { fakeInsight } from '../support/insight.ts'

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

const job: WorkloadView = {
  ...view,
  kind: 'ScaledJob',
  target: { kind: 'Job', name: 'worker' },
  mode: 'jobs',
  hpa: undefined,
}

function api(o: {
  views?: readonly WorkloadView[]
  /** For every question, or for those about these resources. */
  verdict?: Verdict
  about?: readonly string[]
  user?: Identity | undefined
}) {
  const asked: Question[] = []
  const app = createServer({ onFault: (error) => assert.fail(String(error)) })
  const authorization = {
    authorize(_user: Identity, question: Question): Verdict {
      asked.push(question)
      const { about } = o
      const concerned =
        !about || (question.kind === 'resource' && about.includes(question.resource))
      return (concerned && o.verdict) || { kind: 'allowed' }
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
  const insight = fakeInsight(o.views ?? [])
  serveExplain(app, { insight, authorization, clock: manualClock(1_000) })
  return { app, asked }
}

describe('explaining a workload', () => {
  test('answers its view and the time to who may get the ScaledObject', async () => {
    const { app, asked } = api({ views: [view] })
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

  const both = [view, job]
  const denial = { verdict: denied }
  const unsure: Verdict = {
    kind: 'unknown',
    error: failure('ACCESS_UNDECIDED', { what: 'it', why: 'down' }),
  }
  const rows: readonly (readonly [
    name: string,
    kind: WorkloadKind | undefined,
    o: Parameters<typeof api>[0],
    answer: WorkloadKind | number,
    asked: readonly string[],
  ])[] = [
    [
      'none said, a ScaledJob alone',
      undefined,
      { views: [job] },
      'ScaledJob',
      ['scaledobjects', 'scaledjobs'],
    ],
    ['none said, both', undefined, { views: both }, 'ScaledObject', ['scaledobjects']],
    ['the one', 'ScaledObject', { views: both }, 'ScaledObject', ['scaledobjects']],
    ['the other', 'ScaledJob', { views: both }, 'ScaledJob', ['scaledjobs']],
    ['the one, which is not there', 'ScaledObject', { views: [job] }, 404, ['scaledobjects']],
    ['the other, which is not there', 'ScaledJob', { views: [view] }, 404, ['scaledjobs']],
    [
      'the other, which is forbidden',
      'ScaledJob',
      { views: both, ...denial, about: ['scaledjobs'] },
      403,
      ['scaledjobs'],
    ],
    [
      'the one, where the other is forbidden',
      'ScaledObject',
      { views: both, ...denial, about: ['scaledjobs'] },
      'ScaledObject',
      ['scaledobjects'],
    ],
    [
      'none said, the first forbidden',
      undefined,
      { views: both, ...denial, about: ['scaledobjects'] },
      'ScaledJob',
      ['scaledobjects', 'scaledjobs'],
    ],
    [
      'none said, what is there forbidden',
      undefined,
      { views: [view], ...denial, about: ['scaledobjects'] },
      404,
      ['scaledobjects', 'scaledjobs'],
    ],
    [
      'none said, nothing there and half of it forbidden',
      undefined,
      { ...denial, about: ['scaledobjects'] },
      404,
      ['scaledobjects', 'scaledjobs'],
    ],
    [
      'none said, the first not known',
      undefined,
      { views: [view], verdict: unsure, about: ['scaledobjects'] },
      503,
      ['scaledobjects', 'scaledjobs'],
    ],
  ]
  for (const [name, kind, o, answer, resources] of rows)
    test(`of two kinds: ${name}`, async () => {
      const { app, asked } = api(o)
      const said = await app.inject(explainPath('shop', 'worker', kind))
      assert.equal(said.statusCode === 200 ? said.json().workload.kind : said.statusCode, answer)
      assert.deepEqual(
        asked.map((q) => q.kind === 'resource' && [q.resource, q.namespace, q.name]),
        resources.map((resource) => [resource, 'shop', 'worker']),
      )
    })

  test('a name that begins like a kind and is none is a name', async () => {
    const { app, asked } = api({ views: [] })
    await app.inject(explainPath('shop', 'scaledjobs.worker'))
    assert.equal(asked[0]?.kind === 'resource' && asked[0].name, 'scaledjobs.worker')
  })

  test('tells who may not neither the view nor whether there is one', async () => {
    const there = await api({ views: [view], verdict: denied }).app.inject(
      explainPath('shop', 'worker'),
    )
    const not = await api({ verdict: denied }).app.inject(explainPath('shop', 'worker'))
    assert.equal(there.statusCode, 403)
    assert.equal(there.body, not.body)
  })

  test('answers 404 to who may, 401 to nobody, 503 where it cannot be checked', async () => {
    const missing = await api({}).app.inject(explainPath('shop', 'worker'))
    assert.equal(missing.statusCode, 404)
    const nobody = await api({ views: [view], user: undefined }).app.inject(
      explainPath('shop', 'worker'),
    )
    assert.equal(nobody.statusCode, 401)
    const unasked = await api({ views: [view], verdict: unsure }).app.inject(
      explainPath('shop', 'worker'),
    )
    assert.equal(unasked.statusCode, 503)
  })
})
