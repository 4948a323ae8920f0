import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { canStart, startControlPlane } from '../control-plane/start.ts'
import { ofDeployment } from '../support/installed.ts'
import { need } from '../support/need.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(repository, 'README.md'), 'utf8')

/** The commands of its shell blocks and in its text that begin so, of one section. */
function commandsOf(section: string, begin: string): readonly string[] {
  const [, text = ''] = readme.split(`## ${section}\n`)
  const [body = ''] = text.split('\n## ')
  const shown = [...body.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.split(/\n|&&/),
  )
  const named = [...body.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(
    ([, word = '']) => word,
  )
  return [...shown, ...named].map((line) => line.trim()).filter((line) => line.startsWith(begin))
}

test(
  'the steps of the README install Ebb, with the image they built, and an example',
  { timeout: 300_000 },
  async (t) => {
    if (!need(t, await canStart(), 'Go, to build a control plane')) return
    await using plane = await startControlPlane({ pods: true })
    const folder = mkdtempSync(join(tmpdir(), 'ebb-readme-'))
    t.after(() => rmSync(folder, { recursive: true }))
    cpSync(join(repository, 'manifests'), join(folder, 'manifests'), { recursive: true })

    const [build = ''] = commandsOf('Install it on a cluster', 'docker build')
    const [push = ''] = commandsOf('Install it on a cluster', 'docker push')
    const [, image = ''] = /-t (\S+)/.exec(build) ?? []
    assert.ok(push.endsWith(` ${image}`))
    const mine = image.replace('REGISTRY', 'registry.example:5000/team')
    const [, file = ''] = /Name that image in `([^`]+)`/.exec(readme) ?? []
    const deployment = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), deployment.replace('image: ebb\n', `image: ${mine}\n`))

    const applied = commandsOf('Install it on a cluster', 'kubectl apply')
    assert.deepEqual(applied, [
      'kubectl apply --server-side -k manifests',
      'kubectl apply -f manifests/examples/azure-queue.yaml',
    ])
    const [install = '', example = ''] = applied
    const inFolder = (command: string): string[] =>
      command
        .split(' ')
        .slice(1)
        .map((word) => (word.startsWith('manifests') ? join(folder, word) : word))
    await plane.kubectl(...inFolder(install))
    await plane.kubectl('wait', '--for=condition=Established', 'crd', '--all')
    await plane.kubectl('-n', 'ebb', 'rollout', 'status', 'deployment/ebb', '--timeout=120s')
    const running = '{.spec.template.spec.containers[*].image}'
    assert.equal(
      await plane.kubectl('-n', 'ebb', 'get', 'deployment', 'ebb', '-o', `jsonpath=${running}`),
      mine,
    )
    // nobody serves the webhooks here, which must keep nothing out
    await plane.kubectl(...inFolder(example))
    for (const kind of ['scaledobject', 'deployment'])
      assert.notEqual(await plane.kubectl('get', kind, '-o', 'name'), '')

    await t.test('what it says to look at and to take away is there', async () => {
      for (const [what, name] of [
        ['service', 'ebb/ebb'],
        ['deployment', 'ebb/ebb'],
        ['serviceaccount', 'ebb/ebb'],
        ['clusterrolebinding', 'ebb-reads'],
        ['apiservice', 'v1beta1.external.metrics.k8s.io'],
      ] as const) {
        const [first = '', second] = name.split('/')
        const named = second === undefined ? [what, first] : ['-n', first, what, second]
        await plane.kubectl('get', ...named)
      }
      const [, port = ''] = /port-forward -n ebb deployment\/ebb (\d+)/.exec(readme) ?? []
      const ports = '{.spec.template.spec.containers[*].ports[*].containerPort}'
      const open = await ofDeployment(plane, ports)
      assert.ok(open.split(' ').includes(port))
      const from = '{.spec.template.spec.containers[*].envFrom[*].configMapRef.name}'
      const volumes = '{.spec.template.spec.volumes[*].configMap.name}'
      const maps = await ofDeployment(plane, `${from} ${volumes}`)
      assert.deepEqual(maps.split(' '), ['ebb-env', 'ebb-ca'])
      for (const name of maps.split(' ')) assert.ok(readme.includes(`\`${name}\``), name)
    })
  },
)
