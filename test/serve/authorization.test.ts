import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { failure } from '../../src/errors.ts'
import type { SubjectAccessReview } from '../../src/resources.ts'
import { authorization, type Question } from '../../src/serve/authorization.ts'
import { type Identity, identity } from '../../src/serve/identity.ts'
import { manualClock } from '../support/clock.ts'

const user = (
  via: Identity['via'],
  name = 'alice',
  groups: readonly string[] = ['dev'],
): Identity => identity({ name, uid: 'u1', groups, extra: { scope: ['x'] }, via })

const metric: Question = {
  kind: 'resource',
  verb: 'list',
  group: 'external.metrics.k8s.io',
  version: 'v1beta1',
  resource: 's0-queue',
  namespace: 'shop',
  name: '',
  askedBefore: true,
}

function judge(): {
  readonly clock: ReturnType<typeof manualClock>
  readonly reviews: SubjectAccessReview['spec'][]
  readonly ask: (user: Identity, question: Question) => Promise<string>
  allow: boolean | Error
} {
  const clock = manualClock()
  const reviews: SubjectAccessReview['spec'][] = []
  const state = { allow: true as boolean | Error }
  const judge = authorization({
    clock,
    async reviewAccess(spec) {
      reviews.push(spec)
      if (state.allow instanceof Error) throw state.allow
      return { allowed: state.allow }
    },
  })
  const ask = async (who: Identity, question: Question): Promise<string> =>
    (await judge.authorize(who, question)).kind
  return Object.assign(state, { clock, reviews, ask })
}

describe('authorization', () => {
  test('asks a SubjectAccessReview with all that is known of the user', async () => {
    const j = judge()
    assert.equal(await j.ask(user('front-proxy'), metric), 'allowed')
    assert.deepEqual(j.reviews, [
      {
        user: 'alice',
        uid: 'u1',
        groups: ['dev', 'system:authenticated'],
        extra: { scope: ['x'] },
        resourceAttributes: {
          verb: 'list',
          group: 'external.metrics.k8s.io',
          version: 'v1beta1',
          resource: 's0-queue',
          namespace: 'shop',
        },
      },
    ])
  })

  test('asks about a path as a path', async () => {
    const j = judge()
    await j.ask(user('token'), { kind: 'path', verb: 'get', path: '/apis' })
    assert.deepEqual(j.reviews[0]?.nonResourceAttributes, { verb: 'get', path: '/apis' })
  })

  test('system:masters may do everything, without a question', async () => {
    const j = judge()
    j.allow = false
    assert.equal(await j.ask(user('front-proxy', 'root', ['system:masters']), metric), 'allowed')
    assert.equal(j.reviews.length, 0)
  })

  const memories: [name: string, who: Identity, question: Question, allow: boolean, ms: number][] =
    [
      ['a yes that the API server itself gave before', user('front-proxy'), metric, true, 300_000],
      ['a yes to who comes directly', user('token'), metric, true, 10_000],
      [
        'a yes to what the API server did not ask',
        user('front-proxy'),
        { ...metric, askedBefore: false },
        true,
        10_000,
      ],
      [
        'a yes about a path',
        user('front-proxy'),
        { kind: 'path', verb: 'get', path: '/' },
        true,
        10_000,
      ],
      ['a no', user('front-proxy'), metric, false, 10_000],
    ]
  for (const [name, who, question, allow, ms] of memories) {
    test(`remembers ${name} for ${ms / 1000} s, also while the API server is down, and not a moment longer`, async () => {
      const j = judge()
      j.allow = allow
      const first = await j.ask(who, question)
      j.allow = failure('CLUSTER_UNREACHABLE', { server: 'x', why: 'refused' })
      await j.clock.advance(ms - 1)
      assert.equal(await j.ask(who, question), first)
      await j.clock.advance(1)
      assert.equal(await j.ask(who, question), 'unknown')
      assert.equal(j.reviews.length, 2)
    })
  }

  test('asks once for many who want the same answer at once, and bounds how many questions are under way', async () => {
    const clock = manualClock()
    let asked = 0
    const judge = authorization({
      clock,
      async reviewAccess() {
        asked++
        await clock.sleep(50, new AbortController().signal)
        return { allowed: true }
      },
    })
    const same = Array.from({ length: 100 }, async () => judge.authorize(user('token'), metric))
    const others = Array.from({ length: 100 }, async (_, i) =>
      judge.authorize(user('token'), { ...metric, resource: `s${i}` }),
    )
    await clock.advance(60)
    assert.ok((await Promise.all(same)).every((v) => v.kind === 'allowed'))
    const kinds = (await Promise.all(others)).map((v) => v.kind)
    assert.equal(asked, 64)
    assert.equal(kinds.filter((kind) => kind === 'unknown').length, 100 - 63)
  })

  test('an answer is never used for another user or another question', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '"', ',', '\\') })
    const who = fc.record({ name: text, groups: fc.array(text) })
    const what = fc.record({ resource: text, namespace: text, name: text })
    await fc.assert(
      fc.asyncProperty(who, who, what, what, async (u1, u2, q1, q2) => {
        const differs = JSON.stringify([u1, q1]) !== JSON.stringify([u2, q2])
        const j = judge()
        await j.ask(user('token', u1.name, u1.groups), { ...metric, ...q1 })
        await j.ask(user('token', u2.name, u2.groups), { ...metric, ...q2 })
        assert.equal(j.reviews.length, differs ? 2 : 1)
      }),
    )
  })
})
