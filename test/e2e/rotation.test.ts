import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart } from '../control-plane/start.ts'
import { type Exchange, startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import {
  authenticationObject,
  deploymentObject,
  listOf,
  prometheusTrigger,
  scaledObject,
  secretObject,
} from '../support/objects.ts'
import { readAllTheTime } from '../support/reads.ts'

/** How long the source takes the old password beside the new one (ms); Ebb promises to have the new one by then. */
const grace = 60_000
const rotating = Array.from({ length: 40 }, (_, i) => `rotating-${i}`)
const steady = Array.from({ length: 20 }, (_, i) => `steady-${i}`)
const login = (name: string, password: string): object =>
  secretObject(name, { username: 'ebb', password })

test('a Secret rotated under load', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ hpaSync: '1s' }, '--hpa-sync-period', '1s')
  const { plane, until } = installed
  const look = looksAt(plane)
  const source = await startFakePrometheus()
  t.after(() => source.close())
  // so that polls are under way at any moment
  source.delay = 50
  source.passwords = ['one', 'constant']
  for (const name of [...rotating, ...steady].filter((_, i) => i % 2 === 0))
    source.values.set(name, 20)
  const workload = (name: string, authentication: string): readonly object[] => [
    deploymentObject(name),
    scaledObject(
      name,
      [
        prometheusTrigger(name, {
          url: source.url,
          metadata: { authModes: 'basic' },
          authentication,
        }),
      ],
      { spec: { pollingInterval: 1 } },
    ),
  ]
  await plane.apply(
    listOf(
      login('rotating', 'one'),
      login('steady', 'constant'),
      authenticationObject('rotating', 'username', 'password'),
      authenticationObject('steady', 'username', 'password'),
      ...rotating.flatMap((name) => workload(name, 'rotating')),
      ...steady.flatMap((name) => workload(name, 'steady')),
    ),
  )
  const column = async (path: string): Promise<readonly string[]> => {
    const line = `jsonpath={range .items[*]}{.metadata.name} ${path}{"\\n"}{end}`
    return (await plane.kubectl('get', 'so', '-o', line)).split('\n').filter(Boolean)
  }
  const notReady = async (): Promise<readonly string[]> =>
    (await column('{.status.conditions[?(@.type=="Ready")].reason}')).filter(
      (text) => !text.endsWith(' ScaledObjectReady'),
    )
  await until('all are ready', notReady, (others) => others.length === 0, 120)
  await until(
    'those with work have their replicas',
    async () => [await look.replicas('rotating-0'), await look.replicas('steady-0')],
    (counts) => counts.join() === '2,2',
    60,
  )
  await using reads = await readAllTheTime(plane, 'rotating-0', 100)

  const of = (names: readonly string[], from: number): readonly Exchange[] =>
    source.exchanges.slice(from).filter(({ query }) => names.includes(query))
  const connectionsOf = (password: string): ReadonlySet<number> =>
    new Set(source.exchanges.filter((e) => e.password === password).map((e) => e.connection))

  for (const [old, next] of [
    ['one', 'two'],
    ['two', 'three'],
  ] as const)
    await t.test(
      `${next} reaches the source before ${old} is refused, and rebuilds no other client`,
      async () => {
        const before = source.exchanges.length
        const kept = [...connectionsOf('constant')].filter((each) => source.open.has(each))
        assert.ok(kept.length > 0)
        source.passwords = [old, next, 'constant']
        await plane.apply(listOf(login('rotating', next)))
        const replaced = performance.now()
        await until(
          'all ask with the new one',
          async () => {
            const passwords = new Map(of(rotating, before).map((e) => [e.query, e.password]))
            return rotating.filter((name) => passwords.get(name) !== next)
          },
          (others) => others.length === 0,
          grace / 1_000,
        )
        await delay(Math.max(0, grace - (performance.now() - replaced)))
        source.passwords = [next, 'constant']
        const refusing = source.exchanges.length
        await until(
          'each has been polled since the old one is refused',
          async () => {
            const polled = new Set(source.exchanges.slice(refusing).map((e) => e.query))
            return [...rotating, ...steady].filter((name) => !polled.has(name))
          },
          (others) => others.length === 0,
        )
        const since = source.exchanges.slice(before)
        assert.deepEqual(
          since.filter((e) => e.status !== 200),
          [],
          'a poll was refused',
        )
        const first = since.findIndex((e) => e.password === next)
        const late = since.slice(first).filter((e) => e.password === old)
        // those that were under way when the new client took over
        assert.ok(late.length < rotating.length, `${late.length} polls with the old one after that`)
        await until(
          'the old client is closed',
          async () => [...connectionsOf(old)].filter((each) => source.open.has(each)),
          (left) => left.length === 0,
        )
        assert.ok(
          kept.some((each) => source.open.has(each)),
          'the client of another Secret was rebuilt',
        )
        assert.ok(
          of(steady, before).every((e) => e.password === 'constant'),
          'a client has the password of another',
        )
      },
    )

  await t.test('nobody noticed: no event, no condition, no read of an HPA failed', async () => {
    assert.deepEqual(await notReady(), [])
    const events = await plane.kubectl('get', 'events', '-o', 'jsonpath={.items[*].reason}')
    assert.doesNotMatch(events, /KEDAScalerFailed|KEDAMetricSourceFailed|CheckFailed/)
    assert.ok(reads.all.length > 100)
    assert.deepEqual(
      reads.all.filter(({ code, body }) => code !== 200 || !body.includes('"value":"20"')),
      [],
    )
    const text = await (await fetch(`http://127.0.0.1:${installed.ebb.httpPort}/metrics`)).text()
    const failed = text.split('\n').filter((line) => /^keda_scaler.*errors.* [1-9]/.test(line))
    assert.deepEqual(failed, [])
    const polls = source.exchanges.length / (rotating.length + steady.length)
    assert.ok(polls > 100, `each was polled only ${polls} times`)
  })
})
