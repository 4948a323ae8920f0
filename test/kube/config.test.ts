import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { loadConfig, type ConfigOptions } from '../../src/kube/config.ts'
import { folder, kubeconfig } from './fake-api.ts'

interface Home {
  readonly dir: string
  file(name: string, text: string): Promise<string>
  /** The server that the configuration leads to. */
  server(options: ConfigOptions): string | undefined
}

async function home(t: TestContext): Promise<Home> {
  const dir = await folder(t)
  await mkdir(join(dir, '.kube'))
  await mkdir(join(dir, 'account'))
  return {
    dir,
    async file(name, text) {
      const path = join(dir, name)
      await writeFile(path, text)
      return path
    },
    server: (options) => {
      const config = loadConfig({ accountFolder: join(dir, 'account'), env: {}, ...options })
      return config.getCurrentCluster()?.server
    },
  }
}

void describe('where the cluster is', () => {
  void test('is told by the file given, then KUBECONFIG, then the pod, then the home folder', async (t) => {
    const h = await home(t)
    const kubeconfigFile = await h.file('given', kubeconfig('https://given'))
    const KUBECONFIG = await h.file('env', kubeconfig('https://env'))
    await h.file('.kube/config', kubeconfig('https://home'))
    await h.file('account/token', 'token')
    await h.file('account/ca.crt', 'ca')
    const pod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }
    const env = { HOME: h.dir, ...pod, KUBECONFIG }
    assert.equal(h.server({ kubeconfig: kubeconfigFile, env }), 'https://given')
    assert.equal(h.server({ env }), 'https://env')
    assert.equal(h.server({ env: { HOME: h.dir, ...pod } }), 'https://10.0.0.1:443')
    assert.equal(h.server({ env: { HOME: h.dir } }), 'https://home')
  })

  void test('may be an address of IPv6', async (t) => {
    const h = await home(t)
    await h.file('account/token', 'token')
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
    assert.equal(h.server({ env }), 'https://[fd00::1]:6443')
  })

  void test('is in several files as kubectl reads them: the missing passed over, the first name counts', async (t) => {
    const h = await home(t)
    const first = await h.file('first', kubeconfig('https://first'))
    const second = await h.file('second', kubeconfig('https://second').replaceAll('"x"', '"y"'))
    const KUBECONFIG = [join(h.dir, 'absent'), first, second].join(':')
    assert.equal(h.server({ env: { KUBECONFIG } }), 'https://first')
    assert.equal(h.server({ env: { KUBECONFIG }, context: 'y' }), 'https://first')
  })

  void test('may be plain HTTP, as with kubectl proxy', async (t) => {
    const h = await home(t)
    const file = await h.file('proxy', kubeconfig('http://127.0.0.1:8001'))
    assert.equal(h.server({ kubeconfig: file }), 'http://127.0.0.1:8001')
  })
})

void describe('a configuration that cannot be used', () => {
  const rows: readonly [name: string, text: string | undefined, expected: RegExp][] = [
    ['is no file', undefined, /ENOENT/],
    ['is empty', '', /is no kubeconfig/],
    ['is no YAML', 'users: [{name: x, user: {token: hush-hush\n  - }', /./],
    ['is a list', '[]', /is no kubeconfig/],
    [
      'names no context',
      JSON.stringify({ clusters: [], users: [], contexts: [] }),
      /no current context/,
    ],
    [
      'has no such context',
      kubeconfig('https://x').replace('"current-context":"x"', '"current-context":"z"'),
      /no context "z"/,
    ],
    ['has no address', kubeconfig('not an address'), /no valid server address/],
  ]
  for (const [name, text, expected] of rows) {
    void test(`because it ${name} is CLUSTER_CONFIG in one line`, async (t) => {
      const h = await home(t)
      const file = join(h.dir, 'config')
      if (text !== undefined) await h.file('config', text)
      assert.throws(
        () => h.server({ kubeconfig: file }),
        (error: Error) => {
          assert.match(error.message, expected)
          assert.ok(!error.message.includes('\n'), error.message)
          assert.ok(!error.message.includes('hush-hush'), error.message)
          return 'code' in error && error.code === 'CLUSTER_CONFIG'
        },
      )
    })
  }

  void test('because there is none says what to give', async (t) => {
    const h = await home(t)
    assert.throws(() => h.server({ env: { HOME: h.dir } }), {
      code: 'CLUSTER_CONFIG',
      message: /give --kubeconfig or set KUBECONFIG/,
    })
    const KUBECONFIG = join(h.dir, 'absent')
    assert.throws(() => h.server({ env: { KUBECONFIG } }), /none of the files of KUBECONFIG exists/)
  })
})
