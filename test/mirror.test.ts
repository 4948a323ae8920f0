import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Code } from '../src/errors.ts'
import { kinds } from '../src/kinds.ts'
import { mirror, type Followed } from '../src/mirror.ts'
import { manualClock } from './support/clock.ts'
import { bookmark, event, names, object, page, play, trouble } from './mirror/script.ts'

void describe('what a mirror holds', () => {
  void test('it is synced when the last page is in, and holds all of them', async () => {
    const p = await play({
      list: (n) =>
        [page([object('a')], '5', 'p2'), page([object('b')], '5', 'p3'), page([object('c')], '5')][
          n
        ] ?? page([]),
    })
    await p.held.synced
    assert.deepEqual(p.calls, ['list', 'list p2', 'list p3', 'watch 5'])
    assert.deepEqual(names(p.held), ['a@1', 'b@1', 'c@1'])
    assert.equal(p.held.size, 3)
    assert.deepEqual(p.news, [{ type: 'synced', kind: 'ConfigMap', size: 3, again: false }])
    p.abort()
  })

  void test('it follows the events of the watch', async () => {
    const events = [
      event('ADDED', 'b', '11'),
      event('MODIFIED', 'a', '12'),
      event('DELETED', 'b', '13'),
    ]
    const p = await play({ list: () => page([object('a')]), watch: () => ({ events }) })
    assert.deepEqual(names(p.held), ['a@12'])
    assert.equal(p.held.get('shop', 'a')?.metadata.resourceVersion, '12')
    assert.equal(p.held.get('shop', 'b'), undefined)
    assert.equal(p.held.get('other', 'a'), undefined)
    p.abort()
  })

  void test('listeners hear of every change after it is in place, until they leave', async () => {
    const heard: string[] = []
    const p = await play({
      list: (n) => (n === 0 ? trouble('CLUSTER_THROTTLED') : page([object('a')])),
      watch: () => ({ events: [event('MODIFIED', 'a', '12'), event('DELETED', 'a', '13')] }),
    })
    const leave = p.held.onChange(({ before, after }) => {
      assert.equal(p.held.get('shop', 'a'), after)
      heard.push(`${before?.metadata.resourceVersion} -> ${after?.metadata.resourceVersion}`)
      if (heard.length === 2) leave()
    })
    await p.clock.advance(5_000)
    assert.deepEqual(heard, ['undefined -> 1', '1 -> 12'])
    p.abort()
  })

  void test('a new list tells only of what differs: the changed, the new and the deleted', async () => {
    const heard: string[] = []
    const p = await play({
      list: (n) =>
        n === 0
          ? page([object('same'), object('changed'), object('deleted')])
          : page([object('same'), object('changed', '7'), object('new', '8')], '20'),
      watch: (n) => (n === 0 ? { ends: trouble('CLUSTER_GONE') } : {}),
    })
    p.held.onChange(({ before, after }) =>
      heard.push(`${before?.metadata.name} -> ${after?.metadata.name}`),
    )
    await p.clock.advance(2_000)
    assert.deepEqual(heard.sort(), [
      'changed -> changed',
      'deleted -> undefined',
      'undefined -> new',
    ])
    assert.deepEqual(names(p.held), ['changed@7', 'new@8', 'same@1'])
    assert.deepEqual(p.news.at(-1), { type: 'synced', kind: 'ConfigMap', size: 3, again: true })
    p.abort()
  })

  void test('what was held stays while a new list is not complete', async () => {
    const p = await play({
      list: (n) => {
        if (n === 0) return page([object('a'), object('b'), object('c')])
        return n === 1 ? page([object('a')], '20', 'p2') : trouble('CLUSTER_UNREACHABLE')
      },
      watch: () => ({ ends: trouble('CLUSTER_GONE') }),
    })
    await p.clock.advance(60_000)
    assert.deepEqual(names(p.held), ['a@1', 'b@1', 'c@1'])
    p.abort()
  })

  void test('the event loop is free between two pages', async () => {
    const turns: string[] = []
    const p = play({
      list: (n) => {
        turns.push('page')
        return page([object(`a${n}`)], '5', n < 3 ? `p${n}` : undefined)
      },
    })
    const other = new Promise<void>((resolve) => {
      const turn = (left: number): void => {
        turns.push('turn')
        if (left === 0) resolve()
        else setImmediate(turn, left - 1)
      }
      setImmediate(turn, 4)
    })
    await other
    assert.ok(turns.indexOf('turn') < turns.lastIndexOf('page'), turns.join())
    const played = await p
    played.abort()
  })
})

