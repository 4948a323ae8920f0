import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ebb-lint-'))
const ebb = (
  args: readonly string[],
  input = '',
): { code: number | null; out: string; err: string } => {
  const run = spawnSync(process.execPath, [main, ...args], { cwd: folder, input, encoding: 'utf8' })
  return { code: run.status, out: run.stdout, err: run.stderr }
}
const write = (file: string, text: string): void => writeFileSync(join(folder, file), text)

const good = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: a}
spec:
  scaleTargetRef: {name: a}
  triggers:
    - type: azure-queue
      metadata: {queueName: q, connectionFromEnv: C}
`

after(() => rmSync(folder, { recursive: true }))

void describe('the command ebb lint', () => {
  mkdirSync(join(folder, 'all', '.git'), { recursive: true })
  write('good.yaml', good)
  write('all/bad.yml', good.replace('spec:', 'spec:\n  minReplicaCount: 101'))
  write('all/values.yaml', 'replicas: 3\n')
  write('all/notes.txt', 'no manifest\n')
  write('all/.git/x.yaml', '}')
  write('broken.yaml', 'a: [\n')
  write('picture.yaml', '\0\u0001')

  const rows: readonly (readonly [
    name: string,
    args: readonly string[],
    code: number,
    out: RegExp,
    err: RegExp,
  ])[] = [
    ['good files', ['good.yaml'], 0, /^$/, /1 objects, nothing to complain of/],
    [
      'a folder',
      ['all'],
      1,
      /^all\/bad\.yml:5: spec\.minReplicaCount: minReplicaCount 101 must not be above maxReplicaCount 100\n$/,
      /^$/,
    ],
    ['only warnings', ['warned.yaml'], 0, /^warned\.yaml:8: .*: warning: .*\n$/, /^$/],
    ['what is no YAML', ['broken.yaml'], 1, /^broken\.yaml:2: YAML: /, /^$/],
    [
      'a file that is not there, and the others all the same',
      ['nowhere.yaml', 'all'],
      2,
      /bad\.yml:5/,
      /^ebb: cannot read nowhere\.yaml: there is no such file\n$/,
    ],
    [
      'what is no text',
      ['picture.yaml'],
      2,
      /^$/,
      /^ebb: cannot read picture\.yaml: it is no text\n$/,
    ],
    ['no files', [], 1, /^$/, /missing required argument/],
  ]
  write('warned.yaml', good.replace('connectionFromEnv: C', 'connectionFromEnv: C, odd: x'))
  for (const [name, args, code, out, err] of rows)
    void it(`exits with ${code} on ${name}`, () => {
      const run = ebb(['lint', ...args])
      assert.equal(run.code, code, run.err)
      assert.match(run.out, out)
      assert.match(run.err, err)
    })

  void it('reads from a pipe', () => {
    const run = ebb(['lint', '-'], good.replace('azure-queue', 'unknown'))
    assert.equal(run.code, 1)
    assert.match(
      run.out,
      /^stdin:7: spec\.triggers\[0\]\.type: no scaler for trigger type "unknown"/,
    )
  })

  void it('says the same as JSON', () => {
    const run = ebb(['lint', '--json', 'all'])
    assert.equal(run.code, 1)
    const { message, ...rest } = JSON.parse(run.out)[0]
    assert.match(message, /minReplicaCount 101/)
    assert.deepEqual(rest, {
      file: 'all/bad.yml',
      line: 5,
      kind: 'ScaledObject',
      name: 'a',
      field: 'spec.minReplicaCount',
      weight: 'refused',
      rule: 'incorrect-replicas',
    })
  })
})

void describe('the command ebb schema', () => {
  void it('prints one schema, or all', () => {
    for (const args of [[], ['ScaledJob'], ['scaledobject']]) {
      const run = ebb(['schema', ...args])
      assert.deepEqual([run.code, run.err], [0, ''])
      assert.match(JSON.parse(run.out).$schema, /2020-12/)
    }
  })
  void it('names the kinds there are for one that there is not', () => {
    const run = ebb(['schema', 'Pod'])
    assert.equal(run.code, 1)
    assert.match(run.err, /no schema of Pod; there is one of ScaledObject, ScaledJob/)
  })
})
