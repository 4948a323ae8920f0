import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { dashboard } from '../../../src/serve/dashboard/plugin.ts'
import { linkOf, type Detail, type Overview } from '../../../src/serve/dashboard/shape.ts'
import { manualClock } from '../../support/clock.ts'
import { fakeInsight, workload } from '../../support/insight.ts'

const clock = manualClock()
const now = clock.now()
const names = ['b/two', 'a/one', 'b/one'] as const
const insight = fakeInsight(
  names.map((key) => {
    const [namespace = '', name = ''] = key.split('/')
    return workload(now, { namespace, name })
  }),
)

async function serve(folder: string): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(dashboard, { insight, clock, folder })
  return app
}

describe('the page and its API', () => {
  let folder = ''
  let app: FastifyInstance
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ebb-page-'))
    await writeFile(join(folder, 'index.html'), '<!doctype html>')
    for (const file of ['app.js', 'app.css', 'icon.svg']) await writeFile(join(folder, file), file)
    app = await serve(folder)
  })
  after(async () => {
    await app.close()
    await rm(folder, { recursive: true })
  })

  test('lists every workload in order of its name, without its past', async () => {
    const { workloads, total, at } = (await app.inject('/api/workloads')).json<Overview>()
    assert.deepEqual(
      workloads.map((one) => `${one.namespace}/${one.name}`),
      ['a/one', 'b/one', 'b/two'],
    )
    assert.equal(total, 3)
    assert.equal(at, now)
    assert.ok(workloads.every((one) => !('records' in one) && !('history' in one)))
    assert.match(workloads[0]?.why ?? '', /the HPA decides/)
  })

  test('finds by a part of namespace/name and says how many there are beyond the limit', async () => {
    const answer = await app.inject('/api/workloads?search=b/&limit=1')
    const { workloads, total } = answer.json<Overview>()
    assert.deepEqual(
      workloads.map(({ name }) => name),
      ['one'],
    )
    assert.equal(total, 2)
  })

  test('gives one workload with a sentence for each of its decisions', async () => {
    const found = (await app.inject('/api/workloads/b/two')).json<Detail>().workload
    assert.equal(found.records.length, 2)
    assert.match(found.records[0]?.why ?? '', /^from 0 to 1 replica because/)
    assert.equal(found.history.length, 5)
  })

  for (const [path, code] of [
    ['/api/workloads/b/nobody', 404],
    ['/api/workloads/b/..%2f..%2fetc', 400],
    ['/api/workloads/B/two', 400],
    ['/api/workloads/b/two?kind=ScaledJob', 404],
    ['/api/workloads/b/two?kind=Deployment', 400],
    ['/api/workloads?limit=0', 400],
    ['/api/workloads?limit=501', 400],
    [`/api/workloads?search=${'x'.repeat(254)}`, 400],
  ] as const) {
    test(`answers ${code} to ${path.slice(0, 40)}`, async () => {
      const answer = await app.inject(path)
      assert.equal(answer.statusCode, code)
      assert.equal(typeof answer.json<{ error: string }>().error, 'string')
    })
  }

  test('tells two of one name apart, by links that say the kind where the name alone means the other', async () => {
    const twins = Fastify()
    const [object, job] = (['ScaledObject', 'ScaledJob'] as const).map((kind) =>
      workload(now, { kind }),
    )
    const both = fakeInsight([job, object].filter((each) => each !== undefined))
    await twins.register(dashboard, { insight: both, clock, folder })
    const { workloads } = (await twins.inject('/api/workloads')).json<Overview>()
    assert.deepEqual(
      workloads.map((row) => linkOf(row)),
      ['default/orders', 'default/orders?kind=ScaledJob'],
    )
    for (const row of workloads) {
      const found = await twins.inject(`/api/workloads/${linkOf(row)}`)
      assert.equal(found.json<Detail>().workload.kind, row.kind)
    }
    await twins.close()
  })

  test('forbids everything that is not its own', async () => {
    for (const path of ['/', '/app.js', '/api/workloads', '/api/workloads/b/nobody']) {
      const { headers } = await app.inject(path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/, path)
      assert.doesNotMatch(policy, /unsafe|\*/, path)
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
    }
  })

  test('changes nothing: no route answers to anything but reads', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const { statusCode } = await app.inject({ method, url: '/api/workloads/b/two' })
      assert.equal(statusCode, 404, method)
    }
  })

  test('sends a file once and then only says that it is the same', async () => {
    const first = await app.inject('/app.css')
    assert.equal(first.body, 'app.css')
    const again = await app.inject({
      url: '/app.css',
      headers: { 'if-none-match': String(first.headers.etag) },
    })
    assert.equal(again.statusCode, 304)
    assert.equal(again.body, '')
  })

  test('says what to do where the page was not built', async () => {
    const empty = await serve(join(folder, 'nothing'))
    const answer = await empty.inject('/')
    assert.equal(answer.statusCode, 503)
    assert.match(answer.body, /npm run build/)
    await empty.close()
  })
})