void describe('how a mirror goes on', () => {
  void test('a watch that ends is followed by one from the last version seen', async () => {
    const p = await play({
      watch: (n) =>
        n === 0 ? { events: [event('ADDED', 'a', '11'), bookmark('15')], ends: 'plainly' } : {},
    })
    await p.clock.advance(1_000)
    assert.deepEqual(p.calls, ['list', 'watch 10', 'watch 15'])
    p.abort()
  })

  void test('so it is when the watch breaks, and no event is lost or doubled', async () => {
    const heard: string[] = []
    const p = await play({
      watch: (n) =>
        n === 0
          ? { events: [event('ADDED', 'a', '11')], ends: trouble('CLUSTER_UNREACHABLE') }
          : { events: [event('MODIFIED', 'a', '12')] },
    })
    p.held.onChange(({ after }) => heard.push(String(after?.metadata.resourceVersion)))
    await p.clock.advance(1_000)
    assert.deepEqual(p.calls, ['list', 'watch 10', 'watch 11'])
    assert.deepEqual(heard, ['12'])
    p.abort()
  })

  void test('a page that fails is asked for again, not the whole list', async () => {
    const p = await play({
      list: (n, next) => {
        if (next === undefined) return page([object('a')], '5', 'p2')
        return n === 1 ? trouble('CLUSTER_THROTTLED') : page([object('b')], '5')
      },
    })
    await p.clock.advance(1_000)
    assert.deepEqual(p.calls, ['list', 'list p2', 'list p2', 'watch 5'])
    p.abort()
  })

  void test('a list that can no longer be continued starts from its beginning', async () => {
    const p = await play({
      list: (n, next) => {
        if (next === undefined) return page([object('a')], '5', 'p2')
        return n === 1 ? trouble('CLUSTER_GONE') : page([object('b')], '5')
      },
    })
    await p.clock.advance(1_000)
    assert.deepEqual(p.calls, ['list', 'list p2', 'list', 'list p2', 'watch 5'])
    p.abort()
  })

  void test('a version that the server keeps failing at is given up for a new list', async () => {
    const p = await play({ watch: (n) => (n < 4 ? { ends: trouble('CLUSTER_FAILED') } : {}) })
    await p.clock.advance(60_000)
    assert.equal(p.calls.filter((call) => call === 'list').length, 2)
    assert.equal(p.calls.at(-1), 'watch 10')
    p.abort()
  })

  void test('an outage alone never makes a new list', async () => {
    const p = await play({ watch: () => ({ ends: trouble('CLUSTER_UNREACHABLE') }) })
    await p.clock.advance(3_600_000)
    assert.equal(p.calls.filter((call) => call === 'list').length, 1)
    p.abort()
  })

  void test('a watch that lived its time is followed by another at once', async () => {
    const p = await play({ watch: () => ({ every: 200_000, ends: 'plainly' }) })
    await p.clock.advance(200_000)
    assert.deepEqual(p.calls, ['list', 'watch 10', 'watch 10'])
    p.abort()
  })

  void test('bookmarks keep a quiet watch', async () => {
    const events = Array.from({ length: 60 }, (_, i) => bookmark(String(11 + i)))
    const p = await play({ watch: () => ({ every: 60_000, events }) })
    await p.clock.advance(3_600_000)
    assert.deepEqual(p.calls, ['list', 'watch 10'])
    p.abort()
  })

  void test('a silent watch is left and followed by another from the same version', async () => {
    const p = await play({ watch: (n) => (n === 0 ? { events: [bookmark('12')] } : {}) })
    await p.clock.advance(239_000)
    assert.deepEqual(p.calls, ['list', 'watch 10'])
    await p.clock.advance(3_000)
    assert.deepEqual(p.calls, ['list', 'watch 10', 'watch 12'])
    p.abort()
  })
})

