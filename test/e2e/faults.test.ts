import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { canStart } from '../control-plane/start.ts'
import { startFakePrometheus } from '../support/fake-prometheus.ts'
import { installEbb, type Installed } from '../support/installed.ts'
import { need } from '../support/need.ts'
import { deploymentObject, listOf, scaledObjectOf } from '../support/objects.ts'
import { ebb as runEbb } from '../support/process.ts'

const password = 'first-secret-Zx81'
const nextPassword = 'second-secret-Zx82'

const authentication = {
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'TriggerAuthentication',
  metadata: { name: 'login', namespace: 'default' },
  spec: {
    secretTargetRef: ['username', 'password'].map((key) => ({
      parameter: key,
      name: 'login',
      key,
    })),
  },
}
const loginOf = (secret: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login', namespace: 'default' },
  stringData: { username: 'ebb', password: secret },
})

/** Reads of one installed control plane that the tests below share. */
function reads({ plane }: Installed) {
  const path = async (kind: string, name: string, jsonpath: string): Promise<string> =>
    plane.kubectl('get', kind, name, '-o', `jsonpath=${jsonpath}`)
  return {
    replicas: async (name: string): Promise<number> =>
      Number(await path('deployment', name, '{.spec.replicas}')),
    ready: (name: string): Promise<string> =>
      path('so', name, '{.status.conditions[?(@.type=="Ready")].reason}'),
    message: (name: string): Promise<string> =>
      path('so', name, '{.status.conditions[?(@.type=="Ready")].message}'),
  }
}

