import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { empty, value, type Answer } from '../../src/scaler.ts'
import { memoryScaler, second, setUp, type Bench, type Follower, type Memory } from './support.ts'

const minute = 60 * second

/** What a follower last learnt: a value, that there is none, or the code of an error. */
const learnt = (follower: Follower): string => {
  const answer = follower.latest()?.answer
  return answer?.kind === 'error' ? answer.error.code : (answer?.kind ?? 'nothing')
}

const lost = (count: number): ((name: string) => Answer<unknown>) => {
  return (name) => (Number(name.slice(1)) < count ? empty : value(1))
}

async function source(
  count: number,
  batch: false | number,
): Promise<Bench & { readonly memory: Memory; readonly followers: readonly Follower[] }> {
  const bench = setUp()
  const memory = memoryScaler(bench.clock, { batch })
  const followers = Array.from({ length: count }, (_, i) => bench.follow(memory, `q${i}`))
  await bench.clock.advance(minute)
  return { ...bench, memory, followers }
}

describe('queries that lose their value', () => {
  const cases: [name: string, of: number, losing: number, expected: string][] = [
    ['one of many is believed', 10, 1, 'empty'],
    ['fewer than half are believed', 10, 4, 'empty'],
    ['half of them at once are taken for a fault of the source', 10, 5, 'SOURCE_FORGOT'],
    ['all of them, too', 10, 10, 'SOURCE_FORGOT'],
    ['two of two, too', 2, 2, 'SOURCE_FORGOT'],
    ['one of two is believed: two at least make a pattern', 2, 1, 'empty'],
    ['a single one is believed', 1, 1, 'empty'],
  ]
  for (const batch of [2, false] as const) {
    for (const [name, of, losing, expected] of cases) {
      test(`${name} (${batch ? 'in one call' : 'one by one'})`, async () => {
        const { clock, engine, memory, followers } = await source(of, batch)
        memory.answer = lost(losing)
        await clock.advance(30 * second)
        for (const [i, follower] of followers.entries()) {
          assert.equal(learnt(follower), i < losing ? expected : 'value')
        }
        await engine.close()
      })
    }
  }

  test('are doubted for three rounds and believed then', async () => {
    for (const batch of [2, false] as const) {
      const { clock, engine, memory, followers } = await source(6, batch)
      for (const { samples } of followers) samples.length = 0
      memory.answer = lost(6)
      await clock.advance(4 * 30 * second)
      for (const follower of followers) {
        const kinds = follower.samples.map(({ answer }) => answer.kind)
        const errors = kinds.filter((kind) => kind === 'error')
        assert.equal(errors.length, 3)
        assert.equal(learnt(follower), 'empty')
      }
      await engine.close()
    }
  })

  test('are believed again as soon as the value is back', async () => {
    const { clock, engine, memory, followers } = await source(6, 2)
    memory.answer = lost(6)
    await clock.advance(30 * second)
    memory.answer = () => value(2)
    await clock.advance(30 * second)
    assert.ok(followers.every((follower) => learnt(follower) === 'value'))
    memory.answer = lost(6)
    await clock.advance(30 * second)
    assert.ok(followers.every((follower) => learnt(follower) === 'SOURCE_FORGOT'))
    await engine.close()
  })

  test('are doubted also when an outage came between: a restart with an empty disk', async () => {
    const { clock, engine, memory, followers } = await source(6, 2)
    memory.answer = () => {
      throw new Error('down')
    }
    await clock.advance(30 * second)
    memory.answer = lost(6)
    await clock.advance(30 * second)
    assert.ok(followers.every((follower) => learnt(follower) === 'SOURCE_FORGOT'))
    await engine.close()
  })

  test('one by one, the first losses are taken back when the half is reached, for readers too', async () => {
    const { clock, engine, memory, followers } = await source(10, false)
    memory.answer = lost(10)
    for (const { samples } of followers) samples.length = 0
    const doubted = (): boolean =>
      followers.some((follower) => learnt(follower) === 'SOURCE_FORGOT')
    for (let i = 0; i < 300 && !doubted(); i++) await clock.advance(100)
    const emptied = followers.filter(({ samples }) => samples[0]?.answer.kind === 'empty')
    assert.equal(emptied.length, 4)
    for (const follower of emptied) {
      assert.equal(learnt(follower), 'SOURCE_FORGOT')
      assert.equal(follower.good()?.answer.kind, 'value')
    }
    await engine.close()
  })

  test('slowly, over more than a round, are believed', async () => {
    const { clock, engine, memory, followers } = await source(10, false)
    for (let losing = 1; losing <= 10; losing++) {
      memory.answer = lost(losing)
      await clock.advance(40 * second)
    }
    assert.ok(followers.every((follower) => learnt(follower) === 'empty'))
    await engine.close()
  })

  test('and queries that never had a value are no loss', async () => {
    const { clock, engine, follow } = setUp()
    const memory = memoryScaler(clock, { batch: 2 })
    memory.answer = () => empty
    const followers = Array.from({ length: 6 }, (_, i) => follow(memory, `q${i}`))
    await clock.advance(minute)
    assert.ok(followers.every((follower) => learnt(follower) === 'empty'))
    await engine.close()
  })
})
