import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { forever, type Bench } from '../support/controller.ts'
import { namespace, period, stage } from '../support/scaledjob.ts'

const minute = 60_000

/** The names under which Jobs were made, in order. */
const made = ({ writes }: Bench): readonly string[] =>
  writes.flatMap((write) => /^create Job default\/(.*)$/.exec(write)?.[1] ?? [])

/** Takes all Jobs away, as a TTL does. */
async function expire(bench: Bench): Promise<void> {
  const { items } = await bench.cluster.list(kinds.job, { namespace }, forever)
  for (const { metadata } of items)
    await bench.cluster.remove(kinds.job, { namespace, name: metadata.name }, {}, forever)
  await bench.clock.advance(1_000)
}

describe('numbers of Jobs', () => {
  test('begin at 1, also after a restart before the first one', async (t) => {
    const { bench, names } = await stage(t, {}, 0)
    await bench.clock.advance(10 * minute)
    await bench.restart()
    bench.source.queues.set('work', 2)
    await bench.clock.advance(2 * period)
    assert.deepEqual(await names(), ['work-1', 'work-2'])
  })

  test('go on from the highest that is left over a restart', async (t) => {
    const { bench } = await stage(t, {}, 2)
    bench.source.queues.set('work', 0)
    await bench.cluster.remove(kinds.job, { namespace, name: 'work-1' }, {}, forever)
    await bench.clock.advance(10 * minute)
    await bench.restart()
    bench.source.queues.set('work', 2)
    await bench.clock.advance(2 * period)
    assert.deepEqual(made(bench), ['work-1', 'work-2', 'work-3'])
  })

  for (const [what, spec] of [
    ['went by a TTL', {}],
    ['went by history limits', { successfulJobsHistoryLimit: 0 }],
  ] as const)
    test(`never come again where all Jobs ${what} before a restart, and nothing is written for it`, async (t) => {
      const { bench, finish } = await stage(t, spec, 3)
      const first = made(bench)
      assert.ok(first.includes('work-3'))
      bench.source.queues.set('work', 0)
      await bench.clock.advance(3 * period)
      for (const name of first) await finish(name)
      await bench.clock.advance(5 * period)
      await expire(bench)
      await bench.clock.advance(period)
      const before = bench.writes.length
      await bench.restart()
      await bench.clock.advance(2 * period)
      assert.deepEqual(
        bench.writes.slice(before).filter((write) => !write.startsWith('create Job')),
        [],
      )
      bench.source.queues.set('work', 2)
      await bench.clock.advance(3 * period)
      const names = made(bench)
      assert.ok(names.length > first.length, 'no Job was made')
      assert.equal(new Set(names).size, names.length, names.join())
      await bench.restart()
      bench.source.queues.set('work', 5)
      await bench.clock.advance(3 * period)
      const numbers = made(bench).map((name) => Number(name.slice('work-'.length)))
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
      assert.equal(numbers.at(-1), (numbers[first.length] ?? 0) + numbers.length - first.length - 1)
    })

  test('never come again where none was made but to keep a minimum', async (t) => {
    const { bench, finish, names } = await stage(t, { minReplicaCount: 1 }, 0)
    assert.deepEqual(await names(), ['work-1'])
    await bench.clock.advance(3 * period)
    bench.cluster.setFaults({
      before({ verb, resource }) {
        if (verb === 'create' && resource === 'jobs')
          throw failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'cut' })
      },
    })
    await finish('work-1')
    await expire(bench)
    assert.deepEqual(await names(), [])
    await bench.restart()
    bench.cluster.setFaults({})
    await bench.clock.advance(3 * period)
    const [name = ''] = await names()
    assert.match(name, /^work-\d+$/)
    assert.notEqual(name, 'work-1')
  })
})
