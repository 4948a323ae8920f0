import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const empty = mkdtempSync(join(tmpdir(), 'ebb-cli-'))

/** Runs `ebb` where there is no cluster and no demo. */
const ebb = (...args: readonly string[]): { code: number | null; out: string; err: string } => {
  const env = { PATH: process.env['PATH'], HOME: empty, XDG_RUNTIME_DIR: empty }
  const run = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' })
  return { code: run.status, out: run.stdout, err: run.stderr }
}

describe('the command line', () => {
  after(() => rmSync(empty, { recursive: true }))

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
