import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { costChanges, idleLabelOf, isIdle, ownCost, type ReportedPod } from '../../src/core/idle.ts'

const readable: readonly (readonly [text: string, key: string, value: string | undefined])[] = [
  ['idle', 'idle', undefined],
  ['state=idle', 'state', 'idle'],
  ['shop.example/state = idle ', 'shop.example/state', 'idle'],
  ['state=', 'state', ''],
]
for (const [text, key, value] of readable)
  test(`an idle label can be "${text}"`, () => {
    assert.deepEqual(idleLabelOf(text), { key, value })
  })

const long = 'x'.repeat(64)
const megabyte = '-'.repeat(1_000_000)
const unreadable = ['', ' ', '=', '=idle', 'a b', 'a/b/c', '/a', 'a/', '-a', 'a-', 'a==b', 'a=b,c']
for (const text of [...unreadable, 'a=-b', 'é', long, `a=${long}`, megabyte, `a=${megabyte}`])
  test(`an idle label cannot be "${text.slice(0, 20)}"`, () => {
    assert.equal(idleLabelOf(text), undefined)
  })

test('a pod is idle by the value of its label, or by the label alone', () => {
  assert.equal(isIdle({ state: 'idle' }, { key: 'state', value: 'idle' }), true)
  assert.equal(isIdle({ state: 'busy' }, { key: 'state', value: 'idle' }), false)
  assert.equal(isIdle({ state: 'busy' }, { key: 'state', value: undefined }), true)
  assert.equal(isIdle({}, { key: 'toString', value: undefined }), false)
  assert.equal(isIdle(undefined, { key: 'state', value: undefined }), false)
})

const pod = (name: string, difference: Partial<ReportedPod> = {}): ReportedPod => ({
  name,
  ready: true,
  idle: true,
  cost: undefined,
  leaving: false,
  ...difference,
})
const own = { cost: ownCost }

interface Row {
  readonly what: string
  readonly pods: readonly ReportedPod[]
  readonly going?: number
  readonly give?: readonly string[]
  readonly takeBack?: readonly string[]
}
const rows: readonly Row[] = [
  {
    what: 'as many idle pods as go, and no more',
    pods: [pod('c'), pod('b'), pod('a')],
    going: 2,
    give: ['a', 'b'],
  },
  { what: 'no busy pod', pods: [pod('a', { idle: false }), pod('b')], going: 2, give: ['b'] },
  { what: 'none beside those that have it', pods: [pod('a'), pod('b', own)], going: 1 },
  {
    what: 'what is lacking beside those that have it',
    pods: [pod('a'), pod('b', own)],
    going: 2,
    give: ['a'],
  },
  {
    what: "nobody who has somebody else's cost",
    pods: [pod('a', { cost: '5' }), pod('b', { cost: '' })],
    going: 2,
  },
  {
    what: 'nobody who goes anyway',
    pods: [pod('a', { leaving: true }), pod('b', { ready: false })],
    going: 2,
  },
  { what: 'nobody at rest', pods: [pod('a'), pod('b', own)], going: 0 },
]
describe('before pods go, Ebb gives its cost to', () => {
  for (const { what, pods, going = 0, give = [], takeBack = [] } of rows)
    test(what, () => {
      assert.deepEqual(costChanges(pods, going), { give, takeBack })
    })
})

test('what is busy again has its cost taken back, also at rest, and a cost of somebody else stays', () => {
  const busy = { idle: false }
  const pods = [
    pod('a', { ...busy, ...own }),
    pod('b', { ...busy, cost: '-7' }),
    pod('c', { ...busy, ...own, leaving: true }),
    pod('d', { ...busy, ...own, ready: false }),
  ]
  assert.deepEqual(costChanges(pods, 0), { give: [], takeBack: ['a', 'd'] })
})

const pods = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 3 }),
    ready: fc.boolean(),
    idle: fc.boolean(),
    cost: fc.constantFrom(undefined, ownCost, '0', '-5', 'x'),
    leaving: fc.boolean(),
  }),
  { selector: ({ name }) => name, maxLength: 12 },
)

test('whatever the pods are: bounded, only what is free or its own, and done once', () => {
  fc.assert(
    fc.property(pods, fc.nat(14), (all, going) => {
      const { give, takeBack } = costChanges(all, going)
      assert.ok(give.length <= going)
      const at = new Map(all.map((one) => [one.name, one]))
      for (const name of give) {
        const one = at.get(name)
        assert.ok(one?.idle && one.ready && !one.leaving && one.cost === undefined)
      }
      for (const name of takeBack)
        assert.ok(at.get(name)?.cost === ownCost && at.get(name)?.idle === false)
      const after = all.map((one) => ({
        ...one,
        cost: give.includes(one.name)
          ? ownCost
          : takeBack.includes(one.name)
            ? undefined
            : one.cost,
      }))
      assert.deepEqual(costChanges(after, going), { give: [], takeBack: [] })
      assert.ok(!after.some((one) => !one.leaving && !one.idle && one.cost === ownCost))
    }),
  )
})
