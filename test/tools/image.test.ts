import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ebb-image-'))

const lines = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
/** The instructions of each stage. */
const stages = lines.reduce<string[][]>((all, line) => {
  if (line.startsWith('FROM ')) all.push([])
  all.at(-1)?.push(line)
  return all
}, [])

/** What goes to the builder: what .dockerignore leaves of the checkout. */
const context = readFileSync(join(root, '.dockerignore'), 'utf8')
  .split('\n')
  .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))

/** Follows the COPY instructions of a stage into its own folder. */
function copy(stage: readonly string[], into: string, from: (stage: string) => string): void {
  mkdirSync(into, { recursive: true })
  for (const line of stage.filter((each) => each.startsWith('COPY '))) {
    const words = line.split(/\s+/).slice(1)
    const [, other] = /--from=(\S+)/.exec(line) ?? []
    const paths = words.filter((word) => !word.startsWith('--'))
    const to = paths.at(-1) ?? ''
    for (const path of paths.slice(0, -1)) {
      const name = path.replace('/ebb/', '')
      if (other === undefined) assert.ok(context.includes(name), `.dockerignore keeps ${name} out`)
      const target = to.endsWith('/') ? join(into, to, name) : join(into, to)
      cpSync(join(from(other ?? ''), name), target, { recursive: true })
    }
  }
}

const run = (cwd: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    env: { NODE_ENV: 'production', HOME: folder },
  })

describe('the image, its Dockerfile followed by hand', () => {
  after(() => rmSync(folder, { recursive: true }))
  const [building = [], shipped = []] = stages
  const build = join(folder, 'build')
  const image = join(folder, 'image')

  test('builds from the files that it copies', { timeout: 120_000 }, () => {
    copy(building, build, () => root)
    assert.ok(building.some((line) => /^RUN npm ci\b/.test(line)))
    symlinkSync(join(root, 'node_modules'), join(build, 'node_modules'))
    const { scripts } = JSON.parse(readFileSync(join(build, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const [, script = ''] = /^RUN npm run --silent (\S+)$/.exec(building.at(-1) ?? '') ?? []
    const [program, ...args] = (scripts[script] ?? '').split(' ')
    assert.equal(program, 'node')
    const { status, stderr } = run(build, ...args)
    assert.deepEqual([status, stderr], [0, ''])
  })

  test('ships what runs without any package', () => {
    copy(shipped, image, (stage) => (stage === 'build' ? build : root))
    assert.ok(!existsSync(join(image, 'node_modules')))
    const prepared = lines.find((line) => line.startsWith('RUN ['))?.slice('RUN '.length) ?? '[]'
    const [node, ...args] = JSON.parse(prepared) as readonly string[]
    assert.equal(node, 'node')
    assert.equal(run(image, ...args).status, 0)
    const entry = lines.find((line) => line.startsWith('ENTRYPOINT ')) ?? ''
    const [, program = ''] = JSON.parse(entry.slice('ENTRYPOINT '.length)) as readonly string[]
    const version = run(image, program.replace('/ebb/', ''), '--version')
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
    // it comes as far as to look for a cluster
    const started = run(image, program.replace('/ebb/', ''), 'run')
    assert.equal(started.status, 1)
    assert.match(started.stderr, /^ebb: no usable Kubernetes configuration: [^\n]*\n$/)
  })

  test('runs as the user that the Deployment says', () => {
    const [user] = shipped.flatMap((line) => /^USER (\d+):(\d+)$/.exec(line)?.slice(1) ?? [])
    const deployment = readFileSync(join(root, 'manifests/controller/deployment.yaml'), 'utf8')
    assert.ok(deployment.includes(`runAsUser: ${user}\n`))
  })
})
