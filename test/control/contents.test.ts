import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { objectItem } from '../../src/auth/objects.ts'
import type { Content, Item } from '../../src/auth/store.ts'
import { createStores } from '../../src/auth/stores.ts'
import { createContents, type Contents } from '../../src/control/contents.ts'
import { createEmbedded, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { failure } from '../../src/errors.ts'
import { kinds } from '../../src/kinds.ts'
import { manualClock, type ManualClock } from '../support/clock.ts'
import { forever, secret } from '../support/controller.ts'

const second = 1_000
const ref = { namespace: 'default', name: 'login' }

interface Stage {
  readonly clock: ManualClock
  readonly cluster: EmbeddedCluster
  readonly contents: Contents
  readonly item: Item
  /** GETs of the Secret so far. */
  readonly gets: () => number
  /** Every GET fails like this from now on. */
  fail(error: Error): void
  read(newerThan?: number): Promise<Content>
}

function open(t: TestContext): Stage {
  const clock = manualClock()
  const cluster = createEmbedded({ clock })
  const contents = createContents(createStores({ cluster, clock }), clock)
  const item = objectItem(cluster, 'Secret', ref)
  let gets = 0
  let failing: Error | undefined
  cluster.setFaults({
    before({ verb }) {
      if (verb !== 'get') return
      gets++
      if (failing) throw failing
    },
  })
  t.after(async () => {
    contents.close()
    await cluster.close()
  })
  return {
    clock,
    cluster,
    contents,
    item,
    gets: () => gets,
    fail(error) {
      failing = error
    },
    read: (newerThan = Number.NEGATIVE_INFINITY) => contents.read(item, newerThan, forever),
  }
}

const make = ({ cluster }: Stage, password: string): Promise<unknown> =>
  cluster.apply(kinds.secret, secret('login', { password }), forever)

describe('the Secrets that workloads refer to', () => {
  test('are read once for all who want them at once or later', async (t) => {
    const stage = open(t)
    await make(stage, 'a')
    const [one, other] = await Promise.all([stage.read(), stage.read()])
    await stage.clock.advance(20 * second)
    const known = { data: { password: 'a' } }
    assert.deepEqual([one, other, await stage.read()], [known, known, known])
    assert.equal(stage.gets(), 1)
  })

  test('are read again for who wants them newer than they are', async (t) => {
    const stage = open(t)
    await make(stage, 'a')
    await stage.read()
    await make(stage, 'b')
    await stage.clock.advance(second)
    assert.deepEqual(await stage.read(stage.clock.now()), { data: { password: 'b' } })
  })

  test('are read twice a second at most, however many ask for newer ones', async (t) => {
    const stage = open(t)
    await make(stage, 'a')
    await stage.read()
    await stage.clock.advance(second)
    for (let i = 0; i < 20; i++) await stage.read(stage.clock.now() + 1)
    assert.equal(stage.gets(), 3)
    await stage.clock.advance(second)
    await stage.read(stage.clock.now())
    assert.equal(stage.gets(), 4)
  })

  test('are read every 45 s while held, and holders hear of what changed', async (t) => {
    const stage = open(t)
    await make(stage, 'a')
    let heard = 0
    const letGo = stage.contents.hold(stage.item, () => heard++)
    await stage.read()
    await stage.clock.advance(100 * second)
    assert.deepEqual([stage.gets(), heard], [3, 0])
    await make(stage, 'b')
    await stage.clock.advance(45 * second)
    assert.deepEqual([stage.gets(), heard], [4, 1])
    letGo()
    await stage.clock.advance(100 * second)
    assert.deepEqual([stage.gets(), stage.contents.size], [4, 0])
  })

  test('that are missing are looked for again by who wants them a second later', async (t) => {
    const stage = open(t)
    const missing = { problem: 'Secret default/login does not exist', missing: true }
    assert.deepEqual(await stage.read(), missing)
    await make(stage, 'a')
    await stage.clock.advance(second - 1)
    assert.deepEqual([await stage.read(), stage.gets()], [missing, 1])
    await stage.clock.advance(1)
    assert.deepEqual(await stage.read(), { data: { password: 'a' } })
  })

  test('that may not be read are a problem that names the way out', async (t) => {
    const stage = open(t)
    stage.fail(failure('CLUSTER_FORBIDDEN', { what: 'reading secrets', why: 'no Role' }))
    const content = await stage.read()
    assert.match('problem' in content ? content.problem : '', /cannot be read: .*`ebb rbac`/)
  })

  test('stay what they were while the API server cannot answer', async (t) => {
    const stage = open(t)
    await make(stage, 'a')
    await stage.read()
    stage.fail(failure('CLUSTER_UNREACHABLE', { server: 'embedded', why: 'down' }))
    await stage.clock.advance(second)
    const content = await stage.read(stage.clock.now())
    assert.ok('data' in content)
    assert.deepEqual(content.data, { password: 'a' })
    assert.match(content.trouble ?? '', /cannot reach the Kubernetes API server/)
    assert.equal(stage.gets(), 2)
  })
})

describe('a store that hangs', () => {
  const hanging = (name: string, lane: string, asked: string[], clock: ManualClock): Item => ({
    key: name,
    lane,
    async read(signal) {
      asked.push(name)
      await clock.sleep(3 * second, signal).catch(() => undefined)
      return { problem: `${lane} did not answer`, missing: false, passing: true, down: true }
    },
  })
  test('is waited for by four; what the first learns holds for all, and for five seconds', async (t) => {
    const { clock, contents } = open(t)
    const asked: string[] = []
    const read = (name: string): Promise<Content> =>
      contents.read(hanging(name, 'vault', asked, clock), Number.NEGATIVE_INFINITY, forever)
    const all = Promise.all(Array.from({ length: 100 }, (_, i) => read(`a${i}`)))
    await clock.advance(3 * second)
    assert.equal((await all).length, 100)
    assert.equal(asked.length, 4)
    await clock.advance(4 * second)
    const soon = read('b')
    await clock.advance(0)
    assert.match(JSON.stringify(await soon), /vault did not answer/)
    assert.equal(asked.length, 4)
    await clock.advance(second)
    void read('c')
    await clock.advance(0)
    assert.equal(asked.length, 5)
  })
  test('delays no other', async (t) => {
    const stage = open(t)
    await make(stage, 'a')
    const asked: string[] = []
    for (let i = 0; i < 50; i++)
      void stage.contents.read(
        hanging(`a${i}`, 'vault', asked, stage.clock),
        Number.NEGATIVE_INFINITY,
        forever,
      )
    assert.deepEqual(await stage.read(), { data: { password: 'a' } })
  })
})