test('on a real control plane, faults lower nothing and pass', { timeout: 600_000 }, async (t) => {
  if (!need(t, await canStart(), 'Go, or a control plane built before')) return
  await using installed = await installEbb({ audit: true, hpaSync: '2s' })
  const { plane, until } = installed
  const { replicas, ready, message } = reads(installed)
  const source = await startFakePrometheus()
  const hung = await startFakePrometheus()
  t.after(() => Promise.all([source.close(), hung.close()]))
  source.values.set('orders', 25)
  await plane.apply(
    listOf(
      loginOf(password),
      authentication,
      ...['orders', 'secured', 'hung', 'broken'].map((name) => deploymentObject(name)),
      scaledObjectOf('orders', { url: source.url }),
      scaledObjectOf('hung', { url: hung.url }),
      scaledObjectOf('secured', {
        url: source.url,
        metadata: { authModes: 'basic' },
        authentication: 'login',
      }),
      scaledObjectOf('broken', { url: source.url, metadata: { threshold: 'many' } }),
    ),
  )
  await until(
    'orders has what it asks for',
    () => replicas('orders'),
    (n) => n === 3,
    60,
  )

  await t.test('a spec that is wrong says so and disturbs nobody', async () => {
    await until(
      'the condition is there',
      () => ready('broken'),
      (r) => r === 'ScaledObjectCheckFailed',
    )
    assert.match(await message('broken'), /threshold must be/)
    const described = await plane.kubectl('describe', 'so', 'broken')
    assert.match(described, /ScaledObjectCheckFailed/)
  })

  await t.test('a source that fails lowers nothing and is followed when it is back', async () => {
    source.mood = 'failing'
    await until(
      'the condition says it',
      () => ready('orders'),
      (r) => /TriggerError/.test(r),
    )
    await delay(10_000)
    assert.equal(await replicas('orders'), 3)
    source.mood = 'well'
    source.values.set('orders', 35)
    await until(
      'orders grows again',
      () => replicas('orders'),
      (n) => n === 4,
      30,
    )
  })

  await t.test('a source that hangs holds nobody up', async () => {
    hung.mood = 'hanging'
    await until(
      'the condition says it',
      () => ready('hung'),
      (r) => r === 'TriggerError',
    )
    const path =
      '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/s0-prometheus?labelSelector=scaledobject.keda.sh%2Fname%3Dorders'
    const list: { items: { value: string }[] } = JSON.parse(
      await plane.kubectl('get', '--raw', path),
    )
    assert.equal(list.items[0]?.value, '35')
  })

  await t.test('a rotated Secret costs no failed poll', async () => {
    source.password = password
    await until(
      'secured is ready',
      () => ready('secured'),
      (r) => r === 'ScaledObjectReady',
      60,
    )
    await plane.apply(listOf(loginOf(nextPassword)))
    source.password = nextPassword
    source.answered.length = 0
    await delay(8_000)
    assert.equal(await ready('secured'), 'ScaledObjectReady')
    const accepted = source.answered.filter((code) => code === 200)
    assert.ok(accepted.length >= 2, `answers were ${source.answered.join(' ')}`)
    source.password = undefined
  })

  await t.test('a Secret that may not be read is named with the way out', async () => {
    await plane.kubectl('delete', 'clusterrolebinding', 'ebb-reads')
    await plane.kubectl(
      'patch',
      'so',
      'secured',
      '--type=merge',
      '-p',
      '{"spec":{"cooldownPeriod":5}}',
    )
    await until(
      'the condition names it',
      () => message('secured'),
      (m) => m.includes('ebb rbac'),
      90,
    )
    const roles = runEbb(['rbac', '--kubeconfig', plane.kubeconfig])
    assert.equal(roles.code, 0, roles.err)
    assert.match(roles.out, /resourceNames/)
    await plane.apply(roles.out)
    await until(
      'it can be read again',
      () => ready('secured'),
      (r) => r === 'ScaledObjectReady',
      90,
    )
  })

  await t.test('explain answers through the API server', async () => {
    const text = runEbb(['explain', 'default/orders', '--kubeconfig', plane.kubeconfig])
    assert.equal(text.code, 0, text.err)
    assert.match(text.out, /s0-prometheus/)
    const missing = runEbb(['explain', 'default/nobody', '--kubeconfig', plane.kubeconfig])
    assert.equal(missing.code, 1)
    assert.equal(missing.err.trim().split('\n').length, 1)
  })

  await t.test('the API server may go and come back', async () => {
    await plane.stopApiServer()
    await delay(5_000)
    await plane.startApiServer()
    source.values.set('orders', 0)
    await until(
      'orders rests',
      () => replicas('orders'),
      (n) => n === 0,
      90,
    )
    source.values.set('orders', 12)
    await until(
      'orders wakes',
      () => replicas('orders'),
      (n) => n >= 1,
      60,
    )
  })

  await t.test('killed and started again, Ebb lowers nothing on ignorance', async () => {
    await until(
      'orders has two',
      () => replicas('orders'),
      (n) => n === 2,
      60,
    )
    await installed.ebb.kill()
    source.mood = 'failing'
    await installed.start()
    await delay(25_000)
    assert.equal(await replicas('orders'), 2)
    source.mood = 'well'
    source.values.set('orders', 0)
    await until(
      'orders rests',
      () => replicas('orders'),
      (n) => n === 0,
      60,
    )
  })

  await t.test('no secret is in what Ebb says', async () => {
    const said = [
      ...installed.ebb.lines,
      await plane.kubectl('get', 'so,events', '-o', 'yaml'),
      await (await fetch(`http://127.0.0.1:${installed.ebb.httpPort}/metrics`)).text(),
      runEbb(['explain', 'default/secured', '--json', '--kubeconfig', plane.kubeconfig]).out,
    ].join('\n')
    assert.ok(said.includes('secured'))
    for (const secret of [password, nextPassword]) assert.ok(!said.includes(secret))
  })

  await t.test('asked to end, it ends within ten seconds', async () => {
    const { code, ms } = await installed.ebb.stop()
    assert.equal(code, 0)
    assert.ok(ms < 10_000, `${ms} ms`)
  })
})

test('ebb run says in one line why it cannot start', () => {
  const unreachable = runEbb(['run', '--kubeconfig', '/nonexistent/kubeconfig'])
  assert.equal(unreachable.code, 1)
  assert.equal(unreachable.err.trim().split('\n').length, 1)
  const wrong = runEbb(['run', '--mode', 'maybe', '--http-port', 'many'])
  assert.equal(wrong.code, 1)
  assert.match(wrong.err, /--http-port must be a port number.*--mode must be active or shadow/)
  const help = runEbb(['run', '--help'])
  assert.equal(help.code, 0)
  assert.match(help.out, /--watch-label-selector/)
})
