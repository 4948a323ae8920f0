import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { need } from '../support/need.ts'
import { canStart, type ControlPlane, startControlPlane } from './start.ts'

const go = 'Go, to build a control plane'

const podSpec = (command: string, annotations = {}) => ({
  metadata: { labels: { app: 'sleeper' }, annotations },
  spec: {
    restartPolicy: command === '' ? 'Always' : 'Never',
    containers: [{ name: 'main', image: 'none', command: ['sh', '-c', command] }],
  },
})
const job = (name: string, command: string) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'default' },
  spec: { backoffLimit: 0, template: podSpec(command) },
})

void describe('a control plane with pods and audit', () => {
  let control: ControlPlane | undefined
  before(async () => {
    if (await canStart()) control = await startControlPlane({ pods: true, audit: true })
  })
  after(() => control?.close())
  const given = (t: TestContext): ControlPlane | undefined =>
    need(t, control !== undefined, go) ? control : undefined

  void it('says the version it was built from, so that kubectl and discovery accept it', async (t) => {
    const c = given(t)
    if (!c) return
    assert.match(await c.kubectl('version'), /Server Version: v1\.\d+\.\d+$/m)
  })

  void it('makes the pods of a Deployment Ready, and those that wait only after their time', async (t) => {
    const c = given(t)
    if (!c) return
    const deployment = (name: string, annotations: object) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'default' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'sleeper' } },
        template: podSpec('', annotations),
      },
    })
    await c.apply(JSON.stringify(deployment('quick', {})))
    await c.kubectl('wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/quick')
    await c.apply(JSON.stringify(deployment('slow', { 'fakelet/ready-after': '3s' })))
    await c.kubectl('wait', '--for=jsonpath={.status.replicas}=3', 'deployment/slow')
    const ready = await c.kubectl(
      'get',
      'deployment/slow',
      '-o',
      'jsonpath={.status.readyReplicas}',
    )
    assert.equal(ready, '', 'ready at once although it was told to wait')
    await c.kubectl('wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/slow')
    await c.kubectl('delete', 'deployment', 'quick', 'slow', '--cascade=foreground', '--wait')
  })

  void it('ends Jobs by what their command says', async (t) => {
    const c = given(t)
    if (!c) return
    await c.apply(JSON.stringify(job('good', 'sleep 1')))
    await c.apply(JSON.stringify(job('bad', 'sleep 1; exit 3')))
    await c.kubectl('wait', '--for=condition=Complete', 'job/good')
    await c.kubectl('wait', '--for=condition=Failed', 'job/bad')
  })

  void it('gives a service account no more than its own rights', async (t) => {
    const c = given(t)
    if (!c) return
    await c.kubectl('create', 'serviceaccount', 'nobody')
    const config = await c.tokenKubeconfig('default', 'nobody')
    const refused = await c.tryKubectl('', '--kubeconfig', config, 'get', 'secrets')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /system:serviceaccount:default:nobody.*cannot list/)
    const seen = (await c.audit()).filter((e) => e.user.username.endsWith(':nobody'))
    assert.deepEqual(
      seen.filter((e) => e.objectRef?.resource === 'secrets').map((e) => e.responseStatus?.code),
      [403],
    )
  })

  void it('loses nothing when its API server crashes and comes back', async (t) => {
    const c = given(t)
    if (!c) return
    await c.kubectl('create', 'configmap', 'kept')
    await c.stopApiServer()
    const gone = await c.tryKubectl('', 'get', 'configmap', 'kept')
    assert.match(gone.stderr, /refused/)
    await c.startApiServer()
    assert.match(await c.kubectl('get', 'configmap', 'kept', '-o', 'name'), /kept/)
  })
})

void describe('the end of a control plane', () => {
  void it('leaves no process and no file when the process that started it is killed', async (t) => {
    if (!need(t, await canStart(), go)) return
    const code = `
      import { startControlPlane } from ${JSON.stringify(new URL('start.ts', import.meta.url).href)}
      const c = await startControlPlane()
      console.log(JSON.stringify([c.folder, c.server]))
      setInterval(() => {}, 1000)`
    const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line]: string[] = await once(createInterface({ input: owner.stdout }), 'line')
    const [folder = '', server = ''] = JSON.parse(line ?? '[]')
    assert.ok(existsSync(folder))
    owner.kill('SIGKILL')
    // a killed process may hold its port for a moment longer than its files
    const gone = async (): Promise<boolean> => !existsSync(folder) && !(await isListening(server))
    for (let i = 0; i < 300 && !(await gone()); i++) await delay(100)
    assert.equal(existsSync(folder), false)
    assert.equal(await isListening(server), false)
  })
})

async function isListening(server: string): Promise<boolean> {
  const { hostname, port } = new URL(server)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // refused: nobody is there
    return false
  } finally {
    socket.destroy()
  }
}
