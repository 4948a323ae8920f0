import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
import { startAzurite } from '../support/azurite.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb } from '../support/installed.ts'
import { looksAt } from '../support/look.ts'
import { need } from '../support/need.ts'
import {
  authenticationObject,
  deploymentObject,
  listOf,
  scaledObject,
  scaledObjectOf,
  secretObject,
} from '../support/objects.ts'

/** The pollingInterval of every workload here, and what a loaded machine may take beyond it (ms). */
const interval = 2_000
const slack = 3_000
const queueTrigger = (authentication: string): object => ({
  type: 'azure-queue',
  metadata: { queueName: 'mails', queueLength: '5' },
  authenticationRef: { name: authentication },
})

test('on a real control plane, faults lower nothing and pass', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ audit: true, hpaSync: '1s' })
  const { plane, until } = installed
  const look = looksAt(plane)
  const source = await startFakePrometheus()
  const hung = await startFakePrometheus()
  const azurite = await startAzurite()
  t.after(() => Promise.all([source.close(), hung.close(), azurite.stop()]))
  source.values.set('orders', 25)
  await azurite.create('mails')
  await azurite.send('mails', 12)
  await plane.apply(
    listOf(
      secretObject('storage', { connection: azurite.connection }),
      secretObject('stranger', { connection: azurite.strangers }),
      ...['storage', 'stranger'].map((name) => authenticationObject(name, 'connection')),
      ...['orders', 'mails', 'hung'].map((name) => deploymentObject(name)),
      deploymentObject('stranger', 2),
      scaledObjectOf('orders', { url: source.url }),
      scaledObjectOf('hung', { url: hung.url }),
      scaledObject('mails', [queueTrigger('storage')]),
      scaledObject('stranger', [queueTrigger('stranger')]),
    ),
  )

  const isAt = (name: string, count: number, seconds = 60): Promise<unknown> =>
    until(
      `${name} is at ${count}`,
      () => look.replicas(name),
      (n) => n === count,
      seconds,
    )
  const stands = (name: string, reason: string, seconds = 60): Promise<unknown> =>
    until(
      `${name} is ${reason}`,
      () => look.ready(name),
      (found) => found === reason,
      seconds,
    )
  const asked = (): number => source.exchanges.filter((e) => e.query === 'orders').length
  /** Lets some polls of `orders` pass, in all of which a workload keeps its replicas. */
  const keeps = async (name: string, count: number, polls = 4): Promise<void> => {
    const before = asked()
    await until(
      `${polls} polls`,
      async () => {
        assert.equal(await look.replicas(name), count)
        return asked() - before
      },
      (n) => n >= polls,
      60,
    )
  }
  await isAt('orders', 3)
  await isAt('mails', 3)

  await t.test(
    'a source that fails lowers nothing, and is followed within an interval of its return',
    async () => {
      source.mood = 'failing'
      await stands('orders', 'TriggerError')
      await keeps('orders', 3)
      source.values.set('orders', 35)
      source.mood = 'well'
      const back = performance.now()
      await stands('orders', 'ScaledObjectReady')
      const first = source.exchanges.find((e) => e.at >= back)
      assert.ok(first && first.at - back < interval + slack, 'it was not asked within an interval')
      await isAt('orders', 4)
    },
  )

  await t.test(
    'a queue service that is gone lowers nothing, and is followed when it is back',
    async () => {
      await azurite.stop()
      await stands('mails', 'TriggerError')
      assert.match((await look.condition('mails')).message, /cannot reach http:\/\/127\.0\.0\.1/)
      await keeps('mails', 3)
      await azurite.restart()
      await until(
        'it says that the queue is gone',
        () => look.condition('mails'),
        ({ message }) => /does not exist/.test(message),
      )
      await keeps('mails', 3, 2)
      await azurite.create('mails')
      await azurite.send('mails', 20)
      const back = performance.now()
      await stands('mails', 'ScaledObjectReady')
      assert.ok(performance.now() - back < interval + slack)
      await isAt('mails', 4)
    },
  )

  await t.test('a wrong key says so and lowers nothing', async () => {
    const { reason, message } = await look.condition('stranger')
    assert.equal(reason, 'TriggerError')
    assert.match(message, /refused the credentials .* check the TriggerAuthentication/)
    await keeps('stranger', 2, 2)
  })

  await t.test('a source that hangs holds nobody up', async () => {
    hung.mood = 'hanging'
    await stands('hung', 'TriggerError')
    const read = async (name: string): Promise<{ items: { value: string }[] }> => {
      const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/default/s0-prometheus`
      const selector = `labelSelector=scaledobject.keda.sh%2Fname%3D${name}`
      return JSON.parse(
        (await plane.tryKubectl('', 'get', '--raw', `${path}?${selector}`)).stdout || '{}',
      )
    }
    const started = performance.now()
    assert.equal((await read('orders')).items[0]?.value, '35')
    assert.equal((await read('hung')).items, undefined)
    assert.ok(performance.now() - started < 5_000)
    source.values.set('orders', 15)
    await isAt('orders', 2)
  })

  await t.test(
    'the API server may go and come back: polls go on, nothing is lowered or hammered',
    async () => {
      await plane.stopApiServer()
      const before = asked()
      await until(
        'polls go on',
        async () => asked() - before,
        (n) => n >= 3,
      )
      const returned = new Date().toISOString()
      await plane.startApiServer()
      await keeps('orders', 2)
      const requests = await look.requests(returned)
      // 6 lists and 6 watches, a Lease every 2 s, reads of the HPAs; a loop without a pause makes thousands
      assert.ok(requests.length < 150, `${requests.length} requests`)
      source.values.set('orders', 0)
      await isAt('orders', 0)
      source.values.set('orders', 15)
      await isAt('orders', 2)
    },
  )

  await t.test('what it logs is one line per change', () => {
    const counts = Map.groupBy(installed.ebb.lines, (line) => line.replace(/"time":"[^"]*"/, ''))
    assert.deepEqual(
      [...counts].filter(([, lines]) => lines.length > 3).map(([line]) => line),
      [],
    )
  })

  await t.test(
    'killed and started again, Ebb waits for the Lease and lowers nothing on ignorance',
    async () => {
      const killed = new Date().toISOString()
      await installed.ebb.kill()
      source.mood = 'failing'
      const next = await installed.start()
      await until('it leads', async () => next.leads, Boolean, 60)
      const [taken] = (await look.requests(killed)).filter(
        (e) =>
          e.objectRef?.resource === 'leases' &&
          e.verb === 'update' &&
          e.responseStatus?.code === 200,
      )
      const waited = Date.parse(taken?.requestReceivedTimestamp ?? '') - Date.parse(killed)
      // the last renewal was up to 2 s before
      assert.ok(waited > 12_000, `it took the Lease after ${waited} ms`)
      await keeps('orders', 2)
      source.values.set('orders', 0)
      source.mood = 'well'
      await isAt('orders', 0)
    },
  )

  await t.test(
    'asked to end, it ends within ten seconds, and the next one leads at once',
    async () => {
      const { code, ms } = await installed.ebb.stop()
      assert.equal(code, 0)
      assert.ok(ms < 10_000, `${ms} ms`)
      const holder = await look.path('lease', 'ebb/ebb', '{.spec.holderIdentity}')
      assert.equal(holder, '')
      const started = performance.now()
      const next = await installed.start()
      await until('it leads', async () => next.leads, Boolean)
      assert.ok(performance.now() - started < 10_000, 'a Lease of 15 s would still be waited for')
    },
  )
})
