import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canStart } from '../control-plane/start.ts'
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
import { ebb as runEbb } from '../support/process.ts'

/** All of them are looked for in everything Ebb says. */
const secrets = {
  early: 'early-Zx81',
  earlyNext: 'early-Zx82',
  first: 'first-Zx83',
  second: 'second-Zx84',
  wrong: 'wrong-Zx85',
  late: 'late-Zx86',
  inAddress: 'address-Zx87',
  inConnection: 'connection-Zx88',
}
const login = (name: string, password: string): object =>
  secretObject(name, { username: 'ebb', password })

test('credentials on a real control plane', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ audit: true, hpaSync: '1s' }, '--log-level', 'debug')
  const { plane, until } = installed
  const look = looksAt(plane)
  const source = await startFakePrometheus()
  t.after(() => source.close())
  source.passwords = [secrets.early, secrets.first]
  const secured = (name: string): readonly object[] => [
    authenticationObject(name, 'username', 'password'),
    deploymentObject(name),
    scaledObjectOf(name, {
      url: source.url,
      metadata: { authModes: 'basic' },
      authentication: name,
    }),
  ]
  const of = (name: string) => source.exchanges.filter((e) => e.query === name)
  const stands = (name: string, reason: string, seconds = 60): Promise<unknown> =>
    until(
      `${name} is ${reason}`,
      () => look.ready(name),
      (found) => found === reason,
      seconds,
    )

  await plane.apply(
    listOf(
      login('early', secrets.early),
      login('changing', secrets.first),
      ...secured('early'),
      ...secured('changing'),
      ...['address', 'connection'].map((name) => deploymentObject(name)),
      scaledObjectOf('address', { url: `http://ebb:${secrets.inAddress}@127.0.0.1:1/` }),
      scaledObject('connection', [
        {
          type: 'azure-queue',
          metadata: {
            queueName: 'q',
            connection: `AccountName=a;AccountKey=${secrets.inConnection}`,
          },
        },
      ]),
    ),
  )
  await stands('early', 'ScaledObjectReady')
  await stands('changing', 'ScaledObjectReady')
  // looked at in the last subtest: a Secret is read again every 45 s, long before its old value is refused
  source.passwords = [...source.passwords, secrets.earlyNext]
  await plane.apply(listOf(login('early', secrets.earlyNext)))
  const replaced = performance.now()

  await t.test('a password that changes reaches the source without a failed poll', async () => {
    const before = of('changing').length
    await plane.apply(listOf(login('changing', secrets.second)))
    source.passwords = [secrets.early, secrets.earlyNext, secrets.second]
    await until(
      'some polls',
      async () => of('changing').length - before,
      (n) => n >= 5,
    )
    const since = of('changing').slice(before)
    const refused = since.findIndex((e) => e.status === 401)
    assert.equal(since.filter((e) => e.status === 401).length, 1)
    const [denied, repeated] = since.slice(refused)
    assert.ok(
      denied && repeated && repeated.at - denied.at < 1_500,
      'the ask was not repeated at once',
    )
    assert.equal(await look.ready('changing'), 'ScaledObjectReady')
    assert.ok(!(await look.events('changing')).some((e) => e.startsWith('KEDAScalerFailed')))
  })

  await t.test(
    'a wrong password says so, costs one read of the Secret per poll, and ends with the Secret',
    async () => {
      const since = new Date().toISOString()
      const before = of('changing').length
      await plane.apply(listOf(login('changing', secrets.wrong)))
      source.passwords = [secrets.early, secrets.earlyNext, secrets.first]
      await stands('changing', 'TriggerError')
      assert.match(
        (await look.condition('changing')).message,
        /refused the credentials \(.*401.*\); check/,
      )
      await until(
        'some polls',
        async () => of('changing').length - before,
        (n) => n >= 6,
      )
      const polls = of('changing').length - before
      const reads = (await look.requests(since)).filter(
        (e) => e.objectRef?.resource === 'secrets' && e.objectRef.name === 'changing',
      )
      assert.ok(reads.length <= polls + 1, `${reads.length} reads for ${polls} polls`)
      await plane.apply(listOf(login('changing', secrets.first)))
      await stands('changing', 'ScaledObjectReady', 10)
    },
  )

  await t.test('a Secret that is missing is named, and read soon after it is made', async () => {
    await plane.apply(listOf(...secured('missing')))
    await stands('missing', 'ScaledObjectCheckFailed')
    assert.match(
      (await look.condition('missing')).message,
      /Secret default\/missing does not exist/,
    )
    await plane.apply(listOf(login('missing', secrets.first)))
    await stands('missing', 'ScaledObjectReady', 20)
  })

  await t.test('a Secret that may not be read is named with the way out, which works', async () => {
    await plane.kubectl('delete', 'clusterrolebinding', 'ebb-reads')
    source.passwords = [...source.passwords, secrets.late]
    await plane.apply(listOf(login('late', secrets.late), ...secured('late')))
    await stands('late', 'ScaledObjectCheckFailed')
    const { message } = await look.condition('late')
    assert.match(message, /Secret default\/late cannot be read: .*`ebb rbac` prints the Role/)
    assert.ok((await look.events('late')).some((e) => e.includes('`ebb rbac`')))
    const roles = runEbb(['rbac', '--kubeconfig', plane.kubeconfig])
    assert.equal(roles.code, 0, roles.err)
    await plane.apply(roles.out)
    await stands('late', 'ScaledObjectReady')
    const may = async (name: string): Promise<string> => {
      const as = '--as=system:serviceaccount:ebb:ebb'
      return (
        await plane.tryKubectl('', 'auth', 'can-i', 'get', `secret/${name}`, as)
      ).stdout.trim()
    }
    assert.deepEqual([await may('late'), await may('other')], ['yes', 'no'])
  })

  await t.test(
    'a Secret that changes is in use within a minute, without being refused first',
    async () => {
      await until(
        'it is in use',
        async () => of('early').at(-1)?.password,
        (p) => p === secrets.earlyNext,
        60,
      )
      assert.ok(performance.now() - replaced < 60_000)
      assert.ok(of('early').every((e) => e.status === 200))
      assert.ok(!(await look.events('early')).some((e) => e.startsWith('KEDAScalerFailed')))
    },
  )

  await t.test('no secret is in what Ebb says', async () => {
    await stands('address', 'TriggerError')
    await stands('connection', 'ScaledObjectCheckFailed')
    const explained = Object.keys(secrets).flatMap((name) => [
      runEbb(['explain', `default/${name}`, '--kubeconfig', plane.kubeconfig]).out,
      runEbb(['explain', `default/${name}`, '--json', '--kubeconfig', plane.kubeconfig]).out,
    ])
    const page = `http://127.0.0.1:${installed.ebb.httpPort}`
    const said = [
      ...installed.ebb.lines,
      ...explained,
      await plane.kubectl('get', 'events,hpa', '-A', '-o', 'yaml'),
      await plane.kubectl('get', 'so', '-o', 'jsonpath={.items[*].status}'),
      await (await fetch(`${page}/metrics`)).text(),
      await (await fetch(`${page}/api/workloads`)).text(),
    ]
    for (const part of said.slice(-4)) assert.ok(part.includes('changing'), part.slice(0, 200))
    const text = said.join('\n')
    assert.ok(text.includes('"level":"debug"'))
    for (const secret of Object.values(secrets))
      for (const form of [secret, btoa(secret), btoa(`ebb:${secret}`)])
        assert.ok(!text.includes(form), `${form} is in what Ebb says`)
  })
})