void describe('a mirror never runs hot', () => {
  /** With waits that double from about a second up to half a minute, an hour has room for this many. */
  const anHour = 180
  const codes: readonly Code[] = [
    'CLUSTER_UNREACHABLE',
    'CLUSTER_THROTTLED',
    'CLUSTER_FORBIDDEN',
    'CLUSTER_NOT_FOUND',
    'CLUSTER_FAILED',
    'CLUSTER_GONE',
  ]
  for (const code of codes) {
    void test(`when lists fail with ${code}, but tries again within two seconds at first`, async () => {
      const p = await play({ list: () => trouble(code) })
      await p.clock.advance(2_000)
      assert.ok(p.calls.length >= 2)
      await p.clock.advance(3_600_000)
      assert.ok(p.calls.length > 60 && p.calls.length < anHour, String(p.calls.length))
      p.abort()
    })

    void test(`when watches fail with ${code}`, async () => {
      const p = await play({ watch: () => ({ ends: trouble(code) }) })
      await p.clock.advance(3_600_000)
      assert.ok(p.calls.length > 60 && p.calls.length < 2 * anHour, String(p.calls.length))
      p.abort()
    })
  }

  void test('when watches end as soon as they are open, with or without an event', async () => {
    const p = await play({ watch: () => ({ events: [bookmark('11')], ends: 'plainly' }) })
    await p.clock.advance(3_600_000)
    assert.ok(p.calls.length > 60 && p.calls.length < anHour, String(p.calls.length))
    p.abort()
  })

  void test('but after a watch that lived long it waits no longer than at first', async () => {
    const failing = { ends: trouble('CLUSTER_UNREACHABLE') }
    const p = await play({ watch: (n) => (n === 10 ? { ...failing, every: 60_000 } : failing) })
    const watches = (): number => p.calls.filter((call) => call.startsWith('watch')).length
    for (let i = 0; i < 1_000 && watches() < 11; i++) await p.clock.advance(1_000)
    assert.equal(watches(), 11)
    await p.clock.advance(61_000)
    assert.ok(watches() > 11)
    p.abort()
  })
})

void describe('what a mirror says of itself', () => {
  void test('it is stale from the moment it lost the server until it hears of it again', async () => {
    const p = await play({
      list: () => page([object('a')]),
      watch: (n) => {
        if (n < 4) return { ends: trouble('CLUSTER_UNREACHABLE') }
        return { events: [bookmark('10')] }
      },
    })
    const since = p.clock.now()
    assert.equal(p.held.stale?.since, since)
    assert.match(p.held.stale?.why ?? '', /cut off/)
    await p.clock.advance(2_500)
    assert.equal(p.held.stale?.since, since)
    assert.deepEqual(names(p.held), ['a@1'])
    await p.clock.advance(30_000)
    assert.equal(p.held.stale, undefined)
    assert.deepEqual(
      p.news.map((n) => n.type),
      ['synced', 'stale', 'recovered'],
    )
    p.abort()
  })

  void test('a silent watch is stale since it was heard last', async () => {
    const p = await play({
      watch: (n) => (n === 0 ? {} : { ends: trouble('CLUSTER_UNREACHABLE') }),
    })
    const since = p.clock.now()
    await p.clock.advance(240_000)
    assert.equal(p.held.stale?.since, since)
    p.abort()
  })

  void test('a list anew is no staleness', async () => {
    const p = await play({ watch: (n) => (n === 0 ? { ends: trouble('CLUSTER_GONE') } : {}) })
    assert.equal(p.held.stale, undefined)
    p.abort()
  })
})

void describe('the end of a mirror', () => {
  void test('it stops when its signal aborts, wherever it stands', async () => {
    const scripts = [
      {},
      { list: () => trouble('CLUSTER_UNREACHABLE') },
      { watch: () => ({ ends: trouble('CLUSTER_GONE') }) },
    ]
    for (const script of scripts) {
      const p = await play(script)
      p.abort()
      await p.held.stopped
      const calls = p.calls.length
      await p.clock.advance(60_000)
      assert.equal(p.calls.length, calls)
    }
  })

  void test('one that was never synced says so', async () => {
    const p = await play({ list: () => trouble('CLUSTER_UNREACHABLE') })
    p.abort()
    await assert.rejects(p.held.synced, { message: 'over' })
  })

  void test('a defect ends it and is not taken for trouble with the server', async (t) => {
    const server: Followed = {
      server: 'broken',
      list: () => Promise.reject(new TypeError('a bug')),
      async *watch() {},
    }
    const options = { random: () => 0.5 }
    const held = mirror(server, manualClock(), kinds.configMap, {}, (o) => o, options, t.signal)
    await assert.rejects(held.stopped, { message: 'a bug' })
  })
})
