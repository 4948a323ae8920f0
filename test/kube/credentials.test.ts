import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { kinds } from '../../src/kinds.ts'
import { credentials } from '../../src/kube/credentials.ts'
import { loadConfig } from '../../src/kube/config.ts'
import { openKube } from '../../src/kube/open.ts'
import { manualClock } from '../support/clock.ts'
import { connect, fakeApi, folder, json, kubeconfig } from './fake-api.ts'

const ref = { namespace: 'shop', name: 'app' }
const object = { metadata: ref }

/** A credential command: a program that notes each call and prints a credential. */
const command = (log: string, token: string, expires?: string): object => ({
  apiVersion: 'client.authentication.k8s.io/v1',
  command: process.execPath,
  args: [
    '-e',
    `require('fs').appendFileSync(${JSON.stringify(log)}, 'x');
     const n = require('fs').readFileSync(${JSON.stringify(log)}, 'utf8').length;
     console.log(JSON.stringify({ kind: 'ExecCredential', status: { token: '${token}-' + n, expirationTimestamp: ${JSON.stringify(expires)} } }))`,
  ],
})

void describe('who asks', () => {
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
  const rows = [
    { name: 'a token', user: { token: 't' }, expected: 'Bearer t' },
    {
      name: 'a name and a password',
      user: { username: 'me', password: 'secret' },
      expected: basic,
    },
    { name: 'nobody', user: {}, expected: undefined },
  ]
  for (const { name, user, expected } of rows) {
    void test(`is ${name}`, async (t) => {
      const api = await fakeApi(t, json(object))
      const cluster = await connect(t, api.url, { user })
      await cluster.get(kinds.pod, ref, t.signal)
      assert.equal((await api.next()).headers.authorization, expected)
    })
  }

  void test('is whom the kubeconfig says to act as', async (t) => {
    const api = await fakeApi(t, json(object))
    const cluster = await connect(t, api.url, { user: { token: 't', as: 'auditor' } })
    await cluster.get(kinds.pod, ref, t.signal)
    assert.equal((await api.next()).headers['impersonate-user'], 'auditor')
  })

  void test('is read from a token file, without the line break at its end', async (t) => {
    const tokenFile = join(await folder(t), 'token')
    await writeFile(tokenFile, 'one\n')
    const api = await fakeApi(t, json(object))
    const cluster = await connect(t, api.url, { user: { tokenFile } })
    await cluster.get(kinds.pod, ref, t.signal)
    assert.equal((await api.next()).headers.authorization, 'Bearer one')
  })

  void test('is asked of a command once for all requests at a time', async (t) => {
    const log = join(await folder(t), 'log')
    const api = await fakeApi(t, json(object))
    const cluster = await connect(t, api.url, { user: { exec: command(log, 'made') } })
    await Promise.all([1, 2, 3].map(() => cluster.get(kinds.pod, ref, t.signal)))
    assert.equal((await api.next()).headers.authorization, 'Bearer made-1')
    assert.equal(await readFile(log, 'utf8'), 'x')
  })
})

void describe('credentials that change', () => {
  void test('a token that the server refuses is read anew for the next request', async (t) => {
    const tokenFile = join(await folder(t), 'token')
    await writeFile(tokenFile, 'old')
    const api = await fakeApi(t, (got, response) => {
      const good = got.headers.authorization === 'Bearer new'
      json(good ? object : {}, good ? 200 : 401)(got, response)
    })
    const clock = manualClock()
    const cluster = await connect(t, api.url, { user: { tokenFile } }, clock)
    await writeFile(tokenFile, 'new')
    await clock.advance(5_000)
    const get = () => cluster.get(kinds.pod, ref, t.signal)
    await assert.rejects(get(), { code: 'CLUSTER_FORBIDDEN' })
    assert.ok(await get())
    assert.equal(api.got.length, 2)
  })

  void test('so is what a command gave', async (t) => {
    const log = join(await folder(t), 'log')
    const api = await fakeApi(t, (got, response) => {
      json(object, got.headers.authorization === 'Bearer made-2' ? 200 : 401)(got, response)
    })
    const clock = manualClock()
    const cluster = await connect(t, api.url, { user: { exec: command(log, 'made') } }, clock)
    await clock.advance(5_000)
    await assert.rejects(cluster.get(kinds.pod, ref, t.signal), { code: 'CLUSTER_FORBIDDEN' })
    assert.ok(await cluster.get(kinds.pod, ref, t.signal))
  })

  void test('a server that refuses everything does not have them read for each request', async (t) => {
    const file = join(await folder(t), 'config')
    await writeFile(file, kubeconfig('https://x', { user: { token: 't' } }))
    const clock = manualClock()
    let loads = 0
    const who = credentials(() => {
      loads++
      return loadConfig({ kubeconfig: file })
    }, clock)
    for (let i = 0; i < 100; i++) {
      await who.current()
      who.refused()
      await clock.advance(100)
    }
    assert.ok(loads >= 2 && loads <= 3, String(loads))
  })
})

void describe('credentials that cannot be had', () => {
  const rows = [
    {
      name: 'a certificate file is missing',
      user: { 'client-certificate': '/absent/cert', 'client-key': '/absent/key' },
      expected: /ENOENT/,
    },
    { name: 'a token file is missing', user: { tokenFile: '/absent/token' }, expected: /ENOENT/ },
    {
      name: 'a command is missing',
      user: { exec: { command: '/absent/command' } },
      expected: /ENOENT/,
    },
    {
      name: 'a command fails',
      user: {
        exec: {
          command: process.execPath,
          args: ['-e', 'console.error("log in first"); process.exit(1)'],
        },
      },
      expected: /log in first/,
    },
    {
      name: 'a command prints something else',
      user: { exec: { command: process.execPath, args: ['-e', 'console.log("hush-hush")'] } },
      expected: /printed no credential/,
    },
    {
      name: 'a command prints no credential',
      user: { exec: { command: process.execPath, args: ['-e', 'console.log("{}")'] } },
      expected: /printed no credential/,
    },
  ]
  for (const { name, user, expected } of rows) {
    void test(`because ${name} are CLUSTER_CONFIG in one line`, async (t) => {
      const file = join(await folder(t), 'config')
      await writeFile(file, kubeconfig('https://127.0.0.1:1', { user }))
      const opening = openKube({ kubeconfig: file, clock: manualClock(), random: () => 0 })
      await assert.rejects(opening, (error: Error) => {
        assert.match(error.message, expected)
        assert.match(error.message, /credentials of "u"/)
        assert.ok(!/\n|hush-hush/.test(error.message), error.message)
        return 'code' in error && error.code === 'CLUSTER_CONFIG'
      })
    })
  }
})
