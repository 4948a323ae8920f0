import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Cluster } from '../../src/cluster.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import type { Mirror } from '../../src/mirror.ts'
import type { Resource, ScaledObject } from '../../src/resources.ts'
import { countRequests } from '../../src/serve/cluster-meter.ts'
import { inventoryOf } from '../../src/serve/inventory.ts'
import { reviewsOf } from '../../src/serve/reviews.ts'
import { manualClock, settle } from '../support/clock.ts'
import { objects } from './objects.ts'

const { signal } = new AbortController()

describe('counting requests to the API server', () => {
  test('names verb, resource and outcome, and how long each took but for watches', async () => {
    const clock = manualClock()
    const counted: unknown[] = []
    const below: Cluster = {
      ...objects(),
      async *watch() {
        yield { type: 'BOOKMARK', resourceVersion: '1' }
        throw failure('CLUSTER_GONE', { what: 'secrets' })
      },
      async patch() {
        throw failure('CLUSTER_CONFLICT', { what: 'x' })
      },
    }
    const meter = { requested: (...call: unknown[]) => counted.push(call) }
    const cluster = countRequests(below, meter, clock)
    const ref = { namespace: 'a', name: 'b' }
    await cluster.get(kinds.secret, ref, signal)
    const status = { subresource: 'status' } as const
    await assert.rejects(cluster.patch(kinds.scaledObject, ref, {}, status, signal), /changed by/)
    await assert.rejects(async () => {
      for await (const _ of cluster.watch(kinds.secret, { resourceVersion: '0' }, signal));
    }, /history/)
    assert.deepEqual(counted, [
      ['get', 'secrets', 'ok', 0],
      ['patch', 'scaledobjects/status', 'conflict', 0],
      ['watch', 'secrets', 'gone', undefined],
    ])
  })
})

describe('reviews', () => {
  test('gives up on an API server that does not answer within ten seconds', async () => {
    const clock = manualClock()
    const silent = {
      ...objects(),
      create: (_kind: unknown, _object: unknown, s: AbortSignal) =>
        new Promise<never>((_, reject) => s.addEventListener('abort', () => reject(s.reason))),
    }
    const reviews = reviewsOf(silent, clock, signal)
    const asked: readonly Promise<unknown>[] = [
      reviews.reviewAccess({ user: 'a' }),
      reviews.reviewToken('t'),
    ]
    await clock.advance(9_999)
    let answered = false
    for (const answer of asked) answer.catch(() => (answered = true))
    await settle()
    assert.equal(answered, false)
    await clock.advance(1)
    for (const answer of asked) await assert.rejects(answer, /no answer within 10000 ms/)
  })

  const answers: [name: string, status: object | undefined, allowed: boolean][] = [
    ['a yes', { allowed: true }, true],
    ['a no', { allowed: false }, false],
    ['a yes beside a denial', { allowed: true, denied: true }, false],
    ['no status', undefined, false],
  ]
  for (const [name, status, allowed] of answers) {
    test(`takes ${name} for ${allowed ? 'allowed' : 'not allowed'}`, async () => {
      const reviews = reviewsOf(answering({ status }), manualClock(), signal)
      assert.equal((await reviews.reviewAccess({ user: 'a' })).allowed, allowed)
    })
  }

  test("takes a token for nobody's unless it says authenticated", async () => {
    const user = { username: 'a' }
    const review = (status: object) =>
      reviewsOf(answering({ status }), manualClock(), signal).reviewToken('t')
    assert.deepEqual(await review({ authenticated: true, user }), user)
    assert.equal(await review({ user }), undefined)
    assert.equal(await review({ authenticated: false, user }), undefined)
  })
})

/** A cluster that answers every create with the object and these fields. */
const answering = (more: object): Cluster => ({
  ...objects(),
  create: async (_kind, object) => ({ ...object, ...more }),
})

describe('the inventory', () => {
  test('counts triggers by type and objects by kind and namespace, and says who is paused', () => {
    const so = (
      namespace: string,
      name: string,
      types: string[],
      paused = false,
    ): ScaledObject => ({
      metadata: { namespace, name },
      spec: { scaleTargetRef: { name }, triggers: types.map((type) => ({ type })) },
      ...(paused ? { status: { conditions: [{ type: 'Paused', status: 'True' }] } } : {}),
    })
    const { triggers, resources, paused } = inventoryOf({
      scaledObjects: mirror([
        so('a', 'x', ['cron', 'kafka']),
        so('a', 'y', ['kafka'], true),
        so('b', 'z', []),
      ]),
      clusterTriggerAuthentications: mirror([{ metadata: { name: 'c' } }]),
    })
    assert.deepEqual(
      [...triggers],
      [
        ['cron', 1],
        ['kafka', 2],
      ],
    )
    assert.deepEqual(
      [...resources],
      [
        { type: 'scaled_object', namespace: 'a', count: 2 },
        { type: 'scaled_object', namespace: 'b', count: 1 },
        { type: 'cluster_trigger_authentication', namespace: 'default', count: 1 },
      ],
    )
    assert.deepEqual(
      Array.from(paused, (p) => p.paused),
      [false, true, false],
    )
  })
})

/** A mirror as far as it is only walked through. */
const mirror = <K extends Resource>(items: K[]): Mirror<K> =>
  ({ values: () => items.values() }) as unknown as Mirror<K>
