import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ownAnnotations } from '../../src/core/annotations.ts'
import { isShadow, modeOf } from '../../src/core/mode.ts'
import { workloadKinds } from '../../src/core/workload-kinds.ts'

const meant = (annotations?: Readonly<Record<string, string>>): unknown[] => [
  modeOf(annotations),
  isShadow(annotations),
]

for (const { name, on, values, form } of ownAnnotations)
  if (on.includes('ScaledObject'))
    test(`${name} of a ScaledObject means something, and no other value does`, () => {
      const [first = form.split(' ').at(-1) ?? ''] = values
      assert.notDeepEqual(meant({ [name]: first }), meant(), first)
      for (const other of values.slice(1)) assert.deepEqual(meant({ [name]: other }), meant())
      if (values.length > 0)
        for (const nothing of ['', 'x', first.toUpperCase(), ` ${first}`])
          assert.deepEqual(meant({ [name]: nothing }), meant(), nothing)
    })

test('every kind of workload can be put in shadow', () => {
  const mode = ownAnnotations.find(({ name }) => name === 'ebb.dev/mode')
  assert.deepEqual(mode?.on, workloadKinds)
})

test('no annotation is spoken of that the table does not have', async () => {
  const known = new Set(ownAnnotations.map(({ name }) => name))
  // a label of ClusterRoles
  known.add('ebb.dev/aggregate-to-controller')
  const root = `${import.meta.dirname}/../../`
  const files = ['README.md', 'CHANGELOG.md', 'docs/**/*.md', 'src/**/*.ts', 'manifests/**/*.yaml']
  let found = 0
  for await (const file of glob(files, { cwd: root })) {
    const text = await readFile(root + file, 'utf8')
    for (const [, name = ''] of text.matchAll(/(?<![\w./-])(ebb\.dev\/[a-z-]+)/g)) {
      found++
      assert.ok(known.has(name), `${file}: ${name}`)
    }
  }
  assert.ok(found > 20)
})
