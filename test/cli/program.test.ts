import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const empty = mkdtempSync(join(tmpdir(), 'ebb-cli-'))

interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `ebb` where there is no cluster and no demo. */
const ebb = (...args: readonly string[]): Said => ebbWith({}, ...args)

const ebbWith = (variables: Readonly<Record<string, string>>, ...args: readonly string[]): Said => {
  const env = { PATH: process.env['PATH'], HOME: empty, XDG_RUNTIME_DIR: empty, ...variables }
  const run = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' })
  return { code: run.status, out: run.stdout, err: run.stderr }
}

describe('the command line', () => {
  after(() => rmSync(empty, { recursive: true }))

  test('rbac takes a restriction to some Secrets by flag and by variable, as the controller does', () => {
    const file = join(empty, 'objects.yaml')
    const authentication = (name: string): object => ({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'TriggerAuthentication',
      metadata: { name: 'a', namespace: name },
      spec: { secretTargetRef: [{ parameter: 'p', name: `of-${name}`, key: 'k' }] },
    })
    const user = (namespace: string): object => ({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'a', namespace },
      spec: {
        scaleTargetRef: { name: 'a' },
        triggers: [{ type: 'cron', authenticationRef: { name: 'a' } }],
      },
    })
    const objects = ['shop', 'own'].flatMap((name) => [authentication(name), user(name)])
    writeFileSync(file, objects.map((object) => JSON.stringify(object)).join('\n---\n'))
    const command = ['rbac', '-f', file]
    const restricted = ['--restrict-secret-access', '--cluster-object-namespace', 'own']
    const variables = {
      KEDA_RESTRICT_SECRET_ACCESS: 'true',
      KEDA_CLUSTER_OBJECT_NAMESPACE: 'own',
    }
    const [all, byFlag, byVariable] = [
      ebb(...command),
      ebb(...command, ...restricted),
      ebbWith(variables, ...command),
    ]
    assert.deepEqual([all.code, all.err], [0, ''])
    assert.match(all.out, /of-shop/)
    assert.match(byFlag.out, /of-own/)
    assert.doesNotMatch(byFlag.out, /shop/)
    assert.equal(byVariable.out, byFlag.out)
    const wrong = ebbWith({ KEDA_RESTRICT_SECRET_ACCESS: 'yes' }, ...command)
    assert.equal(wrong.code, 1)
    assert.match(wrong.err, /^ebb: .*KEDA_RESTRICT_SECRET_ACCESS must be true or false\S*\n$/)
  })

  test('--version and --help succeed and say nothing on stderr', () => {
    const version = ebb('--version')
    assert.deepEqual([version.code, version.err], [0, ''])
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/)
    const help = ebb('--help')
    assert.deepEqual([help.code, help.err], [0, ''])
    for (const command of ['demo', 'explain', 'lint', 'rbac', 'schema'])
      assert.match(help.out, new RegExp(`^ +${command} `, 'm'))
  })

  for (const [name, args, says] of [
    ['no cluster for rbac', ['rbac'], /no usable Kubernetes configuration/],
    ['no cluster for explain', ['explain', 'a/b'], /no usable Kubernetes configuration/],
    ['no demo to send to', ['demo', 'send', '3'], /no demo is running/],
    ['no demo to explain', ['explain', '--demo', 'a/b'], /no demo is running/],
    ['a name that is none', ['explain', 'orders'], /NAMESPACE\/NAME/],
    ['a count that is none', ['demo', 'send', 'many'], /whole number/],
    [
      'a file that is not there',
      ['rbac', '-f', 'nothing.yaml'],
      /nothing\.yaml: there is no such file/,
    ],
    [
      'a file to apply that is not there',
      ['demo', '--apply', 'nothing.yaml'],
      /there is no such file/,
    ],
    ['options that contradict each other', ['demo', '--once', '--apply', 'x'], /does not go with/],
    ['an unknown command', ['scale'], /unknown command/],
  ] as const) {
    test(`${name}: one line and exit code 1`, () => {
      const { code, out, err } = ebb(...args)
      assert.equal(code, 1)
      assert.equal(out, '')
      assert.match(err, says)
      assert.doesNotMatch(err, /^ +at /m)
      assert.ok(err.trimEnd().split('\n').length <= 2, err)
    })
  }
})
